"""Exported files: the figures of the database, month by month, and again only where something has changed."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text, update

from pbx.reporting.analytics import AnalyticsError, connect
from pbx.reporting.analytics.export import STATE, export
from pbx.reporting.analytics.figures import Files
from pbx.reporting.intervals import Interval
from pbx.reporting.per.grid import grid_of
from pbx.reporting.per.step import Step
from pbx.reporting.queries import queue_course, queue_figures, trunk_course, trunk_figures
from pbx.store.schema import queue_visits
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import T0, CallEvent, abandoned, answered, left, seizure

MONTH_S = 31 * 86_400
THREE_MONTHS = Interval("three months", round(T0 * 1e6), round((T0 + 3 * MONTH_S) * 1e6))


@pytest.fixture
def ledger() -> Ledger:
    rng = random.Random(3)
    journeys: list[list[CallEvent]] = []
    for number in range(1, 60):
        start = T0 + rng.random() * 3 * MONTH_S
        maker = rng.choice((answered, abandoned, left, seizure))
        if maker is seizure:
            journeys.append(seizure(number, rng.choice((200, 486)), talk_s=7.5, start=start))
        else:
            journeys.append(maker(number, start=start, queue=rng.choice(("sales", "it's"))))
    with Ledger() as made:
        yield made.tell(*journeys)


@pytest.mark.parametrize(
    "interval", [ALL, Interval("part", round((T0 + MONTH_S / 2) * 1e6), round((T0 + 50 * 86_400) * 1e6))]
)
def test_files_say_what_the_database_says(ledger: Ledger, tmp_path: Path, interval: Interval) -> None:
    export(ledger.connection, tmp_path)
    thresholds = {"sales": (20.0, 5.0), "it's": (33.3, 4.0)}
    with Files(tmp_path) as files:
        assert files.queues(interval, thresholds) == queue_figures(ledger.connection, interval, thresholds)
        assert files.trunks(interval) == trunk_figures(ledger.connection, interval)
        queues, trunks = files.sheets(interval, thresholds)
        for step in (Step.HOUR, Step.WEEK, Step.QUARTER, Step.WEEKDAY):
            grid = grid_of(THREE_MONTHS, step, ZoneInfo("Europe/Warsaw"), THREE_MONTHS.end_us)
            assert files.queue_course(grid, thresholds) == queue_course(ledger.connection, grid, thresholds)
            assert files.trunk_course(grid) == trunk_course(ledger.connection, grid)
        course, _ = files.sheets(THREE_MONTHS, thresholds, grid)
    assert queues.rows
    assert trunks.rows
    assert [row[0] for row in course.rows] == [str(day) for day in range(1, 8) for _ in range(3)]


def test_only_months_that_changed_are_written_again(ledger: Ledger, tmp_path: Path) -> None:
    first = export(ledger.connection, tmp_path)
    assert first.written > 6
    assert first.kept == 0
    assert export(ledger.connection, tmp_path).written == 0
    ledger.connection.execute(
        text("UPDATE queue_visits SET wait_s = wait_s + 1 WHERE call_id = (SELECT max(call_id) FROM queue_visits)")
    )
    again = export(ledger.connection, tmp_path)
    assert (again.written, again.kept) == (1, first.written - 1)
    assert not list(tmp_path.rglob("*.part"))
    (tmp_path / STATE).write_text("{")
    with pytest.raises(AnalyticsError, match="remove it"):
        export(ledger.connection, tmp_path)


def test_a_month_of_many_calls_is_exported(ledger: Ledger, tmp_path: Path) -> None:
    """Instants in microseconds of a month of 6,000 calls add up to more than 64 bits."""
    row = dict(ledger.connection.execute(select(queue_visits)).mappings().first() or {})
    many = [{**row, "call_id": f"f{number:031x}", "joined_us": row["joined_us"] + number} for number in range(6000)]
    ledger.connection.execute(insert(queue_visits), many)
    assert export(ledger.connection, tmp_path).rows >= 6000
    changed = update(queue_visits).where(queue_visits.c.call_id == many[7]["call_id"])
    ledger.connection.execute(changed.values(ended_us=queue_visits.c.ended_us + 1))
    assert export(ledger.connection, tmp_path).written == 1, "a microsecond is a change"


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnalyticsError, match="centrala export parquet"):
        Files(tmp_path / "none")
    with Files(tmp_path) as files:
        assert files.queues(ALL, {}) == files.trunks(ALL) == []
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(AnalyticsError, match=r"pip install 'centrala\[analytics\]'"):
        connect()
