"""The same worlds in other databases and files; and parts that add up to the whole."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from pbx.ledger.terms import Terms
from pbx.reporting.analytics.export import export
from pbx.reporting.analytics.figures import Files
from pbx.reporting.behind import Selector, behind
from pbx.reporting.calls_by import BY as BY_CALLS
from pbx.reporting.intervals import Interval, day, hours
from pbx.reporting.per.one import one_of
from pbx.reporting.per.splits import PER
from pbx.reporting.per.step import Step
from pbx.reporting.queues_by import BY
from pbx.reporting.registry import KINDS, sheets
from pbx.reporting.request import Request
from pbx.reporting.sheet import Measure, Sheet
from pbx.store import schema
from pbx.store.rebuild import rebuild
from tests.pbx.reporting.oracle.stories import LIMITS
from tests.pbx.reporting.test_oracle import NOW_US, PERIODS, SUNDAY, WARSAW, WHOLE, telling
from tests.support.postgres import Server, binaries

NOTHING: Mapping[str, str] = {}
Cells = dict[tuple[str, ...], object]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def made(
    connection: Connection, name: str, period: Interval, per: Step | None = None, filters: Mapping[str, str] = NOTHING
) -> list[Sheet]:
    asked = Request(period, WARSAW, NOW_US, "en", filters, thresholds=LIMITS, money=Terms(country="PL"), per=per)
    return sheets(connection, name, asked)


def cells(
    connection: Connection, name: str, period: Interval, per: Step | None = None, filters: Mapping[str, str] = NOTHING
) -> Cells:
    """Every cell of a report by sheet, row and column."""
    return cells_of(made(connection, name, period, per, filters))


def cells_of(made_of: list[Sheet]) -> Cells:
    found: Cells = {}
    for number, sheet in enumerate(made_of):
        texts = [at for at, column in enumerate(sheet.columns) if column.unit.value == "text"]
        for row in sheet.rows:
            key = str(number), *(str(row[at]) for at in texts)
            found |= {(*key, column.name): value for column, value in zip(sheet.columns, row, strict=True)}
    return found


def differ(one: Cells, other: Cells) -> list[str]:
    wrong = [f"{key} is only in one" for key in one.keys() ^ other.keys()]
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        close = (
            isinstance(a, float | int) and isinstance(b, float | int) and math.isclose(a, b, rel_tol=1e-9, abs_tol=2e-6)
        )
        if a != b and not close:
            wrong.append(f"{key}: {a} and {b}")
    return wrong


@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (apt-get install postgresql)")
def test_postgresql_says_what_sqlite_says(connection: Connection) -> None:
    folder = binaries()
    assert folder is not None
    server = Server(folder)
    try:
        engine = create_engine(server.url())
        schema.metadata.create_all(engine)
        with engine.connect() as other:
            for database in (connection, other):
                telling(7, database, settle=True)
            for period in (WHOLE,):
                for kind in KINDS:
                    wrong = differ(cells(connection, kind.name, period), cells(other, kind.name, period))
                    assert not wrong, (kind.name, period.label, wrong[:5])
            same_in_parts(connection, other)
            rebuild(other, zone="UTC")
            wrong = differ(cells(connection, "queues", WHOLE), cells(other, "queues", WHOLE))
            assert not wrong, wrong[:5]
        engine.dispose()
    finally:
        server.stop()


def same_in_parts(one: Connection, other: Connection) -> None:
    """By interval, by origin, and what stands behind them."""
    for name, how in PER.items():
        finest = Step.HOUR if Step.HOUR in how.steps and how.split is not None else Step.DAY
        for step in (finest, *(Step.WEEKDAY,) * how.folds):
            wrong = differ(*(cells(database, name, WHOLE, step) for database in (one, other)))
            assert not wrong, (name, step, wrong[:5])
    asked = Request(WHOLE, WARSAW, NOW_US, thresholds=LIMITS)
    period, fold = one_of(WHOLE, "hour-of-day", "02", WARSAW, NOW_US)
    for name, origins in (("queues", BY), ("calls", BY_CALLS)):
        for by in origins:
            wrong = differ(*(cells(database, name, WHOLE, Step.DAY, {"by": by}) for database in (one, other)))
            assert not wrong, (name, by, wrong[:5])
            selector = Selector("SL4" if name == "queues" else "CALLS", period, {by: "-"}, fold)
            assert behind(one, selector, asked).data() == behind(other, selector, asked).data()


def test_files_say_what_the_database_says(connection: Connection, tmp_path: Path) -> None:
    telling(8, connection, settle=True)
    export(connection, tmp_path)
    with Files(tmp_path) as files:
        for period in PERIODS:
            queues, trunks = files.sheets(period, LIMITS)
            for name, sheet in (("queues", queues), ("trunks", trunks)):
                wrong = differ(cells_of([sheet]), cells(connection, name, period))
                assert not wrong, (name, period.label, wrong[:5])


# Counts that do not add up: of people, each of whom is counted once in whatever period is asked for.
ONCE = {"campaigns"}
TOLD = {"interval", "codes"}  # texts that are no keys


def test_days_and_hours_add_up_to_the_whole(connection: Connection) -> None:
    telling(11, connection, settle=True)
    of_days = [day(date(2026, 10, n), WARSAW) for n in (24, 25, 26)]
    night = hours(SUNDAY, WARSAW)[:5]  # the third comes twice
    sunday = day(SUNDAY, WARSAW), [*night, Interval("rest", night[-1].end_us, day(SUNDAY, WARSAW).end_us)]
    for kind in KINDS:
        if kind.name in ONCE:
            continue
        for whole, parts in ((WHOLE, of_days), sunday):
            wrong = differ(summed(connection, kind.name, [whole]), summed(connection, kind.name, parts))
            assert not wrong, (kind.name, wrong[:5])


def summed(connection: Connection, name: str, periods: list[Interval]) -> Cells:
    """Counts and sums of all periods together, but for nothing."""
    found: dict[tuple[str, ...], float] = {}
    for period in periods:
        for number, sheet in enumerate(made(connection, name, period)):
            texts = [at for at, one in enumerate(sheet.columns) if one.unit.value == "text" and one.name not in TOLD]
            texts += [at for at, column in enumerate(sheet.columns) if column.name == "at_most_s"]
            for row in sheet.rows:
                if name in ("queues", "callbacks") and row[0] == "all":
                    continue  # there where there are several
                key = str(number), *(str(row[at]) for at in texts)
                for column, value in zip(sheet.columns, row, strict=True):
                    added = column.formula and column.measured in (Measure.COUNT, Measure.SUM)
                    if added and isinstance(value, int | float) and value:
                        found[*key, column.name] = found.get((*key, column.name), 0.0) + value
    return dict(found)


def test_any_order_of_arrival_gives_the_same_rows(connection: Connection) -> None:
    """`telling` mixes calls by chance; the figures of two mixtures of one world are compared cell by cell."""
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as other:
        telling(21, connection, settle=True)
        telling(21, other, settle=False, order=random.Random(99))
        for kind in KINDS:
            wrong = differ(cells(connection, kind.name, WHOLE), cells(other, kind.name, WHOLE))
            assert not wrong, (kind.name, wrong[:5])
    engine.dispose()
