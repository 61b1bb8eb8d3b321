"""Simulated days: in a steady hour they are Erlang's, and rosters, lines and those who ring again do what they must."""

from __future__ import annotations

import math
import statistics
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.staffing.erlang import ErlangA, erlang_b
from pbx.twin.fitting import Fit
from pbx.twin.page import Words
from pbx.twin.roster import Roster, parse_roster
from pbx.twin.scenarios import Price, run, sheet
from pbx.twin.simulation import Day, World, simulate
from pbx.twin.verdict import verdict

PEAK = 536 * 0.8 / 3  # calls an hour in the agency's peak


def steady(rate: float, **more: object) -> World:
    """The same rate in each hour of Monday."""
    arrivals = [[rate] * 24, *[[0.0] * 24] * 6]
    given = {"talk_s": 180.0, "talk_spread": 1.0, "wrapup_s": 0.0, "patience_s": 300.0, **more}
    return World(arrivals, **given)  # type: ignore[arg-type]


def agents(count: int) -> Roster:
    return parse_roster(f"mon 0-24:{count}")


def share(days: list[Day], what: str) -> tuple[float, float]:
    """(of all calls, standard error by the days)"""
    shares = [getattr(day, what) / day.calls for day in days]
    mean = sum(shares) / len(shares)
    return mean, math.sqrt(sum((one - mean) ** 2 for one in shares) / len(shares) / (len(shares) - 1))


@pytest.mark.parametrize(
    ("agents_there", "rate", "times", "abandoned", "within", "asa_s"),
    [
        # The agency's peak: 143 calls an hour, 180 s, patience 300 s; shared figures of Erlang A.
        (6, 143.0, (180, 300), 0.2193, 0.2915, None),
        (9, 143.0, (180, 300), 0.0461, 0.7722, None),
        (12, 143.0, (180, 300), 0.0058, 0.9655, None),
        (10, 600.0, (60, 60), 0.125110, 0.764220, 6.896587),
        (11, 200.0, (180, 120), 0.094155, 0.742209, 9.782518),
        (14, 200.0, (180, 120), 0.022839, 0.932730, 2.345375),
    ],
)
def test_steady_hours_are_erlang_a(
    agents_there: int, rate: float, times: tuple[float, float], abandoned: float, within: float, asa_s: float | None
) -> None:
    """Within four standard errors of the days, and no more: talks are exponential as the formula has them."""
    world = steady(rate, talk_s=float(times[0]), patience_s=float(times[1]))
    days = simulate(world, agents(agents_there), max(6, round(3000 / rate)), 1)
    for what, known in (("abandoned", abandoned), ("within", within)):
        found, error = share(days, what)
        assert found == pytest.approx(known, abs=4 * error + 0.0005), what
    if asa_s is not None:
        means = [day.wait_s / day.answered for day in days]
        error = statistics.stdev(means) / math.sqrt(len(means))
        assert statistics.fmean(means) == pytest.approx(asa_s, abs=4 * error)
    office = ErlangA(agents_there, rate * times[0] / 3600, *times)
    busy = sum(day.busy_s for day in days) / (len(days) * agents_there * 86400)
    assert busy == pytest.approx(office.occupancy, abs=0.02)


def test_talks_that_differ_less_than_exponential_ones_are_near_them() -> None:
    days = simulate(steady(PEAK, talk_spread=0.66), agents(6), 20, 1)
    assert share(days, "abandoned")[0] == pytest.approx(0.2193, abs=0.03)


def test_without_patience_to_wait_lines_are_erlang_b() -> None:
    days = simulate(steady(PEAK, lines=8, patience_s=1e9), agents(8), 20, 2)
    blocked, error = share(days, "blocked")
    assert blocked == pytest.approx(erlang_b(8, PEAK * 180 / 3600), abs=4 * error + 0.005)
    assert all(day.most_lines == 8 and not day.abandoned for day in days)


@given(st.integers(0, 9), st.integers(0, 6), st.floats(0, 200), st.floats(0, 0.9), st.integers(0, 99))
def test_every_call_ends_in_one_way(count: int, lines: int, rate: float, retrials: float, seed: int) -> None:
    world = steady(rate, lines=lines, retrials=retrials, wrapup_s=30.0)
    roster = Roster((tuple([0] * 8 + [count] * 4 + [0] * 12), *[(0,) * 24] * 6))
    if not rate and not count:
        return
    for day in simulate(world, roster, 1, seed):
        assert day.calls == day.answered + day.abandoned + day.blocked + day.closed
        assert day.within <= day.answered
        assert not lines or day.most_lines <= lines
        assert day.agent_h == 4 * count


def test_the_same_seed_lives_the_same_days_and_processes_change_nothing() -> None:
    world, rosters = steady(20), [("as given", agents(2)), ("+1", agents(3))]
    told: list[tuple[int, int]] = []
    alone = run(world, rosters, 60, 5, 1, lambda done, total: told.append((done, total)))
    together = run(world, rosters, 60, 5, 2, lambda _done, _total: None)
    assert [one.days for one in alone] == [one.days for one in together]
    assert told[-1] == (120, 120)
    assert alone[0].days != run(world, rosters, 60, 6, 1, lambda _done, _total: None)[0].days
    rows = sheet(alone, world, Price(agent_hour=10, lost_call=2)).rows
    assert rows[0][1] == 48
    assert rows[1][5] < rows[0][5]  # type: ignore[operator]


def test_who_was_not_served_rings_again() -> None:
    once = simulate(steady(60), agents(1), 20, 3)
    again = simulate(steady(60, retrials=0.8), agents(1), 20, 3)
    assert sum(day.calls for day in again) > 1.5 * sum(day.calls for day in once)


def test_rosters() -> None:
    roster = parse_roster("Mon-Fri 8-13:6 13:00-18:00:6, 10-12:2; sat 9-13:2")
    assert roster.agents[0][7:19] == (0, 6, 6, 8, 8, 6, 6, 6, 6, 6, 6, 0)
    assert roster.agents[5][9:13] == (2,) * 4
    assert roster.hours == 5 * 64 + 8
    assert roster.with_agents(-7).agents[0][7:12] == (0, 1, 1, 1, 1)
    for text, said in (
        ("mon-fri", "no hours"),
        ("mon 18-8:6", "no span"),
        ("mon 8-18", "no span"),
        ("someday 8-18:6", "no day"),
        ("fri-mon 8-18:6", "ends before"),
    ):
        with pytest.raises(ValueError, match=said):
            parse_roster(text)
    with pytest.raises(ValueError, match="nothing to simulate"):
        simulate(steady(0), parse_roster(""), 1, 1)


def test_command(tmp_path: Path) -> None:
    bill = tmp_path / "bill.csv"
    lines = [f"2026-03-02 1{n % 3}:{n % 60:02d}:00,500{n:06d},600,120,ANSWERED" for n in range(90)]
    bill.write_text("calldate,src,dst,billsec,disposition\n" + "\n".join(lines) + "\n")
    words = ["twin", "simulate", str(bill), "--days", "20", "--processes", "1", "--patience", "120", "--csv"]
    result = CliRunner().invoke(app, [*words, "--roster", "mon 10-13:3", "--agent-hour", "60", "--lost-call", "5"])
    assert result.exit_code == 0, result.output
    rows = [line.split(",") for line in result.stdout.splitlines() if line.startswith(("as given", "-", "+", "'"))]
    assert len(rows) == 5
    assert [int(row[1]) for row in rows] == [3, 6, 9, 12, 15]
    lost = [float(row[5]) for row in rows]
    assert lost == sorted(lost, reverse=True)
    wrong = CliRunner().invoke(app, [*words, "--roster", "mon 13-10:3"])
    assert wrong.exit_code == 1
    assert "no span of hours" in wrong.output


@pytest.mark.parametrize(
    ("agents_there", "lines", "more", "said"),
    [
        (3, 0, {}, ("8 people at once", "What breaks first is people", "A day costs", "most of them from 1")),
        (12, 6, {"patience_s": 1e6}, ("6 lines", "What breaks first is lines")),
        (14, 0, {}, ("A trailer is enough", "Nothing breaks", "14 people at once")),
    ],
)
def test_the_verdict_says_what_it_takes_and_what_breaks_first(
    agents_there: int, lines: int, more: dict[str, float], said: tuple[str, ...]
) -> None:
    day = [0.0] * 10 + [143.0] * 2 + [20.0] * 2 + [0.0] * 10
    world = World([day] * 7, 180.0, 1.0, 0.0, more.get("patience_s", 300.0), lines)
    there = parse_roster(f"mon-sun 10-14:{agents_there}")
    names = [("as given", there), ("+5", there.with_agents(5))]
    scenarios = run(world, names[: 2 if agents_there == 3 else 1], 30, 1, 1, lambda *_: None)
    known = Fit(date(2026, 3, 2), date(2026, 3, 8), arrivals=[list(line) for line in world.arrivals])
    for language in ("en", "pl", "ru"):
        found = " ".join(verdict(scenarios, 0, 0.8, (known, world, Price(60, 30)), Words(language)))
        assert "{" not in found
        if language == "en":
            assert all(part in found for part in said), found
