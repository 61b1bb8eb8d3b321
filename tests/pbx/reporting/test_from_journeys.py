"""Every figure of queues comes from the journey: the field's sample, and what must not distort the figures."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from pbx.events import CallEvent, Kind
from pbx.reporting.figures import TrunkFigures
from pbx.reporting.queries import trunk_figures
from pbx.reporting.service_level import Formula
from pbx.store import schema
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import T0, Journey, abandoned, answered, left, seizure


def test_the_sample_of_the_six_service_levels_from_journeys() -> None:
    waits = [5.0] * 860 + [40.0] * 140
    gave_up = [3.0] * 10 + [12.0] * 10 + [45.0] * 40
    journeys = [answered(number, wait_s=wait) for number, wait in enumerate(waits, 1)]
    journeys += [abandoned(number, wait_s=wait) for number, wait in enumerate(gave_up, 2001)]
    with Ledger() as ledger:
        sales = ledger.tell(*journeys).queue()
    assert (sales.offered, sales.answered, sales.abandoned, sales.flowed_out) == (1060, 1000, 60, 0)
    found = [round((sales.service_level(formula) or 0) * 100, 2) for formula in Formula]
    assert found == [83.02, 86.00, 81.13, 82.69, 82.08, 81.90]
    assert sales.asa_s == pytest.approx((860 * 5 + 140 * 40) / 1000)
    assert sales.time_to_abandon_s == pytest.approx((30 + 120 + 1800) / 60)
    assert sales.longest_wait_s == 45
    assert sales.abandonment_rate == pytest.approx(60 / 1060)
    assert sales.adjusted_abandonment_rate == pytest.approx(50 / 1050)


def test_the_network_sample_from_journeys() -> None:
    """1000 seizures, 520 answered, 120 busy, 200 no answer, 60 rejected: ASR 52 %, NER 90 %."""
    ends = [(200, 520), (486, 120), (480, 200), (603, 60), (503, 100)]
    journeys: list[list[CallEvent]] = []
    for status, count in ends:
        for _ in range(count):
            talk_s = 90.0 if status == 200 else 0.0
            journeys.append(seizure(len(journeys) + 1, status, talk_s=talk_s, rang=status != 503))
    with Ledger() as ledger:
        (carrier,) = trunk_figures(ledger.tell(*journeys).connection, ALL)
    assert isinstance(carrier, TrunkFigures)
    assert (carrier.seizures, carrier.answered, carrier.failed) == (1000, 520, 100)
    assert carrier.asr == 0.52
    assert carrier.ner == 0.90
    assert carrier.average_call_duration_s == 90.0
    assert carrier.pdd_s == 2.0


# -- what must not distort ---------------------------------------------------------------------------------------------


def transferred() -> list[CallEvent]:
    """Answered after 6 s by 101, after a minute transferred to 102 in the same call, who talks for five."""
    call = Journey(1).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1")
    call.at(7).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=6.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(67).add(Kind.TRANSFER_STARTED, by="101", to="102", method="refer")
    call.add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0).add(Kind.LEG_STARTED, "b2", role="callee", target="102")
    call.at(75).add(Kind.BRIDGE_STARTED, with_leg="b2").add(Kind.TRANSFER_COMPLETED, by="101", to="102", method="refer")
    call.at(375).add(Kind.BRIDGE_ENDED, with_leg="b2", talk_s=300.0)
    return call.end().events


def test_a_transfer_is_one_answered_caller_and_the_agents_own_talk() -> None:
    with Ledger() as ledger:
        sales = ledger.tell(transferred()).queue()
    assert (sales.offered, sales.answered, sales.wait_answered_s) == (1, 1, 6.0)
    assert sales.talk_s == 60.0  # the hour that 102 may talk is nobody's of the queue
    assert sales.service_level(Formula.SL4) == 1.0


def overflowed() -> list[CallEvent]:
    """90 s alone in sales; a guest of support for 20 more, where 201 answers after 101 and 202 did not."""
    call = Journey(1).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=3)
    call.at(31).add(Kind.QUEUE_ANNOUNCED, queue="sales", position=2, low_s=60, high_s=120, quantile=0.8)
    call.at(61).add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1", by="linear")
    call.at(76).add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", leg="b1", reason="no_answer")
    call.at(91).add(Kind.QUEUE_OVERFLOWED, queue="sales", to="support", wait_s=90.0)
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="202", leg="b2", by="linear", through="support")
    call.at(101).add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="202", leg="b2", reason="no_answer")
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="201", leg="b3", by="linear", through="support")
    call.at(111).add(Kind.QUEUE_LEFT, queue="sales", wait_s=90.0, reason="overflow", to="support")
    call.add(Kind.QUEUE_JOINED, queue="support", position=1, overflowed_from="sales", waited_s=20.0)
    call.add(Kind.QUEUE_ANSWERED, queue="support", agent="201", wait_s=20.0).add(Kind.BRIDGE_STARTED, with_leg="b3")
    call.at(171).add(Kind.BRIDGE_ENDED, with_leg="b3", talk_s=60.0)
    call.add(Kind.WRAPUP_ENDED, queue="support", agent="201", code="order", note="", wrapup_s=5.0)
    return call.end().events


def test_overflow_is_a_flow_out_of_the_one_queue_and_an_arrival_of_the_other() -> None:
    with Ledger() as ledger:
        ledger.tell(overflowed())
        sales, support = ledger.queue(), ledger.queue("support")
        cdr = ledger.connection.execute(select(schema.cdrs.c.queue, schema.cdrs.c.wait_s, schema.cdrs.c.agent)).one()
        visit = schema.queue_visits.c
        stays = ledger.connection.execute(
            select(visit.queue, visit.outcome, visit.joined_us, visit.ended_us, visit.wrapup_code).order_by(visit.visit)
        ).all()
        offers = ledger.connection.execute(
            select(schema.queue_offers.c.queue, schema.queue_offers.c.agent, schema.queue_offers.c.outcome)
        ).all()
        promise = ledger.connection.execute(select(schema.wait_promises.c.outcome, schema.wait_promises.c.queue)).one()
    assert (sales.offered, sales.answered, sales.abandoned, sales.flows) == (1, 0, 0, {"overflow": 1})
    assert (support.offered, support.answered, support.wait_answered_s, support.talk_s) == (1, 1, 20.0, 60.0)
    assert support.service_level(Formula.SL4) == 1.0  # within 20 s of his coming
    assert (sales.offers, sales.offers_missed, support.offers, support.offers_missed) == (1, 1, 2, 1)
    assert tuple(cdr) == ("support", 110.0, "201")
    start_us = round(T0 * 1e6)
    assert [tuple(stay) for stay in stays] == [
        ("sales", "overflow", start_us + 1_000_000, start_us + 91_000_000, ""),
        ("support", "answered", start_us + 91_000_000, start_us + 111_000_000, "order"),
    ]
    assert [tuple(offer) for offer in offers] == [
        ("sales", "101", "no_answer"),
        ("support", "202", "no_answer"),
        ("support", "201", "accepted"),
    ]
    assert tuple(promise) == ("kept", "sales")  # within 120 s of being said, by whomever


def test_a_transfer_into_another_queue_is_offered_and_answered_there() -> None:
    call = Journey(1).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.at(7).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=6.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(67).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0)
    call.add(Kind.QUEUE_JOINED, queue="support", position=1)
    call.at(107).add(Kind.QUEUE_ANSWERED, queue="support", agent="201", wait_s=40.0)
    call.add(Kind.BRIDGE_STARTED, with_leg="b2").at(207).add(Kind.BRIDGE_ENDED, with_leg="b2", talk_s=100.0)
    with Ledger() as ledger:
        ledger.tell(call.end().events)
        sales, support = ledger.queue(), ledger.queue("support")
    assert (sales.answered, sales.wait_answered_s, sales.talk_s) == (1, 6.0, 60.0)
    assert (support.answered, support.wait_answered_s, support.talk_s) == (1, 40.0, 100.0)


def test_offers_again_leave_one_caller_with_his_whole_wait() -> None:
    call = Journey(1).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    for number in range(3):
        call.at(1 + 8 * number).add(Kind.QUEUE_OFFERED, queue="sales", agent=f"10{number}", leg=f"b{number}")
        call.at(9 + 8 * number)
        call.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent=f"10{number}", leg=f"b{number}", reason="no_answer")
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="109", leg="b9")
    call.at(28).add(Kind.QUEUE_ANSWERED, queue="sales", agent="109", wait_s=27.0).at(60)
    with Ledger() as ledger:
        sales = ledger.tell(call.end().events).queue()
    assert (sales.offered, sales.answered, sales.wait_answered_s) == (1, 1, 27.0)
    assert (sales.offers, sales.offers_missed, sales.missed_offer_rate) == (4, 3, 0.75)
    assert sales.service_level(Formula.SL4) == 0.0


def test_calls_for_contacts_are_no_callers_of_the_queue() -> None:
    callback = Journey(2).begin(direction="outbound", contact="c" * 32)
    callback.at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    callback.at(900).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=899.0)
    callback.add(Kind.BRIDGE_STARTED, with_leg="b1").at(990).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=90.0)
    with Ledger() as ledger:
        ledger.tell(answered(1, wait_s=6.0), callback.end().events)
        ledger.agent("101", ("wrapup", 990, 1090), call=2)
        sales = ledger.queue()
    assert (sales.offered, sales.answered, sales.wait_answered_s, sales.wrapup_s) == (1, 1, 6.0, 0.0)
    assert sales.service_level(Formula.SL4) == 1.0


def test_a_callback_that_was_accepted_in_the_queue_is_flow_out_and_not_abandoned() -> None:
    with Ledger() as ledger:
        ledger.tell(
            answered(1),
            left(2, reason="callback"),
            left(3, reason="callback"),
            left(4, reason="voicemail"),
            abandoned(5),
        )
        sales = ledger.queue()
    assert (sales.offered, sales.answered, sales.abandoned, sales.flowed_out) == (5, 1, 1, 3)
    assert sales.flows == {"callback": 2, "voicemail": 1}
    assert sales.abandonment_rate == 1 / 5


def test_an_agent_who_answers_the_same_caller_twice_wraps_up_once_for_each() -> None:
    call = Journey(1).begin().at(1)
    for start in (1, 201):
        call.at(start).add(Kind.QUEUE_JOINED, queue="sales", position=1).at(start + 5)
        call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=5.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
        call.at(start + 65).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0)
        wrapup_s = 10.0 if start == 1 else 20.0
        call.at(start + 65 + wrapup_s).add(Kind.WRAPUP_ENDED, agent="101", code="", note="", wrapup_s=wrapup_s)
    with Ledger() as ledger:
        ledger.tell(call.end().events)
        assert ledger.queue().wrapup_s == 30.0
        assert ledger.queue().aht_s == (120 + 30) / 2


# -- derived again -----------------------------------------------------------------------------------------------------


def told(number: int, wait_s: float) -> list[CallEvent]:
    """Announced, offered twice, answered."""
    call = Journey(number, T0 + number).begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=2).at(6)
    call.add(Kind.QUEUE_ANNOUNCED, queue="sales", position=2, low_s=0, high_s=60, quantile=0.8)
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").at(9)
    call.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", leg="b1", reason="busy")
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="102", leg="b2").at(1 + wait_s)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="102", wait_s=wait_s).add(Kind.BRIDGE_STARTED, with_leg="b2")
    return call.at(100 + wait_s).end().events


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["answered", "abandoned", "left", "told", "seizure"]), max_size=12), st.integers())
def test_the_order_in_which_rows_of_different_calls_arrive_changes_nothing(kinds: list[str], seed: int) -> None:
    makers = {
        "answered": lambda number: answered(number, wait_s=float(number)),
        "abandoned": lambda number: abandoned(number, wait_s=float(number)),
        "left": lambda number: left(number),
        "told": lambda number: told(number, 20.0 * number),
        "seizure": lambda number: seizure(number, 200, talk_s=10.0),
    }
    journeys = [makers[kind](number) for number, kind in enumerate(kinds, 1)]
    if not journeys:
        return
    with Ledger() as one, Ledger() as other:
        plain = one.tell(*journeys)
        mixed = other.tell(*journeys, shuffle=random.Random(seed))
        assert plain.dump() == mixed.dump()
        assert plain.queue() == mixed.queue()
        before = mixed.dump()
        assert mixed.derive() == len(journeys)
        assert mixed.dump() == before
