"""Figures of voicemail: what waits in the boxes, how callers use them, wrong PINs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily, HistogramFamily

LENGTHS = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0)  # seconds
OUTCOMES = ("recorded", "empty", "full", "failed")


class BoxNow(NamedTuple):
    new: int
    old: int


class VoicemailNow(NamedTuple):
    boxes: Mapping[str, BoxNow]
    wrong_pins: int
    locked: int


class VoicemailMetrics(Collector):
    """Subscribes on construction; asks `now` at each scrape."""

    def __init__(self, bus: EventBus, now: Callable[[], VoicemailNow]) -> None:
        self._now = now
        self._calls = CellFamily(
            CounterMetricFamily, "centrala_voicemail_calls_total", "Callers of boxes, by outcome.", ("box", "outcome")
        )
        self._length = HistogramFamily(
            "centrala_voicemail_duration_seconds", "Length of the messages that were left.", LENGTHS, ("box",)
        )
        self._texts = CellFamily(
            CounterMetricFamily, "centrala_voicemail_transcripts_total", "Messages made text, or not.", ("box", "ok")
        )
        bus.subscribe(CallEvent, self._transcribed, (Kind.VOICEMAIL_TRANSCRIBED,))
        bus.subscribe(CallEvent, self._left, (Kind.VOICEMAIL_LEFT,))
        bus.subscribe(CallEvent, self._recorded, (Kind.VOICEMAIL_RECORDED,))
        bus.subscribe(CallEvent, self._failed, (Kind.VOICEMAIL_FAILED,))
        bus.subscribe(CallEvent, self._refused, (Kind.VOICEMAIL_REFUSED,))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        messages = GaugeMetricFamily("centrala_voicemail_messages", "Messages in the boxes.", labels=["box", "state"])
        for box, count in now.boxes.items():
            messages.add_metric([box, "new"], count.new)
            messages.add_metric([box, "old"], count.old)
            for outcome in OUTCOMES:  # Prometheus sees no increase in a series that begins with 1
                self._calls.child(box, outcome)
        yield messages
        wrong = CounterMetricFamily("centrala_voicemail_wrong_pins", "PINs that were wrong.")
        wrong.add_metric([], now.wrong_pins)
        yield wrong
        locked = GaugeMetricFamily("centrala_voicemail_locked", "Boxes and announcements locked after wrong PINs.")
        locked.add_metric([], now.locked)
        yield locked
        yield from self._calls.collect()
        yield from self._length.collect()
        yield from self._texts.collect()

    def _transcribed(self, event: CallEvent) -> None:
        self._texts.child(event.data["box"], "yes" if event.data["ok"] else "no").value += 1

    def _left(self, event: CallEvent) -> None:
        self._calls.child(event.data["box"], "recorded").value += 1
        self._length.child(event.data["box"]).observe(float(event.data["duration_s"]))

    def _recorded(self, event: CallEvent) -> None:
        if event.data["outcome"] == "empty":
            self._calls.child(event.data["box"], "empty").value += 1

    def _failed(self, event: CallEvent) -> None:
        self._calls.child(event.data["box"], "failed").value += 1

    def _refused(self, event: CallEvent) -> None:
        if event.data["why"] == "full":
            self._calls.child(event.data["owner"].removeprefix("box "), "full").value += 1
