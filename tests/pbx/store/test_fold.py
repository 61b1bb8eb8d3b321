"""The CDR of each kind of call, and that no order of events can break it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.events import CallEvent, Kind
from pbx.store.encode import from_json, json_text, micros
from pbx.store.fold import CallFold
from pbx.store.outcome import Outcome, classify
from tests.support.journeys import T0, Journey, abandoned, answered, left, seizure


def fold(events: list[CallEvent]) -> CallFold:
    out = CallFold(events[0].call_id, zone="Europe/Warsaw")
    for event in events:
        out.add(event.kind, event.leg, micros(event.at), event.data)
    return out


def test_an_answered_queue_call() -> None:
    done = fold(answered(wait_s=6.0, talk_s=60.0))
    cdr = done.cdr()
    assert (cdr.caller, cdr.callee, cdr.did, cdr.trunk) == ("+48221234567", "600", "600", "carrier")
    assert (cdr.application, cdr.queue, cdr.agent, cdr.zone) == ("flow:hotline", "sales", "101", "Europe/Warsaw")
    assert (cdr.wait_s, cdr.talk_s, cdr.hold_s, cdr.setup_s) == (6.0, 60.0, 0.0, 0.1)
    assert (cdr.duration_s, cdr.billed_s) == (67.0, pytest.approx(66.9))
    assert (cdr.started_us, cdr.ended_us) == (micros(T0), micros(T0 + 67))
    assert (cdr.cause, cdr.sip_status, cdr.ended_by, cdr.abandoned) == ("normal", 200, "caller", False)
    assert (cdr.rx_packets, cdr.lost_packets, cdr.jitter_ms, cdr.legs) == (3000, 3, 1.5, 1)
    (visit,) = done.visit_records()
    assert (visit.outcome, visit.agent, visit.wait_s, visit.talk_s) == ("answered", "101", 6.0, 60.0)
    assert (visit.position, visit.offers, visit.offers_missed) == (2, 1, 0)
    assert done.trunk_records() == []


def test_a_caller_who_gives_up_is_abandoned_with_his_wait() -> None:
    done = fold(abandoned(wait_s=30.0))
    assert done.cdr().abandoned
    assert done.cdr().wait_s == 30.0
    assert done.visit_records()[0].outcome == "abandoned"


def test_an_end_that_the_queue_did_not_tell_of() -> None:
    call = Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1).at(9).end(by="caller")
    (visit,) = fold(call.events).visit_records()
    assert (visit.outcome, visit.wait_s) == ("abandoned", 8.0)
    call = Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1).at(9).end("shutdown", by="pbx")
    (visit,) = fold(call.events).visit_records()
    assert (visit.outcome, visit.wait_s) == ("shutdown", 8.0)


def test_a_full_queue_tells_no_join() -> None:
    call = Journey().begin().at(1).add(Kind.QUEUE_LEFT, queue="sales", wait_s=0.0, reason="full").at(2).end()
    (visit,) = fold(call.events).visit_records()
    assert (visit.queue, visit.outcome, visit.wait_s) == ("sales", "full", 0.0)


def test_overflow_makes_two_visits_and_talk_belongs_to_the_second() -> None:
    call = Journey().begin().add(Kind.CALL_ANSWERED)
    call.at(1).add(Kind.QUEUE_JOINED, queue="sales", position=3)
    call.at(11).add(Kind.QUEUE_LEFT, queue="sales", wait_s=10.0, reason="timeout")
    call.add(Kind.QUEUE_JOINED, queue="backup", position=1)
    call.at(15).add(Kind.QUEUE_OFFERED, queue="backup", agent="102", leg="b1")
    call.at(20).add(Kind.QUEUE_OFFER_ENDED, queue="backup", agent="102", reason="no_answer")
    call.add(Kind.QUEUE_OFFERED, queue="backup", agent="103", leg="b2")
    call.add(Kind.QUEUE_OFFERED, queue="backup", agent="104", leg="b3")
    call.at(22).add(Kind.QUEUE_OFFER_ENDED, queue="backup", agent="104", reason="lost")
    call.add(Kind.QUEUE_ANSWERED, queue="backup", agent="103", wait_s=11.0)
    call.add(Kind.BRIDGE_STARTED, with_leg="b2")
    call.at(52).add(Kind.BRIDGE_ENDED, with_leg="b2", talk_s=30.0).end()
    done = fold(call.events)
    first, second = done.visit_records()
    assert (first.queue, first.outcome, first.wait_s, first.talk_s) == ("sales", "timeout", 10.0, 0.0)
    assert (second.queue, second.outcome, second.agent, second.talk_s) == ("backup", "answered", "103", 30.0)
    assert (second.offers, second.offers_missed) == (3, 1)
    cdr = done.cdr()
    assert (cdr.queue, cdr.agent, cdr.wait_s, cdr.abandoned) == ("backup", "103", 21.0, False)


def test_hold_is_not_talk_and_two_holds_at_once_count_once() -> None:
    call = Journey().begin("extension:101").at(1).add(Kind.CALL_ANSWERED).add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(11).add(Kind.HOLD_STARTED).at(16).add(Kind.HOLD_STARTED, "b1").at(21).add(Kind.HOLD_ENDED, hold_s=10.0)
    call.at(31).add(Kind.HOLD_ENDED, "b1", hold_s=15.0).at(61).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0).end()
    cdr = fold(call.events).cdr()
    assert (cdr.hold_s, cdr.talk_s) == (20.0, 40.0)


def test_a_bridge_told_by_both_legs_counts_once() -> None:
    call = Journey().begin().add(Kind.BRIDGE_STARTED, with_leg="b1").add(Kind.BRIDGE_STARTED, "b1", with_leg="a")
    call.at(10).add(Kind.BRIDGE_ENDED, with_leg="b1").add(Kind.BRIDGE_ENDED, "b1", with_leg="a").end()
    assert fold(call.events).cdr().talk_s == 10.0


def test_what_comes_after_the_end_refines_the_record() -> None:
    events = answered()
    late = CallEvent(Kind.RECORDING_ENDED, events[0].call_id, "a", T0 + 70, {"recording": "x", "duration_s": 59.5})
    done = fold([*events[:-1], CallEvent(Kind.RECORDING_STARTED, "", "a", T0 + 8, {"path": "x.wav"}), events[-1], late])
    cdr = done.cdr()
    assert (cdr.recording, cdr.recording_s, cdr.ended_us) == ("x.wav", 59.5, micros(T0 + 67))


def test_a_call_without_an_end_ends_at_its_last_sign_of_life() -> None:
    done = fold(answered()[:9])  # bridged
    assert not done.ended
    assert done.cdr().ended_us == micros(T0 + 7)


@pytest.mark.parametrize(
    ("status", "is_answered", "rang", "outcome"),
    [
        (200, True, True, Outcome.ANSWERED),
        (486, False, False, Outcome.BUSY),
        (600, False, True, Outcome.BUSY),
        (408, False, True, Outcome.NO_ANSWER),
        (480, False, True, Outcome.NO_ANSWER),
        (487, False, True, Outcome.NO_ANSWER),
        (408, False, False, Outcome.FAILURE),
        (480, False, False, Outcome.FAILURE),
        (487, False, False, Outcome.FAILURE),
        (403, False, False, Outcome.REJECTED),
        (603, False, True, Outcome.REJECTED),
        (433, False, False, Outcome.REJECTED),
        (404, False, False, Outcome.FAILURE),
        (503, False, True, Outcome.FAILURE),
        (0, False, False, Outcome.FAILURE),
    ],
)
def test_outcome_of_a_seizure(status: int, is_answered: bool, rang: bool, outcome: Outcome) -> None:
    assert classify(status, answered=is_answered, rang=rang) is outcome


def test_seizures() -> None:
    (call,) = fold(seizure(1, 200, talk_s=100.0)).trunk_records()
    assert (call.trunk, call.outcome, call.pdd_s, call.billed_s) == ("carrier", "answered", 2.0, 100.0)
    (call,) = fold(seizure(1, 486, rang=False)).trunk_records()
    assert (call.outcome, call.pdd_s, call.billed_s) == ("busy", None, 0.0)


def test_each_trunk_that_failed_is_a_seizure_of_its_own() -> None:
    call = Journey(1).begin("outbound:0600", direction="outbound", trunk="", caller="101")
    call.add(Kind.LEG_STARTED, "b1", role="callee", target="+48601", trunk="first")
    failed = {"trunk": "first", "sip_status": 503, "q850": 34, "next_trunk": "second"}
    call.at(1).add(Kind.TRUNK_FAILED, "b1", **failed)
    call.at(3).add(Kind.LEG_ANSWERED, "b1").add(Kind.CALL_ANSWERED)
    call.at(63).add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    call.add(Kind.LEG_CHARGED, "b1", trunk="second", cost=0.12, currency="PLN", seconds=60)
    call.add(Kind.LEG_CHARGED, "a", trunk="tollfree", cost=0.5, currency="PLN", seconds=0)
    found = fold(call.end(status=200, by="callee", setup_s=3.0).events)
    first, second = sorted(found.trunk_records(), key=lambda record: record.started_us)
    assert (first.leg, first.trunk, first.sip_status, first.outcome) == ("b1.1", "first", 503, "failure")
    assert (second.leg, second.trunk, second.outcome, second.billed_s, second.cost) == (
        "b1",
        "second",
        "answered",
        60.0,
        0.12,
    )
    assert found.cdr().cost == pytest.approx(0.62)
    assert found.cdr().legs == 1, "it was one leg"


def test_a_far_end_that_moves_is_no_second_seizure() -> None:
    """Metrics D1: a seizure is an INVITE. What is talked after a transfer is billed all the same."""
    call = Journey(1).begin("extension:101", direction="internal", trunk="", caller="102")
    call.add(Kind.LEG_STARTED, "b1", role="callee", target="+48601", trunk="carrier", moved=True)
    call.at(5).add(Kind.LEG_ANSWERED, "b1").add(Kind.TRUNK_CONTINUED, "b1", trunk="carrier", target="+48601")
    call.at(65).add(Kind.LEG_CHARGED, "b1", trunk="carrier", cost=0.3, currency="PLN", seconds=60)
    call.add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    (record,) = fold(call.end(status=200, by="callee").events).trunk_records()
    assert (record.outcome, record.billed_s, record.cost, record.pdd_s) == ("continued", 60.0, 0.3, None)


def test_an_inbound_party_that_moves_is_none_either() -> None:
    call = Journey(1).begin("extension:101", direction="inbound", trunk="carrier", caller="+48600")
    call.add(Kind.LEG_STARTED, "b1", role="callee", target="+48600", trunk="carrier", moved=True)
    call.at(5).add(Kind.LEG_ANSWERED, "b1").at(9).add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    assert fold(call.end(status=200, by="callee").events).trunk_records() == []


def test_a_leg_that_another_far_end_takes_over_is_billed_in_two_parts() -> None:
    call = Journey(1).begin("outbound:0600", direction="outbound", trunk="", caller="101")
    call.add(Kind.LEG_STARTED, "b1", role="callee", target="+48601", trunk="first")
    call.at(2).add(Kind.LEG_ANSWERED, "b1")
    call.at(12).add(Kind.TRUNK_CONTINUED, "b1", trunk="second", target="+48602")
    call.at(42).add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    records = fold(call.end(status=200, by="callee").events).trunk_records()
    assert [(r.leg, r.trunk, r.outcome, r.billed_s) for r in records] == [
        ("b1.1", "first", "answered", 10.0),
        ("b1", "second", "continued", 30.0),
    ]


def test_what_is_known_of_the_numbers_is_in_the_record() -> None:
    known = {"tag": "spring", "campaign": "tractors", "caller_country": "PL", "caller_type": "mobile"}
    events = Journey(1).begin("echo").end(status=200, by="caller").events
    events[0].data.update(known)
    cdr = fold(events).cdr()
    assert (cdr.tag, cdr.campaign, cdr.medium, cdr.caller_country, cdr.caller_region, cdr.caller_type) == (
        "spring",
        "tractors",
        "",
        "PL",
        "",
        "mobile",
    )


def test_an_inbound_trunk_is_no_seizure() -> None:
    assert fold(Journey().begin("echo", trunk="carrier").end().events).trunk_records() == []


def test_a_call_that_we_begin_outside_is_one() -> None:
    """Its first leg is the caller's by its role, and an INVITE of ours to the trunk all the same."""
    call = Journey(1).begin("queue:sales", direction="outbound", trunk="", caller="+48601")
    call.add(Kind.LEG_STARTED, "a", role="caller", target="+48601", trunk="carrier")
    call.at(4).add(Kind.LEG_ANSWERED, "a").at(64).add(Kind.LEG_ENDED, "a", sip_status=200, cause="normal")
    (record,) = fold(call.end(status=200, by="caller").events).trunk_records()
    assert (record.outcome, record.billed_s) == ("answered", 60.0)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.booleans(),
    st.lists(st.integers(0, 9), max_size=2),
)
KEYS = st.sampled_from(
    [
        *("queue", "agent", "wait_s", "with_leg", "sip_status", "trunk"),
        *("role", "cause", "ended_by", "setup_s", "hold_s", "talk_s"),
    ]
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(list(Kind)),
        st.sampled_from(["a", "b1", "b2"]),
        st.integers(min_value=0, max_value=10**9),
        st.dictionaries(KEYS, VALUES, max_size=4),
    ),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(EVENTS)
def test_no_order_of_events_breaks_the_record(steps: list[tuple[Kind, str, int, dict[str, Any]]]) -> None:
    out = CallFold("x")
    for kind, leg, at_us, data in steps:
        out.add(kind, leg, at_us, data)
    cdr = out.cdr()
    assert cdr.ended_us >= cdr.started_us
    for value in (cdr.wait_s, cdr.talk_s, cdr.hold_s, cdr.duration_s, cdr.billed_s):
        assert value >= 0
    for visit in out.visit_records():
        assert visit.wait_s >= 0
        assert visit.talk_s >= 0
    for call in out.trunk_records():
        assert call.billed_s >= 0


@settings(deadline=None)
@given(EVENTS)
def test_the_journey_read_back_gives_the_same_record(steps: list[tuple[Kind, str, int, dict[str, Any]]]) -> None:
    live, again = CallFold("x"), CallFold("x")
    for kind, leg, at_us, data in steps:
        live.add(kind, leg, at_us, data)
        again.add(str(kind.value), leg, at_us, from_json(json_text(data)))
    assert live.cdr() == again.cdr()
    assert live.visit_records() == again.visit_records()


def test_flow_out() -> None:
    done = fold(left(reason="no_agents"))
    assert done.visit_records()[0].outcome == "no_agents"
    assert not done.cdr().abandoned


def test_wrap_up_belongs_to_the_visit_that_the_agent_served_also_after_the_end_of_the_call() -> None:
    done = fold(answered(wait_s=6.0, talk_s=60.0))
    told = {"queue": "sales", "agent": "101"}
    done.add(Kind.WRAPUP_NOTED, "a", micros(T0 + 70), {**told, "code": "order", "note": "two pairs"})
    done.add(Kind.WRAPUP_ENDED, "a", micros(T0 + 80), {**told, "code": "order", "note": "two pairs", "wrapup_s": 13.0})
    (visit,) = done.visit_records()
    assert (visit.wrapup_code, visit.wrapup_note, visit.wrapup_s) == ("order", "two pairs", 13.0)
    assert done.cdr().ended_us == micros(T0 + 67)


def test_a_crash_in_wrap_up_takes_no_code_away() -> None:
    done = fold(answered(wait_s=6.0, talk_s=60.0))
    noted = {"queue": "sales", "agent": "101", "code": "order", "note": "x"}
    done.add(Kind.WRAPUP_NOTED, "a", micros(T0 + 70), noted)
    ended = {"agent": "101", "code": "TIMEOUT", "note": "", "wrapup_s": 4.0}
    done.add(Kind.WRAPUP_ENDED, "a", micros(T0 + 74), ended)
    (visit,) = done.visit_records()
    assert (visit.wrapup_code, visit.wrapup_note, visit.wrapup_s) == ("order", "x", 4.0)
    done.add(Kind.WRAPUP_ENDED, "a", micros(T0 + 75), {"agent": "999", "code": "TIMEOUT", "wrapup_s": 9.0})
    assert done.visit_records()[0].wrapup_s == 4.0, "of an agent who served nobody here"
