"""A waterfall: what leads from one count to another, step by step. Plain SVG, as all pictures of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pbx.reporting.page.svg import COLOURS, FAINT, FONT, GRID, INK

HEIGHT, LEFT, RIGHT, TOP = 26, 330, 880, 12


@dataclass(frozen=True, slots=True)
class Fall:
    """A step: `change` is below zero where it leads down."""

    name: str
    change: int


def waterfall(title: str, description: str, start: tuple[str, int], falls: Sequence[Fall], end: tuple[str, int]) -> str:
    """From `start` (name, count) by `falls` to `end`, from top to bottom. The sum is checked: a picture cannot lie."""
    if start[1] + sum(fall.change for fall in falls) != end[1]:
        raise ValueError(f"{start[1]} and the steps do not make {end[1]}")
    levels = [start[1]]
    for fall in falls:
        levels.append(levels[-1] + fall.change)
    most = max(*levels, 1)
    parts = [_bar(0, start[0], 0, start[1], str(start[1]), FAINT, most)]
    for at, fall in enumerate(falls, 1):
        low, high = sorted((levels[at - 1], levels[at]))
        colour = COLOURS[1] if fall.change < 0 else COLOURS[0]
        parts.append(_link(at, levels[at - 1], most))
        parts.append(_bar(at, fall.name, low, high, f"{fall.change:+d}", colour, most))
    last = len(falls) + 1
    parts.append(_link(last, end[1], most))
    parts.append(_bar(last, end[0], 0, end[1], str(end[1]), FAINT, most))
    bottom = TOP + (last + 1) * HEIGHT + 8
    head = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 960 {bottom}' role='img' "
        f"aria-label='{escape(title, quote=True)}' {FONT}>{head}{''.join(parts)}</svg>"
    )


def _x(level: float, most: float) -> float:
    return LEFT + (RIGHT - LEFT) * level / most


def _bar(row: int, name: str, low: int, high: int, text: str, colour: str, most: int) -> str:
    y = TOP + row * HEIGHT
    left, right = _x(low, most), _x(high, most)
    told = escape(f"{name}: {text}")
    return (
        f"<text x='{LEFT - 10}' y='{y + 16}' text-anchor='end' font-size='12' fill='{INK}'>{escape(name)}</text>"
        f"<rect x='{left:.1f}' y='{y + 3}' width='{max(right - left, 1):.1f}' height='{HEIGHT - 8}' fill='{colour}'>"
        f"<title>{told}</title></rect>"
        f"<text x='{right + 6:.1f}' y='{y + 16}' font-size='12' fill='{INK}'>{escape(text)}</text>"
    )


def _link(row: int, level: int, most: int) -> str:
    """From the bar above to this one, at the level that both share."""
    x, y = _x(level, most), TOP + row * HEIGHT
    return f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y - 5}' y2='{y + 3}' stroke='{GRID}' stroke-width='2'/>"
