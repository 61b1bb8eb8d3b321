"""Sheets as tables of the page: a figure leads to the calls behind it."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.page.asked import Asked
from pbx.reporting.page.behind import Links
from pbx.reporting.page.html import Cell, Page
from pbx.reporting.sheet import Column, Sheet, Value
from pbx.reporting.words.values import word

INTERVAL = "95 %"
MOST_ROWS = 60  # of a table; the rest is in the report itself


def some(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """The sheet with these columns."""
    at = {column.name: number for number, column in enumerate(sheet.columns)}
    wanted = [at[name] for name in names]
    rows: list[Sequence[str | int | float | None]] = [[row[number] for number in wanted] for row in sheet.rows]
    return Sheet(sheet.title, [sheet.columns[number] for number in wanted], rows, sheet.notes, sheet.remarks)


def _ranges(sheet: Sheet) -> set[int]:
    """Where the lower end of an interval stands, its upper end behind it: they are one column."""
    names = [column.name for column in sheet.columns]
    ends = [one.removesuffix("_low") + "_high" for one in names]
    return {at for at, end in enumerate(ends[:-1]) if names[at].endswith("_low") and names[at + 1] == end}


def _range(asked: Asked, column: Column, low: Value, high: Value) -> str:
    ends = [asked.cell(value, column.unit) for value in (low, high)]
    return ends[0] if ends[0] == ends[1] else " … ".join(ends)


def table(page: Page, asked: Asked, sheet: Sheet, links: Links) -> None:
    """The rows with their notes, or a word that there are none."""
    if not sheet.rows:
        page.say(asked.text("none"))
        return
    rows: list[list[Cell]] = []
    ranges = _ranges(sheet)
    links.begin()
    for row in sheet.rows[:MOST_ROWS]:
        cells: list[Cell] = []
        for at, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            if at - 1 in ranges:
                continue
            if at in ranges:
                cells.append(_range(asked, column, value, row[at + 1]))
                continue
            shown = asked.text("all") if value == "all" else asked.cell(value, column.unit)
            shown = word(column.name, shown, asked.language)
            anchor = links.anchor(sheet, column, row) if value else ""
            cells.append((shown, anchor) if anchor else shown)
        rows.append(cells)
    headings = [INTERVAL if at in ranges else one.heading for at, one in enumerate(sheet.columns)]
    page.table([one for at, one in enumerate(headings) if at - 1 not in ranges], rows)
    if len(sheet.rows) > MOST_ROWS:
        page.say(asked.text("more_rows", count=asked.count(len(sheet.rows) - MOST_ROWS)), "note")
    for line in sheet.below.split("\n"):
        if line:
            page.say(line, "note")
