"""The event bus: who hears what, in which order, and that no listener breaks another."""

from __future__ import annotations

from pbx.events import Alarm, CallEvent, EventBus, Kind


def call_event(kind: Kind) -> CallEvent:
    return CallEvent(kind, "1", "a", 0.0)


def test_a_listener_hears_only_the_kinds_it_named() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(CallEvent, lambda event: heard.append(("all", event.kind)))
    bus.subscribe(CallEvent, lambda event: heard.append(("ends", event.kind)), (Kind.CALL_ENDED, Kind.LEG_ENDED))
    for kind in (Kind.CALL_STARTED, Kind.LEG_ENDED, Kind.CALL_ENDED):
        bus.publish(call_event(kind))
    assert heard == [
        ("all", Kind.CALL_STARTED),
        ("all", Kind.LEG_ENDED),
        ("ends", Kind.LEG_ENDED),
        ("all", Kind.CALL_ENDED),
        ("ends", Kind.CALL_ENDED),
    ]


def test_subscribing_and_unsubscribing_hold_for_kinds_that_were_published_before() -> None:
    bus, heard = EventBus(), []
    bus.publish(call_event(Kind.DIGIT))
    unsubscribe = bus.subscribe(CallEvent, heard.append, (Kind.DIGIT,))
    bus.publish(call_event(Kind.DIGIT))
    assert len(heard) == 1
    unsubscribe()
    unsubscribe()
    bus.publish(call_event(Kind.DIGIT))
    assert len(heard) == 1


def test_the_same_handler_may_listen_twice_and_leave_once() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(Alarm, heard.append)
    bus.subscribe(Alarm, heard.append)()
    bus.publish(Alarm("disk", "free some", True, 0.0))
    assert len(heard) == 1


def test_what_one_listener_raises_reaches_no_other() -> None:
    problems: list[tuple[object, BaseException]] = []
    bus, heard = EventBus(on_error=lambda event, error: problems.append((event, error))), []

    def broken(event: CallEvent) -> None:
        raise ValueError(event.call_id)

    bus.subscribe(CallEvent, broken)
    bus.subscribe(CallEvent, heard.append)
    event = call_event(Kind.CALL_ENDED)
    bus.publish(event)
    assert heard == [event]
    assert bus.errors == 1
    assert [(found, str(error)) for found, error in problems] == [(event, "1")]


def test_a_listener_that_subscribes_during_publish_is_heard_from_the_next_event_on() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(CallEvent, lambda event: bus.subscribe(CallEvent, heard.append))
    bus.publish(call_event(Kind.DIGIT))
    assert not heard
    bus.publish(call_event(Kind.DIGIT))
    assert len(heard) == 1


def test_a_kind_is_found_by_its_text_and_by_itself() -> None:
    assert {Kind.DIGIT: 1}["digit"] == {"digit": 1}[Kind.DIGIT] == 1


def test_who_listens_ahead_hears_before_those_who_were_there() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(CallEvent, lambda _: heard.append("journey"))
    bus.subscribe(CallEvent, lambda _: heard.append("outbox"), (Kind.CALL_ENDED,), ahead=True)
    bus.publish(CallEvent(Kind.CALL_ENDED, "c", "a", 1.0))
    bus.publish(CallEvent(Kind.CALL_STARTED, "c", "a", 1.0))
    assert heard == ["outbox", "journey", "journey"]
