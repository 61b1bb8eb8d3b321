"""What of a queue's talk was hold, however the hold ends; and what a clock that is set does to it."""

from __future__ import annotations

import pytest

from pbx.events import Kind
from pbx.store.records import QueueVisit
from tests.pbx.store.test_stays import fold, offers, promises, told
from tests.support.journeys import Journey


def talking() -> Journey:
    call = Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.at(5).add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").at(10)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=9.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    return call.at(40).add(Kind.HOLD_STARTED, "b1").at(100)


def spoken(call: Journey) -> tuple[float, float, float, float]:
    """Talk and hold of the visit, and of the call."""
    done = fold(call.events)
    visit: QueueVisit = done.visit_records()[0]
    cdr = done.cdr()
    return visit.talk_s, visit.hold_s, cdr.talk_s, cdr.hold_s


def test_a_caller_who_hangs_up_on_hold_was_held() -> None:
    """His bridge ends before the agent's leg, which holds, is closed."""
    call = talking().add(Kind.LEG_ENDED, sip_status=200, cause="normal")
    call.add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=90.0)
    assert spoken(call) == (30.0, 60.0, 30.0, 60.0)  # so far
    call.add(Kind.HOLD_ENDED, "b1", hold_s=60.0).add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    assert spoken(call.end()) == (30.0, 60.0, 30.0, 60.0)


def test_an_agent_who_hangs_up_while_he_holds_held() -> None:
    call = talking().add(Kind.HOLD_ENDED, "b1", hold_s=60.0).add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    assert spoken(call.add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=90.0).end()) == (30.0, 60.0, 30.0, 60.0)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_during_a_hold_changes_no_length(step: float) -> None:
    call = talking()
    call.start += step
    call.at(100).add(Kind.HOLD_ENDED, "b1", hold_s=60.0).at(130).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=120.0)
    talk_s, hold_s, *_ = spoken(call.end())
    assert (talk_s, hold_s) == (60.0, 60.0)


def test_a_hold_that_began_before_the_talk_counts_from_its_beginning() -> None:
    call = Journey().begin().at(1).add(Kind.HOLD_STARTED).at(5).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    call.at(10).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=5.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(30).add(Kind.HOLD_ENDED, hold_s=29.0).at(70).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0)
    assert spoken(call.end())[:2] == (40.0, 20.0)


def test_a_test_call_is_no_offer_and_no_promise_of_anybody() -> None:
    call = told(talking(), 2, 30.0, 60.0).add(Kind.TEST_CALL, test="hotline")
    assert fold(call.end().events).visit_records() == []
    assert offers(call.events) == []
    assert promises(call.events) == []
