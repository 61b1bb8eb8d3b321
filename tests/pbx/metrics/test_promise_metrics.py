"""What became of promised waits, counted from events as in the derived table."""

from __future__ import annotations

from pbx.events import EventBus, Kind
from pbx.metrics.promise_metrics import REASONS, VERDICTS, PromiseMetrics
from pbx.queue.promise import Silence
from pbx.store.visits import Verdict
from tests.support.journeys import Journey


def value(metrics: PromiseMetrics, name: str, **labels: str) -> float | None:
    for family in metrics.collect():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


def test_promises_end_kept_broken_or_open() -> None:
    bus = EventBus()
    metrics = PromiseMetrics(bus, ["sales"])
    assert value(metrics, "centrala_wait_promises_total", queue="sales", outcome="kept") == 0
    ends = [(Kind.QUEUE_ANSWERED, 50), (Kind.QUEUE_ANSWERED, 70), (Kind.QUEUE_ABANDONED, 50), (Kind.QUEUE_LEFT, 65)]
    for number, (kind, seconds) in enumerate(ends, 1):
        call = Journey(number).at(0).add(Kind.QUEUE_ANNOUNCED, queue="sales", position=1, low_s=0, high_s=60)
        call.at(seconds).add(kind, queue="sales", wait_s=seconds)
        for event in call.events:
            bus.publish(event)
    counted = {
        outcome: value(metrics, "centrala_wait_promises_total", queue="sales", outcome=outcome)
        for outcome in ("kept", "broken", "open")
    }
    assert counted == {"kept": 1, "broken": 2, "open": 1}
    assert not metrics._told


def test_the_words_are_those_of_the_queue_and_the_store() -> None:
    assert set(VERDICTS) == {verdict.value for verdict in Verdict}
    assert set(REASONS) == {silence.value for silence in Silence}


def test_silence_is_counted_by_its_reason() -> None:
    bus = EventBus()
    metrics = PromiseMetrics(bus, ["sales"])
    call = Journey(1).add(Kind.QUEUE_ANNOUNCED, queue="sales", position=1, silent="data")
    call.add(Kind.QUEUE_ANNOUNCED, queue="sales", position=1)
    call.add(Kind.QUEUE_ANSWERED, queue="sales", wait_s=1.0)
    for event in call.events:
        bus.publish(event)
    assert value(metrics, "centrala_wait_silent_total", queue="sales", reason="data") == 1
    assert value(metrics, "centrala_wait_promises_total", queue="sales", outcome="kept") == 0
