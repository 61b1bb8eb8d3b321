"""What is derived of a stay in a queue: offers with their alert times, promised waits and what became of them."""

from __future__ import annotations

import pytest

from pbx.events import CallEvent, Kind
from pbx.store.encode import micros
from pbx.store.fold import CallFold
from pbx.store.records import QueueOffer, WaitPromise
from tests.support.journeys import T0, Journey, answered


def fold(events: list[CallEvent]) -> CallFold:
    out = CallFold(events[0].call_id, zone="Europe/Warsaw")
    for event in events:
        out.add(event.kind, event.leg, micros(event.at), event.data)
    return out


def offers(events: list[CallEvent]) -> list[QueueOffer]:
    return [record for record in fold(events).wait_records() if isinstance(record, QueueOffer)]


def promises(events: list[CallEvent]) -> list[WaitPromise]:
    return [record for record in fold(events).wait_records() if isinstance(record, WaitPromise)]


def waiting() -> Journey:
    return Journey().begin().at(1).add(Kind.QUEUE_JOINED, queue="sales", position=3)


def told(call: Journey, at: float, low_s: float, high_s: float) -> Journey:
    position = 2
    return call.at(at).add(
        Kind.QUEUE_ANNOUNCED, queue="sales", position=position, low_s=low_s, high_s=high_s, quantile=0.8
    )


def test_an_accepted_offer_has_its_alert_time() -> None:
    (offer,) = offers(answered(wait_s=6.0))
    assert (offer.agent, offer.queue, offer.outcome, offer.alert_s) == ("101", "sales", "accepted", 3.0)
    assert (offer.offer, offer.visit, offer.offered_us) == (1, 1, micros(T0 + 4))


def test_offers_of_callbacks_are_the_agents_like_others() -> None:
    """The first did not answer, the second did not press the key, the third has the customer."""
    call = Journey().begin("callback", direction="outbound", contact="c1")
    for number, agent in enumerate(("101", "102", "103")):
        call.at(10 * number).add(Kind.CALLBACK_OFFERED, contact="c1", queue="sales", agent=agent, leg=f"b{number}")
    call.at(21).add(Kind.CALLBACK_OFFER_ENDED, contact="c1", queue="sales", agent="101", reason="no_answer")
    call.at(22).add(Kind.LEG_ANSWERED, "b1").at(25)
    call.add(Kind.CALLBACK_OFFER_ENDED, contact="c1", queue="sales", agent="102", reason="no_answer")
    call.at(26).add(Kind.LEG_ANSWERED, "b2").at(60).end()
    found = [(one.offer, one.visit, one.queue, one.agent, one.outcome, one.alert_s) for one in offers(call.events)]
    assert found == [
        (1, 0, "sales", "101", "no_answer", 21.0),
        (2, 0, "sales", "102", "no_answer", 15.0),
        (3, 0, "sales", "103", "accepted", 6.0),
    ]


def test_offers_that_were_not_accepted_come_before_the_one_that_was() -> None:
    call = waiting().at(2).add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1")
    call.at(22).add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", leg="b1", reason="no_answer")
    call.add(Kind.QUEUE_OFFERED, queue="sales", agent="102", leg="b2")
    call.at(25).add(Kind.QUEUE_ANSWERED, queue="sales", agent="102", wait_s=24.0).at(60).end()
    found = [(offer.offer, offer.agent, offer.outcome, offer.alert_s) for offer in offers(call.events)]
    assert found == [(1, "101", "no_answer", 20.0), (2, "102", "accepted", 3.0)]


def test_of_phones_that_rang_together_one_accepts_and_the_others_lose() -> None:
    call = waiting().at(2)
    for number in (1, 2, 3):
        call.add(Kind.QUEUE_OFFERED, queue="sales", agent=f"10{number}", leg=f"b{number}")
    call.at(5).add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", leg="b1", reason="lost")
    call.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="103", leg="b3", reason="lost")
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="102", wait_s=4.0).at(60).end()
    assert [(offer.agent, offer.outcome) for offer in offers(call.events)] == [
        ("101", "lost"),
        ("102", "accepted"),
        ("103", "lost"),
    ]


def test_an_offer_that_nobody_ended_was_lost_with_the_call() -> None:
    call = waiting().at(2).add(Kind.QUEUE_OFFERED, queue="sales", agent="101", leg="b1").at(9).end()
    (offer,) = offers(call.events)
    assert (offer.outcome, offer.alert_s) == ("lost", 7.0)


@pytest.mark.parametrize(("answer_at", "outcome"), [(100.0, "kept"), (126.0, "kept"), (126.1, "broken")])
def test_a_promise_is_kept_by_an_answer_in_time(answer_at: float, outcome: str) -> None:
    call = told(waiting(), 6, 60, 120).at(answer_at)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="102", wait_s=answer_at - 1).at(300).end()
    (promise,) = promises(call.events)
    assert promise.outcome == outcome
    assert promise.waited_s == pytest.approx(answer_at - 6)
    assert (promise.low_s, promise.high_s, promise.quantile, promise.position) == (60, 120, 0.8, 2)


@pytest.mark.parametrize(("left_at", "outcome"), [(50.0, "open"), (127.0, "broken")])
def test_who_gives_up_before_its_end_leaves_a_promise_open_and_later_it_is_broken(left_at: float, outcome: str) -> None:
    call = told(waiting(), 6, 60, 120).at(left_at)
    call.add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=left_at - 1, position=1).end()
    assert [promise.outcome for promise in promises(call.events)] == [outcome]


def test_each_promise_of_a_stay_stands_for_itself() -> None:
    call = told(told(waiting(), 6, 120, 240), 36, 60, 120).at(200)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", agent="102", wait_s=199.0).at(300).end()
    assert [(p.promise, p.outcome, p.high_s) for p in promises(call.events)] == [(1, "kept", 240), (2, "broken", 120)]


def test_an_announcement_without_a_wait_promises_nothing() -> None:
    call = waiting().at(6).add(Kind.QUEUE_ANNOUNCED, queue="sales", position=2, silent="data").at(9).end()
    assert promises(call.events) == []


def test_promises_of_two_queues_are_numbered_through() -> None:
    call = told(waiting(), 6, 0, 60).at(20).add(Kind.QUEUE_LEFT, queue="sales", wait_s=19.0, reason="timeout")
    call.at(21).add(Kind.QUEUE_JOINED, queue="second", position=1).at(26)
    call.add(Kind.QUEUE_ANNOUNCED, queue="second", position=1, low_s=0, high_s=60, quantile=0.8)
    call.at(40).add(Kind.QUEUE_ANSWERED, queue="second", agent="102", wait_s=19.0).at(300).end()
    found = [(p.promise, p.visit, p.queue, p.outcome) for p in promises(call.events)]
    assert found == [(1, 1, "sales", "open"), (2, 2, "second", "kept")]


def test_a_call_for_a_contact_is_marked_and_tells_when_two_people_met() -> None:
    call = (
        Journey().begin(direction="outbound", contact="c" * 32).at(2).add(Kind.QUEUE_JOINED, queue="sales", position=1)
    )
    call.at(3).add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=1.0)
    call.at(12).add(Kind.BRIDGE_STARTED, with_leg="b1").at(20).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=8.0)
    call.at(21).add(Kind.BRIDGE_STARTED, with_leg="b2").at(30).end()
    done = fold(call.events)
    assert done.cdr().contact == "c" * 32
    assert done.cdr().bridged_us == micros(T0 + 12)
    assert done.visit_records()[0].contact == "c" * 32
    assert fold(answered()).cdr().contact == ""
