"""What people see of a sheet of intervals: without the columns that are for machines, with a bar beside the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pbx.reporting.per.course import OWN
from pbx.reporting.sheet import Column, Sheet, Unit, Value

WIDTH = 8  # characters
_EIGHTHS = " ▏▎▍▌▋▊▉"
_OWN = {column.name for column in OWN}


def seen(sheet: Sheet) -> Sheet:
    """The sheet as a table shows it; one without intervals is as it was."""
    if not sheet.bar and all(column.shown for column in sheet.columns):
        return sheet
    kept = [at for at, column in enumerate(sheet.columns) if column.shown]
    columns = [sheet.columns[at] for at in kept]
    rows: list[Sequence[Value]] = [[row[at] for at in kept] for row in sheet.rows]
    if sheet.bar:
        behind = next(at for at, column in enumerate(columns) if column.name == sheet.bar) + 1
        columns.insert(behind, Column("bar", "", Unit.TEXT))
        rows = [[*row[:behind], bar, *row[behind:]] for row, bar in zip(rows, _bars(sheet), strict=True)]
    return replace(sheet, columns=columns, rows=rows, bar="")


def bar(value: float, most: float) -> str:
    """As long as the value is among values of at most `most`; what is not zero can be seen."""
    eighths = round(value / most * WIDTH * 8) if most else 0
    full, rest = divmod(max(eighths, 1 if value else 0), 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _bars(sheet: Sheet) -> list[str]:
    """Of each row, by the greatest row with the same names: all queues are not in the scale of one."""
    drawn = next(at for at, column in enumerate(sheet.columns) if column.name == sheet.bar)
    names = [at for at, one in enumerate(sheet.columns[:drawn]) if one.unit is Unit.TEXT and one.name not in _OWN]
    values = [_number(row[drawn]) for row in sheet.rows]
    most: dict[tuple[Value, ...], float] = {}
    keys = [tuple(row[at] for at in names) for row in sheet.rows]
    for key, value in zip(keys, values, strict=True):
        most[key] = max(most.get(key, 0.0), value)
    return [bar(value, most[key]) for key, value in zip(keys, values, strict=True)]


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
