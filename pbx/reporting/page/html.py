"""One HTML file with everything in it: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pbx.reporting.page.written import written

STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;color:#1c2733;background:#fff;margin:0 auto;
max-width:62rem;padding:1.5rem}h1{font-size:1.7rem;margin:0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem}p{margin:.4rem 0}
.lead{color:#44525f}.demo{background:#fff3cd;border:1px solid #b58900;padding:.5rem .8rem;border-radius:.3rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(12.5rem,1fr));
gap:.7rem;margin:1rem 0;padding:0;list-style:none}.tiles li{border:1px solid #dde3ea;
border-radius:.4rem;padding:.5rem .9rem}.tiles b{display:block;white-space:nowrap;font-size:1.35rem;line-height:1.2}
.tiles span{color:#44525f;font-size:.85rem}figure{overflow-x:auto}svg{width:100%;min-width:34rem;height:auto;
display:block;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem}th{text-align:right;border-bottom:2px solid #8793a0;
font-weight:600}td{text-align:right;border-bottom:1px solid #dde3ea;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem}td{white-space:nowrap}
td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:5rem}
table:not(.wide) td:first-child{min-width:7.5rem}
th:first-child,td:first-child{text-align:left}.note{color:#44525f;font-size:.85rem}
.room{overflow-x:auto}.wide{font-size:.78rem}.wide th,.wide td{padding:.2rem .3rem}
td a{color:inherit;text-decoration-color:#8793a0}details{margin:.3rem 0}summary{cursor:pointer}
details:target{outline:2px solid #2166ac}details:target>summary{font-weight:600}
ol{margin:.4rem 0;padding-left:1.4rem}
a:focus-visible,summary:focus-visible,figure:focus-visible{outline:2px solid #2166ac}
@media (max-width:40rem){body{padding:1rem}.tiles{grid-template-columns:1fr 1fr}
svg{min-width:46rem}h1{font-size:1.4rem}}
@media screen and (prefers-color-scheme:dark){body{background:#11161c;color:#dfe6ee}
.lead,.note,.tiles span{color:#a9b6c3}
.tiles li,td{border-color:#38434f}.demo{background:#3d3100;border-color:#b58900}
svg{filter:invert(.93) hue-rotate(180deg)}
details:target,a:focus-visible,summary:focus-visible,figure:focus-visible{outline-color:#7db4e6}}
@media print{@page{size:A4;margin:12mm}body{max-width:none;padding:0;font-size:11px;print-color-adjust:exact}
h2{break-after:avoid}svg,tr{break-inside:avoid}svg{min-width:0}.room,figure{overflow:visible}
th,td{padding:.15rem .25rem;overflow-wrap:anywhere}td{white-space:normal}table{font-size:.9rem}.wide{font-size:.72rem}}
""".replace("\n", "")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


WIDE = 9  # columns from which on a table is set smaller
Cell = str | tuple[str, str]


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{written(cell)}</td>"
    text, anchor = cell
    return f'<td><a href="#{written(anchor, quote=True)}">{written(text)}</a></td>'


@dataclass(slots=True)
class Page:
    """Sections in the order in which they are added."""

    title: str
    language: str
    _parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self._parts.append(f"<h2>{written(text)}</h2>")

    def say(self, text: str, kind: str = "") -> None:
        mark = f' class="{kind}"' if kind else ""
        self._parts.append(f"<p{mark}>{written(text)}</p>")

    def tiles(self, tiles: Sequence[tuple[str, str]]) -> None:
        """(figure, what it is)"""
        found = "".join(f"<li><b>{written(figure)}</b><span>{written(what)}</span></li>" for figure, what in tiles)
        self._parts.append(f'<ul class="tiles">{found}</ul>')

    def listed(self, texts: Sequence[str]) -> None:
        """An ordered list."""
        self._parts.append("<ol>" + "".join(f"<li>{written(text)}</li>" for text in texts) + "</ol>")

    def place(self) -> int:
        """Where the next part comes."""
        return len(self._parts)

    def move(self, since: int, to: int) -> None:
        """What was added from place `since` on comes at place `to`: what is on top may be known last."""
        self._parts[to:] = [*self._parts[since:], *self._parts[to:since]]

    def picture(self, svg: str) -> None:
        self._parts.append(f"<figure style='margin:0' tabindex='0'>{svg}</figure>")

    def folded(self, anchor: str, title: str, note: str, rows: Sequence[Sequence[str]]) -> None:
        """A table that is opened when it is wanted."""
        body = "".join("<tr>" + "".join(f"<td>{written(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        self._parts.append(
            f'<details id="{written(anchor, quote=True)}"><summary>{written(title)}</summary>'
            f"<p class='note'><code>{written(note)}</code></p><table><tbody>{body}</tbody></table></details>"
        )

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A cell is a text, or a text and where it leads to within the page."""
        head = "".join(f'<th scope="col">{written(column)}</th>' for column in columns)
        body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
        wide = ' class="wide"' if len(columns) > WIDE else ""
        self._parts.append(
            f"<div class='room'><table{wide}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def html(self) -> str:
        return (
            f'<!doctype html>\n<html lang="{written(self.language, quote=True)}"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{written(self.title)}</title><style>{STYLE}</style></head><body><main>"
            f"<h1>{written(self.title)}</h1>\n" + "\n".join(self._parts) + "\n</main></body></html>\n"
        )
