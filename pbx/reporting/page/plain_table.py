"""A sheet as a part of a page that has no lists of calls."""

from __future__ import annotations

from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.per.bars import seen
from pbx.reporting.sheet import Sheet
from pbx.reporting.words.values import word


def sheet_part(page: Page, asked: Asked, sheet: Sheet) -> None:
    """Title, rows, notes."""
    page.heading(sheet.title)
    sheet = seen(sheet)
    rows = [
        [
            word(column.name, asked.cell(value, column.unit), asked.language)
            for value, column in zip(row, sheet.columns, strict=True)
        ]
        for row in sheet.rows
    ]
    if rows:
        page.table([column.heading for column in sheet.columns], rows)
    else:
        page.say(asked.text("none"))
    for line in filter(None, sheet.below.split("\n")):
        page.say(line, "note")
