"""Figures of a database that a store is writing, as data, tables and CSV."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from pbx.config import Config
from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.reporting import csv_text, export, table
from pbx.reporting.reporter import Reporter
from pbx.reporting.service_level import Formula
from pbx.store.errors import StoreError
from tests.pbx.store.support import World, until
from tests.support.journeys import Journey, abandoned, answered, left, seizure

ZONE = "Europe/Warsaw"
DAY = date(2026, 10, 25)  # 25 hours long


def at(hour: int, minute: int = 0, fold: int = 0) -> float:
    return datetime(2026, 10, 25, hour, minute, tzinfo=ZoneInfo(ZONE), fold=fold).timestamp()


def config(folder: Path) -> Config:
    queues = [{"name": "sales", "service_level_s": 10.0, "short_abandon_s": 3.0}, {"name": "night"}]
    return Config.model_validate({"server": {"data_dir": str(folder), "timezone": ZONE}, "queue": queues})


async def fill(world: World) -> None:
    world.publish(
        answered(1, start=at(1), wait_s=5.0, talk_s=100.0),
        answered(2, start=at(2, 30, fold=0), wait_s=10.0, talk_s=200.0),
        answered(3, start=at(2, 30, fold=1), wait_s=25.0, talk_s=300.0),
        abandoned(4, start=at(9), wait_s=2.0),
        abandoned(5, start=at(9), wait_s=8.0),
        abandoned(6, start=at(9), wait_s=40.0),
        left(7, start=at(9), reason="timeout"),
        answered(8, start=at(9), queue="support", wait_s=15.0, talk_s=10.0),
        seizure(9, 200, start=at(10), talk_s=120.0),
        seizure(10, 486, start=at(10)),
        seizure(11, 480, start=at(10)),
        seizure(12, 503, start=at(10), rang=False),
        answered(13, start=at(0) - 3600),  # the day before
    )
    for agent, call in (("101", 1), ("101", 2), ("999", 3)):
        call_id = f"{call:032x}"
        told = {"queue": "sales", "agent": agent, "code": "", "note": "", "wrapup_s": 15.0}
        world.publish([CallEvent(Kind.WRAPUP_ENDED, call_id, "a", at(3) + 15, told)])
        world.bus.publish(AgentStateChanged(agent, "wrapup", "talking", at(3), 60.0, call_id=call_id))
        world.bus.publish(AgentStateChanged(agent, "available", "wrapup", at(3) + 15, 15.0))
    await until(lambda: world.count("cdrs") == 13)
    await world.store.durable(lambda _: None)


async def test_the_day(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await fill(world)
        with Reporter.open(config(tmp_path)) as reporter:
            report = reporter.day(DAY)
    night, sales, support = report.queues
    assert (night.queue, night.offered) == ("night", 0)
    assert (sales.offered, sales.answered, sales.abandoned, sales.flowed_out) == (7, 3, 3, 1)
    counts = sales.counts
    assert (counts.answered_in_time, counts.abandoned_in_time, counts.abandoned_short) == (2, 2, 1)
    assert sales.service_level(Formula.SL4) == 2 / 4
    assert sales.service_level(Formula.SL3) == 2 / 6
    assert sales.asa_s == pytest.approx(40 / 3)
    assert sales.time_to_abandon_s == pytest.approx(50 / 3)
    assert sales.longest_wait_s == 60.0  # the one whom the queue gave back
    assert sales.abandonment_rate == 3 / 7
    assert sales.adjusted_abandonment_rate == 2 / 6
    assert sales.talk_s == 600.0
    assert sales.wrapup_s == 30.0  # agent 999 answered none of them
    assert sales.aht_s == 210.0
    assert (support.threshold_s, support.counts.answered_in_time) == (20.0, 1)
    assert (report.total.offered, report.total.answered) == (8, 4)
    (trunk,) = report.trunks
    assert (trunk.seizures, trunk.asr, trunk.ner) == (4, 0.25, 0.75)
    assert (trunk.average_call_duration_s, trunk.pdd_s, trunk.pdd_max_s) == (120.0, 2.0, 2.0)
    calls = report.calls
    assert (calls.calls, calls.answered, calls.interrupted) == (12, 9, 0)
    assert calls.average_call_duration_s is not None


async def test_hours_of_the_long_day(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await fill(world)
        with Reporter.open(config(tmp_path)) as reporter:
            reports = reporter.hours(DAY)
            text = rendered(table.hours_table(reports), table.hours_table(reports, "sales"))
    by_hour = {report.interval.label: report.total.offered for report in reports if report.total.offered}
    assert by_hour == {"01:00": 1, "02:00 (UTC+0200)": 1, "02:00 (UTC+0100)": 1, "09:00": 5}
    assert "02:00 (UTC+0100)" in text


async def test_summary_and_records(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await fill(world)
        with Reporter.open(config(tmp_path)) as reporter:
            assert reporter.summary(at(9)).total.offered == 5
            newest = reporter.cdrs(limit=3)
            assert [record.started_us for record in newest] == sorted((r.started_us for r in newest), reverse=True)
            assert len(reporter.cdrs(reporter.day(DAY).interval)) == 12
            assert reporter.cdr(newest[0].id) == newest[0]
            assert reporter.cdr("none") is None
            steps = reporter.journey(f"{1:032x}")
            assert steps[:-1] == answered(1, start=at(1), wait_s=5.0, talk_s=100.0)  # and wrap-up
            assert reporter.journey("none") == []


def rendered(*things: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=250, force_terminal=False)
    console.print(*things)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


async def test_tables(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await fill(world)
        evil = Journey(20, at(11)).begin(caller="\x1b[31mred[bold]\u202e", callee="[link=x]600").at(1)
        world.publish(evil.end().events)
        await until(lambda: world.count("cdrs") == 14)
        with Reporter.open(config(tmp_path)) as reporter:
            report = reporter.day(DAY)
            text = rendered(
                table.queues_table(report),
                table.trunks_table(report),
                table.calls_table(report),
                table.cdrs_table(reporter.cdrs(), reporter.zone),
            )
    assert "SL4 = ANS<=T / (ANS + AB - AB<=T)" in text
    assert "50.0 %" in text  # SL4 of sales
    assert "33.3 %" in text  # SL3 of sales
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "red[bold]" in text
    assert "[link=x]600" in text


def test_durations_for_people() -> None:
    assert [table.duration(value) for value in (None, 0, 9.44, 59.94, 59.96, 187, 3723)] == [
        *("–", "0.0 s", "9.4 s", "59.9 s", "1:00", "3:07", "1:02:03"),
    ]
    assert table.percent(None) == "–"
    assert table.percent(0.8269) == "82.7 %"


async def test_csv(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await fill(world)
        evil = Journey(20, at(11)).begin(caller='=cmd|"/c calc"!A1', callee="a,b\r\nc").at(1)
        world.publish(evil.end(cause="@SUM(A1)").events)
        await until(lambda: world.count("cdrs") == 14)
        with Reporter.open(config(tmp_path)) as reporter:
            reports = reporter.hours(DAY)
            queues, trunks = export.queues_csv(reports), export.trunks_csv(reports)
            calls = export.cdrs_csv(reporter.cdrs(), reporter.zone)
    rows = list(csv.DictReader(io.StringIO(queues, newline="")))
    sales = [row for row in rows if row["queue"] == "sales" and row["interval"] == "09:00"]
    assert sales[0]["offered"] == "4"
    assert sales[0]["SL4"] == "0.0"
    assert sales[0]["start_utc"] == "2026-10-25T08:00:00.000Z"
    assert len(rows) == 25 * 3 - 24  # support was used in one hour only, and is not configured
    assert [row["ner"] for row in csv.DictReader(io.StringIO(trunks, newline=""))] == ["0.75"]
    assert calls.count("\r\n") == 15
    first = next(csv.DictReader(io.StringIO(calls, newline="")))
    assert first["caller"] == '\'=cmd|"/c calc"!A1'
    assert first["callee"] == "a,b  c"
    assert first["cause"] == "'@SUM(A1)"
    assert first["started_local"] == "2026-10-25T11:00:00.000+01:00"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+48221234567", "+48221234567"),
        ("+48 22", "'+48 22"),
        ("-2", "'-2"),
        ("@x", "'@x"),
        ("\t=1", "' =1"),
        ("\r\n=1", "'  =1"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("101", "101"),
        (-1.5, -1.5),
        (None, ""),
        (True, 1),
        ("a\x1b[2Jb\u202ec", "a [2Jbc"),
    ],
)
def test_cells(value: export.Cell, written: object) -> None:
    assert csv_text.safe(value) == written


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was recorded yet"):
        Reporter.open(config(tmp_path))


async def test_a_stopped_system_can_be_read(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1, start=at(1)))
    with Reporter.open(config(tmp_path)) as reporter:
        assert reporter.day(DAY).calls.calls == 1


def test_kinds_are_all_known_to_the_journey() -> None:
    assert len({str(kind.value) for kind in Kind}) == len(Kind)
