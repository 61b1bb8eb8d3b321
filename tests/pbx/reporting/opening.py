"""Counts the rows behind a figure by the figure's own rule."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from pbx.reporting.behind import MOST, Facts, Row, Selector, behind, opened
from pbx.reporting.formulas import FIGURES
from pbx.reporting.per.one import Fold
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Value


def rows_behind(connection: Connection, selector: Selector, asked: Request, known: Facts | None = None) -> list[Row]:
    """All of them, page after page; every page says the same counts."""
    rows: list[Row] = []
    cursor = ""
    while True:
        found = behind(connection, selector, asked, limit=MOST, cursor=cursor, known=known)
        rows += found.rows
        cursor = found.next
        if not cursor:
            break
    assert len(rows) == found.whole
    assert sum(row.counted for row in rows) == found.part
    assert [row.at_us for row in rows] == sorted((row.at_us for row in rows), reverse=True)
    return rows


def measured(measure: Measure, rows: Sequence[Row]) -> float | None:
    """The figure; None for one that there are no rows for."""
    counted = [row for row in rows if row.counted]
    values = sorted(row.value for row in counted if row.value is not None)
    every = [row.value or 0.0 for row in rows]
    if measure in (Measure.COUNT, Measure.SUM):
        return float(len(counted)) if measure is Measure.COUNT else math.fsum(values)
    if measure is Measure.SHARE:
        return len(counted) / len(rows) if rows else None
    if measure is Measure.RATIO:
        return math.fsum(values) / math.fsum(every) if math.fsum(every) else None
    if measure is Measure.QUOTIENT:
        below = math.fsum(row.value or 0.0 for row in rows if not row.counted)
        return math.fsum(values) / below if below else None
    if measure is Measure.EACH:
        return math.fsum(every) / len(counted) if counted else None
    if not values:
        return None
    if measure in (Measure.P50, Measure.P90):
        wanted = 0.5 if measure is Measure.P50 else 0.9
        return values[max(0, math.ceil(wanted * len(values)) - 1)]
    means = {Measure.MEAN: statistics.fmean, Measure.MAX: max, Measure.MEDIAN: statistics.median}
    return means[measure](values)


def cells(sheet: Sheet) -> Iterator[tuple[Column, Sequence[Value], Value]]:
    """Each figure of a sheet that can be opened, with its row."""
    for row in sheet.rows:
        for column, value in zip(sheet.columns, row, strict=True):
            if column.formula and column.measured is not Measure.CURVE:
                yield column, row, value


def check(connection: Connection, sheet: Sheet, asked: Request, fold: Fold | None = None) -> int:
    """Each figure of the sheet is what its rows say; how many there were that are not empty."""
    solid, known = 0, Facts()
    for column, row, value in cells(sheet):
        filters = opened(FIGURES[column.formula], sheet.columns, row)
        selector = Selector(column.formula, asked.period, filters, fold)
        found = measured(column.measured, rows_behind(connection, selector, asked, known))
        where = (sheet.title, column.name, filters)
        if not value:
            assert not found, (where, found)
            continue
        assert isinstance(value, int | float)
        assert found is not None, where
        assert math.isclose(found, value, rel_tol=1e-6, abs_tol=2e-6), (where, value, found)
        solid += 1
    return solid
