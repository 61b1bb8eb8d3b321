"""Tables that can be read: as wide as they need to be in a file or a pipe, folded between words in a narrow window, and
a block of lines for each row where there is no room for columns.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import repeat

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pbx.reporting.csv_text import plain

FRAME = 3  # columns of the window that a column costs beside its text
LEAST = 12  # to which a column of words may be folded
Rows = Sequence[Sequence[str]]


def show_table(out: Console, title: str, columns: Sequence[str], rows: Rows) -> None:
    """The rows, whatever the window is, without what a terminal would obey: strangers wrote some of it."""
    rows = [["\n".join(map(plain, cell.split("\n"))) for cell in row] for row in rows]
    natural = widths_of(columns, rows)
    if is_piped(out):
        _print(out, title, columns, rows, natural, _total(natural))
        return
    if _total(natural) > out.width:
        columns, rows = _without_empty(columns, rows)
        natural = widths_of(columns, rows)
    widths = folded(natural, _longest_words(columns, rows), out.width)
    if widths is None:
        _blocks(out, title, columns, rows)
    else:
        _print(out, title, columns, rows, widths, out.width)


def is_piped(out: Console) -> bool:
    """Whether there is no window: a file, a pipe, another program."""
    return not out.is_terminal and "COLUMNS" not in os.environ


def roomy(out: Console, width: int) -> Console:
    """`out` with room for `width` characters in a line, where it has less."""
    if width <= out.width:
        return out
    return Console(file=out.file, width=width, force_terminal=out.is_terminal, color_system=None)


def widths_of(columns: Sequence[str], rows: Rows) -> list[int]:
    """Of each column, without folding."""
    return [max(cell_len(name), *(cell_len(row[at]) for row in rows)) for at, name in enumerate(columns)]


def folded(natural: Sequence[int], words: Sequence[int], width: int) -> list[int] | None:
    """The widths that fit into `width`: the widest are folded, none within a word; None when they cannot."""
    found = list(natural)
    least = [min(one, max(word, min(one, LEAST))) for one, word in zip(natural, words, strict=True)]
    excess = _total(found) - width
    while excess > 0:
        at = max(range(len(found)), key=lambda each: (found[each] > least[each], found[each]))
        if found[at] <= least[at]:
            return None
        found[at] -= 1
        excess -= 1
    return found


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + FRAME * len(widths) + 1


def _longest_words(columns: Sequence[str], rows: Rows) -> list[int]:
    """Of each column: shorter than that it would be cut within a word."""

    def longest(text: str) -> int:
        return max(map(cell_len, text.split()), default=0)

    return [max(longest(name), *(longest(row[at]) for row in rows)) for at, name in enumerate(columns)]


def _without_empty(columns: Sequence[str], rows: Rows) -> tuple[list[str], list[list[str]]]:
    """Columns in which no row says anything are left out."""
    kept = [at for at in range(len(columns)) if at == 0 or any(row[at] for row in rows)]
    return [columns[at] for at in kept], [[row[at] for at in kept] for row in rows]


def _print(out: Console, title: str, columns: Sequence[str], rows: Rows, widths: Sequence[int], width: int) -> None:
    table = Table(title=Text(title), title_justify="left")
    for name, each in zip(columns, widths, strict=True):
        table.add_column(Text(name), width=each, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    roomy(out, max(width, _total(widths))).print(table)


def _blocks(out: Console, title: str, columns: Sequence[str], rows: Rows) -> None:
    out.print(Text(title, style="italic"))
    edge = max(map(cell_len, columns[1:]), default=0)
    for row in rows:
        out.print(Text(row[0] or "-", style="bold"), soft_wrap=True)
        for name, text in zip(columns[1:], row[1:], strict=True):
            if text:
                lines = Text(text).wrap(out, max(out.width - edge - 4, 10), overflow="fold")
                for head, line in zip([name, *repeat("", len(lines) - 1)], lines, strict=True):
                    blank = " " * (edge - cell_len(head) + 2)
                    out.print(Padding(Text.assemble((head, "dim"), blank, line), (0, 0, 0, 2)))
