"""Figures of the callback widget: requests, refusals, and whether what pages promised was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pbx.widget.service import WidgetFigures

RESULTS = ("taken", "scheduled", "repeated")
REASONS = (
    *("banned", "consent", "foreign", "invalid", "limit_number", "limit_source"),
    *("limit_visitor", "open", "premium", "slot", "stale", "work"),
)


class WidgetMetrics(Collector):
    """Asks `figures` at each scrape."""

    def __init__(self, figures: Callable[[], WidgetFigures]) -> None:
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._figures()
        sites = sorted(now.bits)
        taken = CounterMetricFamily(
            "centrala_widget_requests", "Requests of web pages by what became of them.", labels=["site", "result"]
        )
        refused = CounterMetricFamily(
            "centrala_widget_refused", "Requests of web pages that were refused.", labels=["site", "reason"]
        )
        promises = CounterMetricFamily(
            "centrala_widget_promises", "Promised seconds by whether they were kept.", labels=["site", "kept"]
        )
        bits = GaugeMetricFamily("centrala_widget_work_bits", "Proof of work that is asked for.", labels=["site"])
        for site in sites:  # Prometheus sees no increase in a series that begins with 1
            for result in RESULTS:
                taken.add_metric([site, result], now.taken.get((site, result), 0))
            others = {reason for of, reason in now.refused if of == site}
            for reason in sorted({*REASONS, *others}):
                refused.add_metric([site, reason], now.refused.get((site, reason), 0))
            taken.add_metric([site, "refused"], sum(count for (of, _), count in now.refused.items() if of == site))
            for kept in (True, False):
                promises.add_metric([site, "yes" if kept else "no"], now.kept.get((site, kept), 0))
            bits.add_metric([site], now.bits[site])
        yield from (taken, refused, promises, bits)
        banned = GaugeMetricFamily("centrala_widget_banned", "Addresses and numbers that are not listened to.")
        banned.add_metric([], now.banned)
        yield banned
        following = GaugeMetricFamily("centrala_widget_following", "Visitors who follow their requests.")
        following.add_metric([], now.following)
        yield following
