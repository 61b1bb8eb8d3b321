"""Where an interval ends in the middle of something: on which side a figure counts, and that nothing counts twice."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from pbx.events import Kind
from pbx.reporting.agents import agent_figures
from pbx.reporting.callbacks import callback_figures
from pbx.reporting.figures import QueueFigures
from pbx.reporting.intervals import Interval, day
from pbx.reporting.queries import queue_figures, trunk_figures
from pbx.store import schema
from tests.pbx.reporting.ledger import ALL, THRESHOLDS, Ledger
from tests.pbx.reporting.test_people import item
from tests.support.journeys import T0, Journey, answered

WARSAW = ZoneInfo("Europe/Warsaw")
EVE, NEXT = day(date(2026, 10, 23), WARSAW), day(date(2026, 10, 24), WARSAW)
MIDNIGHT = NEXT.start_us / 1e6


def sales(ledger: Ledger, interval: Interval) -> QueueFigures:
    return next(one for one in queue_figures(ledger.connection, interval, THRESHOLDS) if one.queue == "sales")


def test_who_joins_before_midnight_and_is_answered_after_it_is_of_the_first_day() -> None:
    """With his wait, talk and wrap-up, though all of those lie in the second."""
    call = answered(1, start=MIDNIGHT - 11, wait_s=15.0, talk_s=60.0)  # joins at 23:59:50, answered at 00:00:05
    with Ledger() as ledger:
        ledger.tell(call)
        first, second = sales(ledger, EVE), sales(ledger, NEXT)
    assert (first.offered, first.answered, first.wait_answered_s, first.talk_s) == (1, 1, 15.0, 60.0)
    assert (second.offered, second.answered, second.talk_s) == (0, 0, 0.0)


def test_the_agents_time_is_cut_at_midnight_and_his_answer_is_not() -> None:
    call = answered(1, start=MIDNIGHT - 11, wait_s=5.0, talk_s=60.0)
    start = MIDNIGHT - T0
    with Ledger() as ledger:
        ledger.tell(call)
        ledger.agent("101", ("talking", start - 5, start + 55), ("wrapup", start + 55, start + 95), call=1)
        (first,) = agent_figures(ledger.connection, EVE, NEXT.end_us)
        (second,) = agent_figures(ledger.connection, NEXT, NEXT.end_us)
    assert (first.answered, first.talk_s, first.states) == (1, 60.0, {"talking": 5.0})
    assert (second.answered, second.talk_s, second.states) == (0, 0.0, {"talking": 55.0, "wrapup": 40.0})
    assert second.aht_s is None  # who answered nobody has no handling time


def test_wrap_up_that_is_open_at_the_end_of_the_period_counts_as_far_as_it_lies_in_it() -> None:
    with Ledger() as ledger:
        present = {"agent": "101", "state": "wrapup", "since_us": EVE.end_us - 30_000_000, "reason": "", "call_id": ""}
        ledger.connection.execute(schema.agent_states.insert(), present)
        (first,) = agent_figures(ledger.connection, EVE, NEXT.start_us + 12_000_000)
        (second,) = agent_figures(ledger.connection, NEXT, NEXT.start_us + 12_000_000)
    assert (first.states, second.states) == ({"wrapup": 30.0}, {"wrapup": 12.0})


def test_ring_all_is_one_caller_and_no_missed_offer_of_those_who_were_slower() -> None:
    call = Journey(1).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    for number in range(3):
        call.add(Kind.QUEUE_OFFERED, queue="sales", agent=f"10{number}", leg=f"b{number}", by="ring_all")
    call.at(7)
    for number in (0, 2):
        call.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent=f"10{number}", leg=f"b{number}", reason="lost")
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=6.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    with Ledger() as ledger:
        ledger.tell(call.at(60).end().events)
        queue = sales(ledger, ALL)
        agents = {one.agent: one for one in agent_figures(ledger.connection, ALL, NEXT.end_us)}
    assert (queue.offered, queue.answered, queue.offers, queue.offers_missed) == (1, 1, 3, 0)
    assert [agents[f"10{n}"].rona for n in range(3)] == [0.0, 0.0, 0.0]
    assert [agents[f"10{n}"].answered for n in range(3)] == [0, 1, 0]


def test_a_callback_is_of_the_day_on_which_it_was_asked_for() -> None:
    asked = item(77, MIDNIGHT - 60, "reached")
    asked.kind, asked.automatic = type(asked.kind).CALLBACK, True
    call = Journey(2, MIDNIGHT + 30).begin("callback", direction="outbound", contact=asked.id)
    call.at(20).add(Kind.CALLBACK_BRIDGED, contact=asked.id, queue="sales", agent="101", mode="agent_first", attempt=1)
    call.events[-1].data.update(speed_s=110.0, age_s=110.0, hold_s=1.0)
    call.add(Kind.CALLBACK_ENDED, contact=asked.id, queue="sales", mode="agent_first", attempt=1, outcome="reached")
    with Ledger() as ledger:
        ledger.item(asked).tell(call.end().events)
        (first,) = callback_figures(ledger.connection, EVE)
        assert callback_figures(ledger.connection, NEXT) == []
    assert (first.base, first.reached, first.speeds_s) == (1, 1, [110.0])


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
def test_a_clock_that_is_set_during_a_call_loses_and_doubles_nothing(step: float) -> None:
    """Wait and talk are measured on a clock that never jumps, and no length is below nothing."""
    call = Journey(1, MIDNIGHT - 100).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").add(Kind.LEG_STARTED, "b1", trunk="first")
    call.start += step
    call.at(11).add(Kind.LEG_ANSWERED, "b1").add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=10.0)
    call.add(Kind.BRIDGE_STARTED, with_leg="b1").at(71).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0)
    call.add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    with Ledger() as ledger:
        ledger.tell(call.end().events)
        first = sales(ledger, EVE)
        (trunk,) = trunk_figures(ledger.connection, ALL)
        offer = ledger.connection.execute(schema.queue_offers.select()).one()
    assert (first.offered, first.answered, first.wait_answered_s, first.talk_s) == (1, 1, 10.0, 60.0)
    assert (trunk.seizures, trunk.answered, trunk.billed_s) == (1, 1, 60.0)
    assert offer.outcome == "accepted"
    assert offer.alert_s >= 0
