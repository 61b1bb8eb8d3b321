"""Figures of deliveries over HTTP, by target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.metrics.buckets import OUTBOX_DELIVERY
from pbx.metrics.cells import HistogramFamily

if TYPE_CHECKING:
    from pbx.outbox.target import Counts


class OutboxMetrics(Collector):
    """Asks `counts` (by target) and `now` (UTC seconds) at each scrape; `observe` is told what each delivery took."""

    def __init__(self, counts: Callable[[], Mapping[str, Counts]], now: Callable[[], float]) -> None:
        self._counts, self._now = counts, now
        self._latency = HistogramFamily(
            "centrala_outbox_delivery_seconds",
            "From the event to the answer that took it.",
            OUTBOX_DELIVERY,
            ("target",),
        )

    def observe(self, target: str, seconds: float) -> None:
        """A delivery was taken."""
        self._latency.child(target).observe(seconds)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        labels = ["target"]
        pending = GaugeMetricFamily("centrala_outbox_pending", "Deliveries that wait.", labels=labels)
        oldest = GaugeMetricFamily(
            "centrala_outbox_oldest_seconds", "How long the oldest delivery has waited.", labels=labels
        )
        dead = GaugeMetricFamily("centrala_outbox_dead", "Dead letters that nobody has seen to.", labels=labels)
        delivered = CounterMetricFamily("centrala_outbox_delivered", "Deliveries that were taken.", labels=labels)
        died = CounterMetricFamily("centrala_outbox_died", "Deliveries that were given up.", labels=labels)
        failed = CounterMetricFamily(
            "centrala_outbox_failed_attempts", "Attempts that were not taken.", labels=["target", "reason"]
        )
        now = self._now()
        for target, counts in self._counts().items():
            pending.add_metric([target], counts.pending)
            oldest.add_metric([target], max(0.0, now - counts.oldest) if counts.oldest else 0.0)
            dead.add_metric([target], counts.dead)
            delivered.add_metric([target], counts.delivered)
            died.add_metric([target], counts.dead_total)
            for reason, count in counts.failed.items():
                failed.add_metric([target, reason], count)
        yield from (pending, oldest, dead, delivered, died, failed)
        yield from self._latency.collect()
