"""Figures per interval: each row is what the report says of its interval alone, and counts add up to the period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build
from pbx.ledger.terms import Terms
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import days
from pbx.reporting.per.grid import grid_of
from pbx.reporting.per.one import one_of
from pbx.reporting.per.splits import PER
from pbx.reporting.per.step import Step
from pbx.reporting.registry import REPORTS, sheets
from pbx.reporting.request import Request
from pbx.reporting.sheet import Measure, Sheet, Unit, Value
from pbx.store.database import reader_engine, writer_engine
from tests.pbx.reporting.enriched import enrich
from tests.pbx.reporting.opening import check

WARSAW = ZoneInfo("Europe/Warsaw")
THREE = days(date(2026, 11, 20), 3, WARSAW)
DAY_US = 86_400_000_000
ASKED = Request(
    THREE,
    WARSAW,
    THREE.end_us + 9 * DAY_US,
    thresholds={"hotline": (20.0, 5.0), "support": (33.0, 5.0)},
    money=Terms("PLN"),
)
# Whose sums are of people or of costs that are divided within the period: an interval's are not a part of them.
OWN = {"interval", "from", "to", "days", "part"}
NO_PARTS = {
    ("money", "unique_callers"), ("campaigns", "*"),
    # a wish, a week or a visit may begin in one interval and end in another
    ("pools", "*"), ("reveals", "*"),
}  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Three days of demo calls, with everything else that there is at random."""
    path = tmp_path_factory.mktemp("per") / "centrala.db"
    build(path, Year(Agency(inbound=1500, outbound=300), last=date(2026, 11, 20), days=3, seed=2))
    url = URL.create("sqlite", database=str(path))
    for engine, change in ((writer_engine(url), True), (reader_engine(url), False)):
        with engine.begin() as connection:
            if change:
                enrich(connection, seed=5)
            else:
                yield connection
        engine.dispose()


def keys_of(sheet: Sheet, name: str) -> list[str]:
    given = PER[name].keys
    if given:
        return list(given)
    texts = []
    for column in sheet.columns:
        if column.unit is not Unit.TEXT:
            break
        texts.append(column.name)
    return texts


def by_key(sheet: Sheet, keys: list[str]) -> dict[tuple[Value, ...], dict[str, Value]]:
    rows = [dict(zip((one.name for one in sheet.columns), row, strict=True)) for row in sheet.rows]
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found


def same(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9)
    return one == other


@pytest.mark.parametrize("name", PER)
def test_a_row_is_what_the_report_says_of_its_interval(full: Connection, name: str) -> None:
    """And an interval that has no row of a key has counts of zero, and no share of nothing."""
    made = sheets(full, name, replace(ASKED, per=Step.DAY))
    grid = grid_of(THREE, Step.DAY, WARSAW, ASKED.now_us)
    solid = 0
    for number, sheet in enumerate(made):
        alone = [sheets(full, name, replace(ASKED, period=cell.interval))[number] for cell in grid.cells]
        keys = keys_of(alone[0], name)
        told = by_key(sheet, ["interval", *keys])
        assert len(told) % 3 == 0
        left = dict(told)
        for cell, single in zip(grid.cells, alone, strict=True):
            for key, row in by_key(single, keys).items():
                mine = left.pop((cell.name, *key))
                for column, value in row.items():
                    assert column == "interval" or same(mine[column], value), (name, key, column, mine[column], value)
                solid += 1
        for key, row in left.items():  # of a report of one key, it is all of them too
            assert "all" in key or not any(row[one.name] for one in sheet.columns if one.name not in (*OWN, *keys))
            assert "all" in key or not any(row[one.name] == 0.0 for one in sheet.columns if one.unit is Unit.SHARE)
    assert solid or name in ("pools", "reveals")


@pytest.mark.parametrize("name", PER)
def test_counts_of_the_parts_give_the_whole(full: Connection, name: str) -> None:
    finest = max(PER[name].steps[0], Step.HOUR, key=lambda step: step.rank)
    for step in {finest, *(one for one in PER[name].steps if one.folds)}:
        whole = sheets(full, name, ASKED)
        parts = sheets(full, name, replace(ASKED, per=step))
        for one, sheet in zip(whole, parts, strict=True):
            keys = keys_of(one, name)
            told = by_key(one, keys)
            for column in one.columns:
                if (
                    not column.formula
                    or column.measured not in (Measure.COUNT, Measure.SUM)
                    or column.unit is Unit.MONEY
                ):
                    continue
                if {(name, column.name), (name, "*")} & NO_PARTS:
                    continue
                sums: dict[tuple[Value, ...], float] = {}
                for row in by_key(sheet, ["interval", *keys]).values():
                    key = tuple(row[each] for each in keys)
                    sums[key] = sums.get(key, 0.0) + float(row[column.name] or 0)
                for key, row in told.items():
                    assert sums[key] == pytest.approx(float(row[column.name] or 0)), (name, step, column.name, key)


@pytest.mark.parametrize("name", sorted({*PER} - {"pools", "reveals"}))
def test_a_figure_of_an_interval_opens_to_what_happened_in_it(full: Connection, name: str) -> None:
    """Of one day and, where days may be put together, of one weekday and one hour, by the names that the rows have."""
    solid = 0
    for step, wanted in ((Step.DAY, "2026-11-19"), (Step.WEEKDAY, "4"), (Step.HOUR_OF_DAY, "10")):
        if step not in PER[name].steps:
            continue
        period, fold = one_of(THREE, step.value, wanted, WARSAW, ASKED.now_us)
        for sheet in sheets(full, name, replace(ASKED, per=step)):
            mine = replace(sheet, rows=[row for row in sheet.rows if row[0] == wanted])
            assert mine.rows
            solid += check(full, mine, replace(ASKED, period=period), fold)
    formulas = {column.formula for sheet in sheets(full, name, ASKED) for column in sheet.columns if column.formula}
    assert formulas <= set(FIGURES)
    assert bool(solid) == bool(formulas)
    assert REPORTS[name].data("en")["per"][0] == PER[name].steps[0].value
