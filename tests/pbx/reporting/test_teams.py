"""Teams: what held when a call came in counts, quarter by quarter; a change of today moves no call of before."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from pbx.reporting.behind import Selector, behind
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.team import Span, spans
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.reporting.teams import team_figures
from pbx.store.encode import micros
from pbx.store.intervals.bins import BIN_US, begin
from pbx.store.schema_teams import FOREVER_US
from pbx.store.teams import note_teams
from tests.pbx.reporting.ledger import THRESHOLDS, Ledger
from tests.support.journeys import T0, abandoned, answered

START = begin(micros(T0))
DAY = Interval("day", START - 4 * BIN_US, START + 40 * BIN_US)
ASKED = Request(DAY, ZoneInfo("Europe/Warsaw"), DAY.end_us, "en", {}, THRESHOLDS)
FIRST, SECOND = ("101", "early", "Warsaw"), ("101", "late", "Moscow")


@pytest.fixture
def ledger() -> Ledger:
    """Agent 101 answers three calls in the quarter of T0 and two an hour later, 102 nothing."""
    calls = [answered(number, start=T0 + number) for number in (1, 2, 3)]
    calls += [answered(number, start=T0 + 3600, queue="support") for number in (4, 5)]
    with Ledger() as made:
        made.tell(*calls, abandoned(6))
        made.agent("101", ("available", -100, 0), ("talking", 0, 300), ("available", 3600, 3900))
        made.agent("102", ("available", 0, 600))
        made.derive()
        yield made


def test_without_notes_teams_are_those_of_the_configuration(ledger: Ledger) -> None:
    asked = replace(ASKED, teams=[FIRST, ("102", "early", "Warsaw")])
    early, all_ = team_figures(ledger.connection, asked)
    assert (early.name, early.agents, early.sums.answered) == ("early", {"101", "102"}, 5)
    assert all_.sums == early.sums
    assert [one.name for one in team_figures(ledger.connection, asked, "site")] == ["Warsaw", "all"]


def test_who_changes_the_team_takes_his_calls_not_along(ledger: Ledger) -> None:
    note_teams(ledger.connection, [FIRST], START)
    assert note_teams(ledger.connection, [FIRST], START + BIN_US) == 0
    assert note_teams(ledger.connection, [SECOND], micros(T0 + 1800)) == 2
    found = {one.name: one for one in team_figures(ledger.connection, ASKED)}
    assert {name: one.sums.answered for name, one in found.items()} == {"early": 3, "late": 2, "-": 0, "all": 5}
    assert found["-"].agents == {"102"}
    assert sum(one.sums.working_s for name, one in found.items() if name != "all") == found["all"].sums.working_s == 300
    teams, queues = sheets(ledger.connection, "teams", ASKED)
    assert [row[:3] for row in queues.rows] == [
        ("early", "sales", 3),
        ("late", "support", 2),
        ("all", "sales", 3),
        ("all", "support", 2),
    ]
    assert teams.columns[0].name == "team"
    for team, count in (("early", 3), ("late", 2), ("-", 0)):
        assert behind(ledger.connection, Selector("ANS", DAY, {"team": team}), ASKED).whole == count
    assert behind(ledger.connection, Selector("ANS", DAY, {"site": "Moscow"}), ASKED).whole == 2


def test_a_change_within_a_quarter_and_one_taken_back(ledger: Ledger) -> None:
    note_teams(ledger.connection, [FIRST], START)
    for minutes, members in ((20, [SECOND]), (22, [FIRST]), (24, [SECOND]), (60, [FIRST, SECOND]), (90, [])):
        note_teams(ledger.connection, members, START + minutes * 60_000_000)
    quarter = [START + n * BIN_US for n in (0, 1, 4, 6)]
    assert sorted(spans(ledger.connection, ASKED)) == [
        Span("101", "early", 0, quarter[1]),
        Span("101", "early", quarter[2], quarter[3]),
        Span("101", "late", quarter[1], quarter[3]),
    ]


def test_of_two_teams_he_counts_in_both_and_once_in_all(ledger: Ledger) -> None:
    note_teams(ledger.connection, [FIRST, ("101", "night", "Warsaw")], START)
    found = {one.name: one.sums.answered for one in team_figures(ledger.connection, ASKED)}
    assert found == {"early": 5, "night": 5, "-": 0, "all": 5}
    assert spans(ledger.connection, ASKED, "site") == [Span("101", "Warsaw", 0, FOREVER_US)]
    (agents,) = sheets(ledger.connection, "agents", replace(ASKED, filters={"team": "night"}))
    assert [row[1:3] for row in agents.rows] == [("101", "early, night")]
    (others,) = sheets(ledger.connection, "agents", replace(ASKED, filters={"team": "-"}))
    assert [row[1] for row in others.rows] == ["102"]
