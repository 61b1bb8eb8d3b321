"""A sheet as a table for the terminal. Imports rich: for the command line, never for the serving process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pbx.reporting.csv_text import plain
from pbx.reporting.page.texts import TEXTS
from pbx.reporting.per.bars import seen
from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.reporting.table import NONE, duration, percent
from pbx.reporting.words.numbers import figure, seconds
from pbx.reporting.words.values import word

if TYPE_CHECKING:
    from pbx.config import Language

KEYS = 3  # columns of text at the beginning that each part repeats; of more the first alone
SHORT_TITLE = 9  # characters of a heading that stays on its line: "≤ 28 s"
GAP = 3  # between two columns
TEXT_WIDTH = 18  # characters that a text is folded at, where the table does not fit


def sheet_table(sheet: Sheet, language: Language = "en") -> RenderableType:
    """The rows, and the notes below them."""
    if not sheet.rows:
        return Group(Text(sheet.title), Text(TEXTS[language]["none"], style="dim"))
    table = _Fitting(_lean(seen(sheet)), language)
    return Group(table, Text(sheet.below, style="dim")) if sheet.below else table


def _lean(sheet: Sheet) -> Sheet:
    """Without texts and rare counts that no row has, and without the period where the title says it."""
    kept = []
    for at, column in enumerate(sheet.columns):
        values = {str(row[at] or "") for row in sheet.rows}
        empty = at and (column.unit is Unit.TEXT or column.rare) and values == {""}
        said = column.name == "interval" and len(values) == 1 and min(values).replace(" to ", " – ") in _period(sheet)
        if not empty and not said:
            kept.append(at)
    rows: list[Sequence[Value]] = [[row[at] for at in kept] for row in sheet.rows]
    return replace(sheet, columns=[sheet.columns[at] for at in kept], rows=rows)


def _period(sheet: Sheet) -> str:
    return sheet.title.replace(" to ", " – ")


class _Fitting:
    """A table of a sheet. Where the terminal is too narrow it is several, one below the other, each with the first
    texts: rich alone would cut figures off and leave texts no room at all.
    """

    def __init__(self, sheet: Sheet, language: Language) -> None:
        self._sheet = sheet
        self._cells = [
            [_cell(_said(row[index], column, language), column.unit, language) for row in sheet.rows]
            for index, column in enumerate(sheet.columns)
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        title = escape(self._sheet.title)
        every = list(range(len(self._sheet.columns)))
        if sum(self._width(index, whole=True) for index in every) <= options.max_width:
            yield self._table(title, every, fold=False)
            return
        for part in self._parts(options.max_width):
            yield self._table(title, part, fold=True)
            title = ""

    def _parts(self, width: int) -> list[list[int]]:
        """Which columns stand in which table of `width` characters."""
        every = list(range(len(self._sheet.columns)))
        keys = next((index for index in every if self._sheet.columns[index].unit is not Unit.TEXT), 1)
        keys = keys if keys <= KEYS else 1
        left = width - sum(self._width(index) for index in every[:keys])
        parts: list[list[int]] = []
        room = 0
        for index in every[keys:]:
            if not parts or self._width(index) > room:
                parts.append(every[:keys])
                room = left
            parts[-1] = [*parts[-1], index]
            room -= self._width(index)
        return parts or [every]

    def _width(self, index: int, *, whole: bool = False) -> int:
        """Characters that a column needs, its padding among them; `whole`: without folding its texts."""
        column = self._sheet.columns[index]
        texts = [*column.title.split("\n"), *(str(cell) for cell in self._cells[index])]
        if column.unit is not Unit.TEXT and not whole:
            texts[:1] = column.title.split() if len(column.title) > SHORT_TITLE else [column.title]
        longest = max(map(len, texts), default=0)
        return GAP + (longest if whole or column.unit is not Unit.TEXT else min(longest, TEXT_WIDTH))

    def _table(self, title: str, columns: Sequence[int], *, fold: bool) -> Table:
        table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for index in columns:
            column = self._sheet.columns[index]
            width = self._width(index) - GAP if fold else None
            if column.unit is Unit.TEXT:
                table.add_column(column.title, overflow="fold", width=width)
            else:
                table.add_column(Text(column.title, no_wrap=False), justify="right", no_wrap=True, width=width)
        for row in range(len(self._sheet.rows)):
            table.add_row(*(self._cells[index][row] for index in columns))
        return table


def _said(value: Value, column: Column, language: Language) -> Value:
    """A word of ours as people read it."""
    return word(column.name, value, language) if isinstance(value, str) else value


def _cell(value: Value, unit: Unit, language: Language) -> Text:
    if value is None:
        return Text(NONE)
    if isinstance(value, str):
        return Text(plain(value))
    if unit is Unit.SHARE:
        return Text(figure(percent(value), language))
    if unit is Unit.MONEY:
        return Text(figure(f"{value:,.2f}", language))
    if unit is Unit.SECONDS:
        return Text(seconds(duration(value), language))
    return Text(figure(f"{value:,}" if isinstance(value, int) else f"{value:,g}", language))
