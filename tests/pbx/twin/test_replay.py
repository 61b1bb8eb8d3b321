"""A past day once more: the same callers, other people at work."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.reporting.intervals import day as day_of
from pbx.twin.found import Reading, mean_wrapup_s
from pbx.twin.past import QUARTER_S, PastDay, Visitor, at_work, quarters
from pbx.twin.reading import read_file
from pbx.twin.record import TwinError, Way
from pbx.twin.replay import as_it_was, replay
from pbx.twin.replay_sheet import replay_sheet
from pbx.twin.scenarios import Price
from pbx.twin.table import Source

WARSAW = ZoneInfo("Europe/Warsaw")
WEDNESDAY = date(2026, 3, 4)
ALL_DAY = [1] * 96


def past(*visitors: Visitor, agents: list[int] | None = None) -> PastDay:
    return PastDay("sales", WEDNESDAY, 86_400.0, list(visitors), agents or ALL_DAY)


def answered(at: float, wait_s: float = 0.0, talk_s: float = 100.0) -> Visitor:
    return Visitor(at, wait_s, True, False, talk_s)


def gave_up(at: float, wait_s: float) -> Visitor:
    return Visitor(at, wait_s, False, True)


def test_the_same_people_at_work_give_the_same_day() -> None:
    day = past(answered(0), answered(50, 50), gave_up(60, 30), answered(500))
    found = replay(day, ALL_DAY, 300, 20, seed=1)
    was = as_it_was(day, 20)
    assert (found.answered, found.within, found.abandoned) == (was.answered, was.within, was.abandoned) == (3, 2, 1)
    assert found.wait_s == was.wait_s == 50


def test_a_second_agent_answers_who_gave_up() -> None:
    day = past(answered(0), gave_up(60, 30), answered(500))
    found = replay(day, [2] * 96, 300, 20, seed=1)
    assert (found.answered, found.within, found.abandoned) == (3, 3, 0)
    assert found.busy_s == 300.0, "his talk is that of somebody who was answered"


def test_nobody_at_work_answers_nobody_until_somebody_comes() -> None:
    day = past(answered(10), gave_up(20, 30), answered(QUARTER_S + 5), agents=[0, *[1] * 95])
    found = replay(day, day.agents, 1e9, 20, seed=1)
    assert (found.answered, found.abandoned, found.closed) == (2, 1, 1)
    assert found.longest_s == 890.0
    assert found.wait_s == 890.0 + 95.0, "the first has the agent from 900 to 1000"


def test_patience_that_is_not_known_is_no_shorter_than_what_was_waited() -> None:
    day = past(*(answered(100.0 * number, 40.0, 60.0) for number in range(200)))
    for seed in range(5):
        found = replay(day, ALL_DAY, 0.001, 20, seed)
        assert found.abandoned == 0


def test_a_day_without_an_answered_call_cannot_be_replayed() -> None:
    with pytest.raises(ValueError, match="nobody was answered in queue 'sales' on 2026-03-04"):
        replay(past(gave_up(0, 10)), ALL_DAY, 300, 20, 1)


def test_ranges_hold_their_mean_and_more_people_lose_fewer() -> None:
    day = past(*(answered(37.0 * number, 5.0, 60.0 + number % 90) for number in range(400)))
    rosters = [(name, [count] * 96) for name, count in (("2", 2), ("3", 3), ("4", 4))]
    sheet = replay_sheet(day, rosters, patience_s=100, within_s=20, times=40, seed=3, price=Price(60, 30))
    names = [column.name for column in sheet.columns]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    assert [row["roster"] for row in rows] == ["as it was", "2", "3", "4"]
    for row in rows[1:]:
        assert row["abandoned_low"] <= row["abandoned"] <= row["abandoned_high"]  # type: ignore[operator]
    assert rows[1]["abandoned"] > rows[2]["abandoned"] >= rows[3]["abandoned"]  # type: ignore[operator]
    again = replay_sheet(day, rosters, patience_s=100, within_s=20, times=40, seed=3, price=Price(60, 30))
    assert again.rows == sheet.rows


def test_who_was_at_work_by_quarter_hours_and_over_the_edges_of_the_day() -> None:
    interval = day_of(WEDNESDAY, WARSAW)
    start = interval.start_us
    log = [(start - 10**9, start + 900 * 10**6), (start + 900 * 10**6, start + 1500 * 10**6)]
    log += [(start + 1200 * 10**6, interval.end_us + 5)]
    assert at_work(log, interval)[:3] == [1, 1, 1]
    assert at_work(log, interval)[-1] == 1


@pytest.mark.parametrize(("when", "count", "at_three"), [(date(2026, 3, 29), 92, 4), (date(2026, 10, 25), 100, 4)])
def test_hours_are_those_of_the_wall_clock(when: date, count: int, at_three: int) -> None:
    hours = list(range(24))
    found = quarters(hours, day_of(when, WARSAW), WARSAW)
    assert len(found) == count
    assert [found.count(hour) for hour in (1, 3)] == [4, at_three]
    assert found.count(2) == (0 if count == 92 else 8)


def test_our_own_database_is_read_like_a_bill(tmp_path: Path) -> None:
    run = CliRunner().invoke
    made = run(app, ["demo-data", "--dir", str(tmp_path), "--days", "4", "--until", "2026-03-06", "--seed", "5"])
    assert made.exit_code == 0, made.output
    path = tmp_path / "data" / "centrala.db"
    found = read_file(path, Source(WARSAW))
    assert "own journey" in found.form
    assert sum(one.way is Way.IN for one in found.records) > 1000
    sent_away(path)
    assert {one.way for one in found.records} == {Way.IN, Way.OUT}
    words = ["--config", str(tmp_path / "centrala.toml"), "twin", "replay", "--date", "2026-03-05", "--csv"]
    done = run(app, [*words, "--times", "10", "--roster", "mon-sun 8-20:9"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split(",")[0] for line in lines[1:8]] == [
        "as it was",
        "replayed",
        "as given",
        "2 less",
        "1 less",
        "1 more",
        "2 more",
    ]
    through_a_flow([*words, "--times", "2", "--processes", "1"], tmp_path)
    page = tmp_path / "simulated.html"
    roster = ["--roster", "mon-fri 8-18:9", "--days", "10", "--processes", "1", "--page", str(page), "--language", "ru"]
    lived = run(app, ["twin", "simulate", str(path), *roster])
    assert lived.exit_code == 0, lived.output
    assert "of the calls come in three hours" in lived.output
    text = page.read_text()
    assert all(word in text for word in ("Прицеп или грузовик", "DEMO DATA", "<svg", "как задано"))
    wrapped_up(path, [found], lived.output)
    empty = run(app, [*words[:5], "2025-01-01", "--patience", "300"])
    assert (empty.exit_code, "nobody called" in empty.output) == (1, True)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '0003'")
    old = run(app, words)
    assert (old.exit_code, "start the PBX of this version once" in " ".join(old.output.split())) == (1, True)
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE cdrs")
    with pytest.raises(TwinError, match="no database of Centrala"):
        read_file(path, Source(WARSAW))


def sent_away(path: Path) -> None:
    """Whom a limit sent away did not lose his patience."""
    with sqlite3.connect(path) as database:
        query = "SELECT call_id FROM queue_visits WHERE outcome = 'abandoned' AND contact = '' ORDER BY call_id LIMIT 3"
        calls = [call for (call,) in database.execute(query)]
        change = "UPDATE queue_visits SET outcome = ? WHERE call_id = ?"
        database.executemany(change, [("timeout", call) for call in calls])
    found = {one.call_id: one.sent_away for one in read_file(path, Source(WARSAW)).records}
    assert [found[call] for call in calls] == [True] * 3
    with sqlite3.connect(path) as database:
        database.executemany(change, [("abandoned", call) for call in calls])
    assert not any(one.sent_away for one in read_file(path, Source(WARSAW)).records if one.call_id in calls)


def wrapped_up(path: Path, readings: list[Reading], simulated: str) -> None:
    """The database's own wrap-up counts where none is given; a given 0 is none."""
    mean_s = mean_wrapup_s(readings)
    with sqlite3.connect(path) as database:
        query = (
            "SELECT avg((SELECT coalesce(sum(wrapup_s), 0) FROM queue_visits WHERE call_id = c.id)) FROM cdrs AS c "
            "WHERE c.direction = 'inbound' AND c.talk_s > 0 AND c.contact = '' AND c.test = ''"
        )
        (own_s,) = database.execute(query).fetchone()
    assert mean_s == pytest.approx(own_s)
    assert mean_s > 10
    assert f"wrap-up {mean_s:.0f} s" in " ".join(simulated.split())
    for given, told in (([], f"Of the handling {mean_s:.0f} s are wrap-up"), (["--wrapup", "0"], "with handling")):
        needs = CliRunner().invoke(app, ["twin", "read", str(path), *given])
        assert needs.exit_code == 0, needs.output
        text = " ".join(needs.output.split())
        assert told in text
        assert ("are wrap-up" in text) == (not given)
        assert "no wrap-up" not in text


def through_a_flow(words: list[str], folder: Path) -> None:
    """The same day with a menu that nobody was asked: beside what was, and on a page."""
    text = {"pl": "x", "en": "x", "ru": "x"}
    blocks = {
        "ask": {"kind": "menu", "text": text, "keys": {"1": "q", "2": "bye"}, "timeout": "q", "invalid": "q"},
        "q": {"kind": "queue", "queue": "hotline", "answered": "bye"},
        "bye": {"kind": "hangup"},
    }
    flow, page = folder / "draft.json", folder / "page.html"
    flow.write_text(json.dumps({"schema": 1, "name": "line", "start": "ask", "blocks": blocks}))
    run = CliRunner().invoke
    words = [*words, "--flow", str(flow)]
    done = run(app, [*words, "--choose", "ask=1:0.5,2:0.5", "--page", str(page), "--language", "pl"])
    assert done.exit_code == 0, done.output
    lines = [line.split(",") for line in done.stdout.splitlines()[1:6]]
    assert [line[0] for line in lines] == ["as it was", "replayed", "the flow", "1 less", "1 more"]
    was, drafted = float(lines[0][2]), float(lines[2][2])
    assert 0.4 * was < drafted < 0.65 * was, "half of them press 2"
    told = page.read_text()
    assert all(
        part in told for part in ("Miniony dzień jeszcze raz: line", "DEMO DATA", "ask (menu)", "<svg", "odtworzone")
    )
    wrong = run(app, [*words, "--choose", "asks=1:1"])
    assert (wrong.exit_code, "has no block 'asks'" in " ".join(wrong.output.split())) == (2, True)
    assert run(app, [*words[:-2], "--page", str(page)]).exit_code == 2
