"""A sheet as a table for the terminal. Imports rich: for the command line, never for the serving process."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pbx.reporting.export import plain
from pbx.reporting.sheet import Sheet, Unit, Value
from pbx.reporting.table import NONE, duration, percent


def sheet_table(sheet: Sheet) -> RenderableType:
    """The rows, and the notes below them."""
    table = Table(title=escape(sheet.title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in sheet.columns:
        if column.unit is Unit.TEXT:
            table.add_column(column.title, overflow="fold")
        else:
            table.add_column(column.title, justify="right", no_wrap=True)
    for row in sheet.rows:
        table.add_row(*(_cell(value, column.unit) for value, column in zip(row, sheet.columns, strict=True)))
    return Group(table, Text(sheet.below, style="dim")) if sheet.below else table


def _cell(value: Value, unit: Unit) -> Text:
    if value is None:
        return Text(NONE)
    if isinstance(value, str):
        return Text(plain(value))
    if unit is Unit.SHARE:
        return Text(percent(value))
    if unit is Unit.MONEY:
        return Text(f"{value:,.2f}")
    return Text(duration(value) if unit is Unit.SECONDS else f"{value:g}")
