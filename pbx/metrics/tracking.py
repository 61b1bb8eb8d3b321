"""Figures of tracking: visits, what they are shown, how full the pools are, where calls come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.tracking.asking import VERDICTS
from pbx.tracking.figures import Figures
from pbx.tracking.guarding import Guarding
from pbx.tracking.sessions import Sessions
from pbx.tracking.sizing import Sizing

METHODS = ("session", "pool", "static", "app", "number", "widget", "none")


class Tracked(Protocol):
    """What is asked of pbx.tracking.service.Tracking."""

    figures: Figures
    sessions: Sessions
    sizing: Sizing
    guarding: Guarding

    def now(self) -> float: ...


class TrackingMetrics(Collector):
    """Asks at each scrape."""

    def __init__(self, tracking: Tracked) -> None:
        self._tracking = tracking

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        figures = self._tracking.figures
        yield _counter("visits", "Visits of sites.", "site", figures.visits)
        yield _counter("pages", "Pages that were seen.", "site", figures.pages)
        shown = CounterMetricFamily(
            "centrala_tracking_numbers_shown", "Numbers that visits were given, by kind.", labels=["site", "kind"]
        )
        for (site, kind), count in figures.shown.items():
            shown.add_metric([site, kind], count)
        yield shown
        yield _counter(
            "calls", "Calls by how their source was found.", "method", dict.fromkeys(METHODS, 0) | figures.calls
        )
        guard = CounterMetricFamily(
            "centrala_tracking_guard_reports", "Reports of the number guard.", labels=["site", "verdict"]
        )
        for site in {site for site, _ in figures.guard}:
            for verdict in VERDICTS:
                guard.add_metric([site, verdict], figures.guard[site, verdict])
        yield guard
        yield _counter("reveals", "Masked numbers that visitors asked for.", "masked", figures.reveals)
        yield _counter("page_events", "Taps on numbers, copies and the like.", "event", figures.events)
        yield _counter("requests_refused", "Requests of pages that were refused.", "status", figures.refused)
        totals = {"bots": figures.bots, "no_room": figures.full}
        yield _counter("views_without_visit", "Page views that no visit was made for.", "reason", totals)
        yield _gauge("sessions", "Visits that go on.", len(self._tracking.sessions.live))
        yield _gauge("bad_pages", "Pages that show a wrong number.", len(self._tracking.guarding.bad))
        yield from self._pools()

    def _pools(self) -> Iterator[Metric]:
        numbers = GaugeMetricFamily("centrala_number_pool_numbers", "Numbers of a pool.", labels=["pool", "state"])
        needed = GaugeMetricFamily(
            "centrala_number_pool_needed", "Numbers that the busiest hour needs (Erlang B).", labels=["pool"]
        )
        asked = CounterMetricFamily(
            "centrala_number_pool_requests", "Visitors who wanted a number, by outcome.", labels=["pool", "outcome"]
        )
        for name, pool in self._tracking.sizing.pools.items():
            for state, count in (("held", len(pool.held)), ("free", pool.free), ("quarantine", pool.quarantined)):
                numbers.add_metric([name, state], count)
            needed.add_metric([name], self._tracking.sizing.need(name, self._tracking.now()).needed)
            asked.add_metric([name, "given"], pool.given)
            asked.add_metric([name, "short"], pool.short)
            asked.add_metric([name, "crowded"], pool.crowded)
        yield from (numbers, needed, asked)


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"centrala_tracking_{name}", text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(f"centrala_tracking_{name}", text)
    family.add_metric([], value)
    return family
