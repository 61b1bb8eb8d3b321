"""Sheets as tables of the page: a figure leads to the calls behind it."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.page.asked import Asked
from pbx.reporting.page.behind import Links
from pbx.reporting.page.html import Cell, Page
from pbx.reporting.sheet import Sheet
from pbx.reporting.words.values import word

MOST_ROWS = 60  # of a table; the rest is in the report itself


def some(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """The sheet with these columns."""
    at = {column.name: number for number, column in enumerate(sheet.columns)}
    wanted = [at[name] for name in names]
    rows: list[Sequence[str | int | float | None]] = [[row[number] for number in wanted] for row in sheet.rows]
    return Sheet(sheet.title, [sheet.columns[number] for number in wanted], rows, sheet.notes, sheet.remarks)


def table(page: Page, asked: Asked, sheet: Sheet, links: Links) -> None:
    """The rows with their notes, or a word that there are none."""
    if not sheet.rows:
        page.say(asked.text("none"))
        return
    rows: list[list[Cell]] = []
    links.begin()
    for row in sheet.rows[:MOST_ROWS]:
        cells: list[Cell] = []
        for column, value in zip(sheet.columns, row, strict=True):
            shown = asked.text("all") if value == "all" else asked.cell(value, column.unit)
            shown = word(column.name, shown, asked.language)
            anchor = links.anchor(sheet, column, row) if value else ""
            cells.append((shown, anchor) if anchor else shown)
        rows.append(cells)
    page.table([column.heading for column in sheet.columns], rows)
    if len(sheet.rows) > MOST_ROWS:
        page.say(asked.text("more_rows", count=asked.count(len(sheet.rows) - MOST_ROWS)), "note")
    for line in sheet.below.split("\n"):
        if line:
            page.say(line, "note")
