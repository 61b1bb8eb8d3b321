"""The made-up year: its volumes and shape are those that are told, its records those of a real hotline."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.demodata.agency import Agency
from pbx.demodata.arrivals import Calendar
from pbx.demodata.build import Made, Year, build
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import day, days
from pbx.reporting.registry import KINDS
from pbx.reporting.reporter import Reporter
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet
from pbx.store.database import reader_engine, writer_engine
from pbx.store.rebuild import rebuild

LAST = date(2026, 11, 20)
WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    path = tmp_path_factory.mktemp("demo") / "centrala.db"
    return path, build(path, Year(Agency(), last=LAST, days=5, seed=7))


def reporter(path: Path) -> Reporter:
    return Reporter(reader_engine(_url(path)), zone="Europe/Warsaw")


def _url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def test_a_year_has_the_volumes_that_are_told() -> None:
    agency = Agency()
    plans = list(Calendar(agency, date(2025, 11, 21), 365).plans(np.random.default_rng(3)))
    inbound, outbound = sum(len(plan.inbound) for plan in plans), sum(len(plan.outbound) for plan in plans)
    assert inbound == pytest.approx(12 * 11_250, rel=0.01)
    assert outbound == pytest.approx(12 * 10_300, rel=0.01)
    office = [at // 3600 for plan in plans if plan.works for at in plan.inbound if 8 <= at // 3600 < 18]
    assert sum(hour in agency.peaks for hour in office) / len(office) == pytest.approx(0.8, abs=0.01)
    for month, share in ((6, agency.off_hours[5]), (12, 0.40)):
        mine = [plan for plan in plans if plan.day.month == month]
        within = sum(8 <= at // 3600 < 18 for plan in mine if plan.works for at in plan.inbound)
        assert 1 - within / sum(len(plan.inbound) for plan in mine) == pytest.approx(share, abs=0.06)
    christmas = next(plan for plan in plans if plan.day == date(2025, 12, 25))
    assert not christmas.works
    assert not christmas.outbound


def test_the_same_seed_makes_the_same_calls_in_however_many_parts(tmp_path: Path, week: tuple[Path, Made]) -> None:
    """Every row of every table, and every index, as if it had been written at once."""
    again = tmp_path / "again.db"
    told: list[int] = []
    made = build(again, Year(Agency(), last=LAST, days=5, seed=7), lambda done, _all: told.append(done), cut=2)
    assert made == week[1]
    assert told == [1, 2, 3, 4, 5]
    assert contents(again) == contents(week[0])
    assert [path.name for path in tmp_path.iterdir()] == ["again.db"]


def contents(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as database:
        schema = sorted(map(repr, database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")))
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: sorted(map(repr, database.execute(f"SELECT * FROM {name}"))) for name in tables}
    return {**rows, "schema": schema}


def test_another_process_writes_its_part(tmp_path: Path) -> None:
    """What goes wrong there is said here, and nothing is left."""
    path = tmp_path / "two.db"
    year = Year(Agency(), last=LAST, days=2, seed=7)
    made = build(path, year, processes=2, cut=1)
    assert (made.days, path.is_file()) == (2, True)
    broken = tmp_path / "broken.db"
    (tmp_path / "broken.db.part1").mkdir()
    with pytest.raises(OSError, match="directory"):
        build(broken, year, processes=2, cut=1)
    assert not broken.exists()


def test_its_reports_are_those_of_a_hotline_that_is_overrun_in_the_peak(week: tuple[Path, Made]) -> None:
    with reporter(week[0]) as made:
        assert made.demo() == "DEMO DATA: made-up calls of 5 days from 2026-11-16 on, seed 7"
        figures = {
            datetime.fromtimestamp(r.interval.start_us / 1e6, WARSAW).hour: r for r in made.hours(date(2026, 11, 16))
        }
        peak, quiet = figures[10].queues[0], figures[13].queues[0]
        assert peak.offered > 5 * quiet.offered
        assert 0.08 < (peak.abandonment_rate or 0) < 0.4
        assert (quiet.abandonment_rate or 0) < 0.15
        assert peak.aht_s == pytest.approx(180, rel=0.25)
        interval = days(LAST, 5, WARSAW)
        recovered = made.recovery(interval)[-1]
        assert recovered.customers > 150
        assert 0.6 < (recovered.rate or 0) < 0.99
        assert made.patience(interval).rows


def test_every_report_has_rows_and_every_row_something_in_it(week: tuple[Path, Made]) -> None:
    """Looked at with five days: what takes a week of waiting for a customer is not over yet."""
    zone, asked = ZoneInfo("Europe/Warsaw"), days(LAST, 5, WARSAW)
    request = Request(asked, zone, asked.end_us + 8 * 86_400_000_000, money=Terms("PLN"))
    with reporter(week[0]) as made:
        found = {kind.name: made.sheets(kind.name, request) for kind in KINDS}
    assert [name for name, sheets in found.items() if not all(sheet.rows for sheet in sheets)] == []
    figures = {name: columns(sheets) for name, sheets in found.items()}
    assert {"early", "late", "Warszawa", "Gdańsk"} < set(figures["teams"]["team"])
    assert sum(figures["lost"]["lost_callers"]) > 0
    assert sum(figures["partners"]["answered"]) > 0
    assert sum(figures["pools"]["collisions"]) > 0
    assert 0.7 < figures["callbacks"]["promise_kept"][0] <= 1
    assert {"sms", "callback"} <= set(figures["campaigns"]["kind"])
    assert "widget" in figures["tools"]["tool"]
    assert sum(value is None for value in figures["trunks"]["mos"]) == 0
    assert "unexplained" not in figures["reconciliation"]["reason"]


def columns(sheets: Sequence[Sheet]) -> dict[str, list[Any]]:
    """The cells of each column, of all sheets together."""
    found: dict[str, list[Any]] = {}
    for sheet in sheets:
        for at, column in enumerate(sheet.columns):
            found.setdefault(column.name, []).extend(row[at] for row in sheet.rows)
    return found


def test_its_records_are_what_its_journey_says(week: tuple[Path, Made], tmp_path: Path) -> None:
    """Rebuilt from the journey the records are the same."""
    path = tmp_path / "rebuilt.db"
    shutil.copy(week[0], path)
    with reporter(path) as before:
        expected = before.cdrs(day(LAST, WARSAW), limit=2000)
    engine = writer_engine(_url(path))
    with engine.begin() as connection:
        assert rebuild(connection, zone="Europe/Warsaw").calls == week[1].inbound + week[1].outbound
    engine.dispose()
    with reporter(path) as after:
        assert after.cdrs(day(LAST, WARSAW), limit=2000) == expected
    assert Counter(record.direction for record in expected)["inbound"] > 300


def test_command(tmp_path: Path) -> None:
    runner, folder = CliRunner(), tmp_path / "made"
    result = runner.invoke(app, ["demo-data", "--dir", str(folder), "--days", "2", "--until", "2026-11-20"])
    assert result.exit_code == 0, result.output
    checked = runner.invoke(app, ["-c", str(folder / "centrala.toml"), "report", "today", "--date", "2026-11-20"])
    assert checked.exit_code == 0, checked.output
    assert "hotline" in checked.output
    assert "DEMO DATA" in checked.output
    again = runner.invoke(app, ["demo-data", "--dir", str(folder), "--days", "2"])
    assert again.exit_code == 1
    assert "is there already" in again.output
    wrong = runner.invoke(app, ["demo-data", "--dir", str(folder), "--until", "tomorrow"])
    assert wrong.exit_code == 1
    assert "--until 2026-11-21" in wrong.output
