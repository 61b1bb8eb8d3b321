"""Promises, patience, agents and customers: figures of small worlds that can be counted by hand."""

from __future__ import annotations

import csv
import io
import json
import random
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from pbx.events import CallEvent, Kind
from pbx.ledger.terms import Terms
from pbx.reporting.agents import agent_figures, agents_sheet
from pbx.reporting.customers import customer_figures, customers_sheet
from pbx.reporting.export import reports_json
from pbx.reporting.figures import CallFigures, Report
from pbx.reporting.intervals import Interval
from pbx.reporting.patience import mean_patience_s, observed, patience_sheet
from pbx.reporting.promises import calibrations, promises_sheet
from pbx.reporting.proportion import Share, hazards, kaplan_meier, quantile, survival_at
from pbx.reporting.queries import queue_figures, trunk_figures
from pbx.reporting.request import Request
from pbx.reporting.sheet_table import sheet_table
from pbx.store.encode import micros
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import T0, Journey, abandoned, answered, seizure

NOW = micros(T0 + 30 * 86_400)
DAY = 86_400.0


# -- shares and survival -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (375, 412, 0.8787, 0.9341)],
)
def test_the_interval_of_a_share(part: int, whole: int, low: float, high: float) -> None:
    assert Share(part, whole).interval == (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))


def test_nothing_seen_nothing_known() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0.0, 1.0)
    assert kaplan_meier([]) == []


def test_kaplan_meier_by_hand() -> None:
    """Gave up at 3, 5 and 9; answered (censored) at 4 and 7: 5/6, then 3/4 of it, then none of the last two... ."""
    steps = kaplan_meier([(3, True), (4, False), (5, True), (7, False), (9, True), (12, False)])
    assert [(step.at, round(step.survival, 4), step.at_risk) for step in steps] == [
        (3, 0.8333, 6),
        (5, 0.625, 4),
        (9, 0.3125, 2),
    ]
    assert survival_at(steps, 2.9) == 1
    assert survival_at(steps, 6) == pytest.approx(0.625)
    assert quantile(steps, 0.5) == 9
    assert quantile(steps, 0.9) is None


def test_patience_is_found_although_most_were_answered_first() -> None:
    rng = random.Random(4)
    waits = []
    for _ in range(8000):
        patience_s, answer_s = rng.expovariate(1 / 120), rng.expovariate(1 / 40)
        waits.append((min(patience_s, answer_s), patience_s < answer_s))
    assert mean_patience_s(waits) == pytest.approx(120, rel=0.05)
    assert quantile(kaplan_meier(waits), 0.5) == pytest.approx(120 * 0.6931, rel=0.08)
    bins = hazards(waits)
    assert bins[0].share == pytest.approx(1 - 2.718281828 ** (-5 / 120), rel=0.15)  # and the same in every bin
    assert bins[8].share == pytest.approx(1 - 2.718281828 ** (-5 / 120), rel=0.3)


# -- promises ----------------------------------------------------------------------------------------------------------


def told(number: int, high_s: float, *, answer_s: float = 0.0, leave_s: float = 0.0) -> list[CallEvent]:
    call = Journey(number).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=2)
    call.add(Kind.QUEUE_ANNOUNCED, queue="sales", position=2, low_s=0, high_s=high_s, quantile=0.8)
    if answer_s:
        call.at(1 + answer_s).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=answer_s)
    else:
        call.at(1 + leave_s).add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=leave_s, position=1)
    return call.at(1000).end().events


def test_promises_are_counted_by_what_was_said() -> None:
    journeys = [told(number, 180, answer_s=100) for number in range(1, 10)]
    journeys += [told(10, 180, answer_s=181), told(11, 180, leave_s=50), told(12, 180, leave_s=200)]
    journeys += [told(13, 60, answer_s=59), told(14, 60, answer_s=60)]
    with Ledger() as ledger:
        ledger.tell(*journeys)
        found = calibrations(ledger.connection, ALL)
        sheet = promises_sheet(ledger.connection, ALL)
    assert [(one.queue, one.high_s, one.said, one.kept, one.broken, one.open) for one in found] == [
        ("sales", 60.0, 2, 2, 0, 0),
        ("sales", 180.0, 12, 9, 2, 1),
        ("sales", 0.0, 14, 11, 2, 1),
        ("", 0.0, 14, 11, 2, 1),
    ]
    three_minutes = found[1]
    assert three_minutes.true.value == 9 / 11
    # Twelve promises: one leaves at 50 s, of the eleven that go on nine are kept.
    assert three_minutes.corrected == pytest.approx(9 / 11)
    assert three_minutes.aim == pytest.approx(0.8)
    rows = json.loads(sheet.json())["rows"]
    assert rows[1]["at_most_s"] == 180
    assert rows[1]["true"] == 0.8182
    assert rows[1]["true_low"] < 0.8182 < rows[1]["true_high"]


def test_who_leaves_late_counts_for_more_than_who_leaves_at_once() -> None:
    stays = [told(number, 100, answer_s=10) for number in range(1, 5)]
    with Ledger() as ledger:
        ledger.tell(*stays, told(8, 100, leave_s=99), told(9, 100, answer_s=150))
        (late, *_) = calibrations(ledger.connection, ALL)
    assert late.true.value == 4 / 5
    assert late.corrected == pytest.approx(4 / 6)


# -- patience, agents --------------------------------------------------------------------------------------------------


def test_patience_of_a_queue() -> None:
    with Ledger() as ledger:
        ledger.tell(answered(1, wait_s=30), abandoned(2, wait_s=10), abandoned(3, wait_s=60), answered(4, wait_s=20))
        waits = observed(ledger.connection, ALL)["sales"]
        row = patience_sheet(ledger.connection, ALL).data()["rows"][0]
    assert sorted(waits) == [(10.0, True), (20.0, False), (30.0, False), (60.0, True)]
    assert (row["waited"], row["abandoned"], row["mean_s"]) == (4, 2, 60.0)
    assert row["there_after_15_s"] == 0.75
    assert row["there_after_120_s"] is None  # nobody was watched for so long


def test_an_agents_day() -> None:
    states = [("available", 0, 100), ("reserved", 100, 101), ("ringing", 101, 106), ("talking", 106, 166)]
    states += [
        ("hold", 166, 176),
        ("talking", 176, 186),
        ("wrapup", 186, 206),
        ("break", 206, 506),
        ("offline", 506, 999),
    ]
    call = Journey(1).begin().at(100).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").at(106)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=6.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(166).add(Kind.HOLD_STARTED, "b1").at(176).add(Kind.HOLD_ENDED, "b1")
    call.at(186).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=80.0)
    missed = Journey(2).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    missed.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").at(21)
    missed.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", leg="b1", reason="no_answer")
    missed.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b2").at(25)
    missed.add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=24.0, position=1)
    with Ledger() as ledger:
        ledger.tell(call.end().events, missed.end().events).agent("101", *states)  # type: ignore[arg-type]
        (agent,) = agent_figures(ledger.connection, ALL, NOW)
        first_half = Interval("half", micros(T0), micros(T0 + 146))
        (half,) = agent_figures(ledger.connection, first_half, NOW)
    assert agent.occupancy == pytest.approx((70 + 10 + 20) / (70 + 10 + 20 + 100))
    assert agent.utilisation == pytest.approx(100 / 506)
    assert (agent.offers, agent.accepted, agent.missed, agent.alert_s) == (3, 1, 1, 6.0)
    assert agent.rona == pytest.approx(1 / 3)
    assert agent.aht_s == pytest.approx(70 + 10 + 20)
    assert half.states == {"available": 100.0, "reserved": 1.0, "ringing": 5.0, "talking": 40.0}


def test_agents_hour_by_hour_add_up() -> None:
    hours = [Interval(f"{hour}", micros(T0 + hour * 3600), micros(T0 + (hour + 1) * 3600)) for hour in range(3)]
    with Ledger() as ledger:
        ledger.agent("101", ("available", 600, 5000), ("talking", 5000, 9000), ("wrapup", 9000, 9100))
        sheet = agents_sheet(ledger.connection, hours, NOW)
    rows = sheet.data()["rows"]
    assert [row["interval"] for row in rows] == ["0", "1", "2"]
    assert [row["available_s"] for row in rows] == [3000.0, 1400.0, 0.0]
    assert sum(row["wrapup_s"] for row in rows) == 100.0
    assert rows[2]["occupancy"] == 1.0


# -- customers ---------------------------------------------------------------------------------------------------------


def visit(number: int, caller: str, at_s: float, *, served: bool, queue: str = "sales") -> list[CallEvent]:
    call = Journey(number, T0 + at_s).begin(caller=caller).at(1).add(Kind.QUEUE_JOINED, queue=queue, position=1).at(9)
    if served:
        call.add(Kind.QUEUE_ANSWERED, queue=queue, agent="101", wait_s=8.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
        call.at(60).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=51.0)
    else:
        call.add(Kind.QUEUE_ABANDONED, queue=queue, wait_s=8.0, position=1)
    return call.end().events


def asked(interval: Interval, now_us: int = NOW) -> Request:
    return Request(interval, ZoneInfo("UTC"), now_us, money=Terms(country="PL"))


def test_first_attempts_repeats_missed_and_recovered() -> None:
    called = Journey(90, T0 + 900).begin(direction="outbound", caller="101", callee="48600000003").at(5)
    called.add(Kind.BRIDGE_STARTED, with_leg="b1").at(50)
    journeys = [
        visit(1, "+48600000001", 0, served=True),  # solved at once
        visit(2, "+48600000002", 10, served=False),  # at the second attempt: missed, and came back
        visit(3, "0048600000002", 500, served=True),
        visit(4, "+48600000003", 20, served=False),  # missed, and called by an agent
        visit(5, "+48600000004", 30, served=False),  # missed for good
        visit(6, "+48600000005", 40, served=True),  # comes again within the week
        visit(7, "+48600000005", 40 + 6 * DAY, served=True),
        visit(8, "", 50, served=False),  # without number
        called.end().events,
    ]
    today = Interval("today", micros(T0), micros(T0 + DAY))
    with Ledger() as ledger:
        ledger.tell(*journeys)
        sales, everybody = customer_figures(ledger.connection, asked(today))
        text = customers_sheet(ledger.connection, asked(today)).csv()
    assert sales.callers == 5
    assert sales.first_attempt_rate == 2 / 5
    assert (sales.answered_calls, sales.repeated, sales.pending) == (3, 1, 0)
    assert sales.solved_proxy == pytest.approx(2 / 3)
    assert (sales.missed, sales.recovered, sales.residual) == (3, 2, 1)
    assert sales.recovery_rate == pytest.approx(2 / 3)
    assert (everybody.queue, everybody.callers) == ("", 5)
    assert [row["queue"] for row in csv.DictReader(io.StringIO(text))] == ["sales", "all"]


def test_a_caller_whom_another_queue_answers_was_missed_by_the_first_only() -> None:
    call = Journey(1).begin(caller="+48600000001").at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1).at(9)
    call.add(Kind.QUEUE_LEFT, queue="sales", wait_s=8.0, reason="timeout")
    call.add(Kind.QUEUE_JOINED, queue="second", position=1).at(20)
    call.add(Kind.QUEUE_ANSWERED, queue="second", agent="201", wait_s=11.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    with Ledger() as ledger:
        ledger.tell(call.at(90).end().events)
        sales, second, everybody = customer_figures(ledger.connection, asked(ALL))
    assert (sales.first_answered, second.first_answered, everybody.first_answered) == (0, 1, 1)
    assert (sales.missed, everybody.missed) == (1, 0)


def test_weeks_that_are_not_over_are_pending() -> None:
    with Ledger() as ledger:
        ledger.tell(visit(1, "+48600000001", 0, served=True))
        (sales, _) = customer_figures(ledger.connection, asked(ALL, micros(T0 + DAY)))
    assert sales.pending == 1


# -- forms -------------------------------------------------------------------------------------------------------------


def test_a_sheet_as_table_csv_and_json() -> None:
    with Ledger() as ledger:
        ledger.tell(told(1, 180, answer_s=100), told(2, 180, answer_s=200))
        sheet = promises_sheet(ledger.connection, ALL)
    console = Console(width=120, file=io.StringIO(), force_terminal=False)
    console.print(sheet_table(sheet))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "50.0 %" in text
    assert "3:00" in text
    assert "Wilson" in text
    rows = list(csv.DictReader(io.StringIO(sheet.csv())))
    assert rows[0]["queue"] == "sales"
    assert rows[0]["true"] == "0.5"
    data = json.loads(sheet.json())
    assert data["rows"][0]["said"] == 2
    assert data["notes"]


def test_queues_and_trunks_as_json() -> None:
    with Ledger() as ledger:
        ledger.tell(answered(1, wait_s=6), abandoned(2, wait_s=3), seizure(3, 200, talk_s=60))
        queues = queue_figures(ledger.connection, ALL, {"sales": (20.0, 5.0)})
        report = Report(ALL, CallFigures(), queues, trunk_figures(ledger.connection, ALL))
    (found,) = json.loads(reports_json([report]))
    (sales,), (carrier,) = found["queues"], found["trunks"]
    assert (sales["queue"], sales["offered"], sales["SL4"], sales["SL3"]) == ("sales", 2, 1.0, 0.5)
    assert (carrier["trunk"], carrier["asr"], carrier["pdd_s"]) == ("carrier", 1.0, 2.0)
