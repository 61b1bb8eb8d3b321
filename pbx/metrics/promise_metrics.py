"""Metrics of promised waits: what became of them, and why none was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily

VERDICTS = ("kept", "broken", "open")  # pbx.store.visits.Verdict
REASONS = ("data", "no_agents", "inflow", "blocked", "risen", "too_long")  # pbx.queue.promise.Silence
ENDS = (Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT)


class PromiseMetrics(Collector):
    """Subscribes on construction. A promise is counted when the stay is over, by the rule of the derived table."""

    def __init__(self, bus: EventBus, queues: Iterable[str]) -> None:
        self._promises = CellFamily(
            CounterMetricFamily,
            "centrala_wait_promises_total",
            "Waits that were promised: kept, broken, or open because the caller left before their end.",
            ("queue", "outcome"),
        )
        self._silent = CellFamily(
            CounterMetricFamily,
            "centrala_wait_silent_total",
            "Announcements that could not honestly tell a wait, by why.",
            ("queue", "reason"),
        )
        for queue in queues:
            for verdict in VERDICTS:  # Prometheus sees no increase in a series that appears with its first 1
                self._promises.child(queue, verdict)
            for reason in REASONS:
                self._silent.child(queue, reason)
        self._told: dict[str, list[tuple[str, float, float]]] = {}  # call: (queue, when, at most so many seconds)
        bus.subscribe(CallEvent, self._announced, (Kind.QUEUE_ANNOUNCED,))
        bus.subscribe(CallEvent, self._ended, ENDS)

    def collect(self) -> Iterator[Metric]:
        yield from self._promises.collect()
        yield from self._silent.collect()

    def _announced(self, event: CallEvent) -> None:
        data = event.data
        if "high_s" in data:
            self._told.setdefault(event.call_id, []).append((data["queue"], event.at, data["high_s"]))
        elif data.get("silent"):
            self._silent.child(data["queue"], data["silent"]).value += 1

    def _ended(self, event: CallEvent) -> None:
        if event.data.get("reason") == "overflow":  # answered in this moment by an agent of another queue
            return
        answered = event.kind is Kind.QUEUE_ANSWERED
        for queue, at, high_s in self._told.pop(event.call_id, ()):
            verdict = "broken" if event.at - at > high_s else "kept" if answered else "open"
            self._promises.child(queue, verdict).value += 1
