"""Figures of the HTTP API: requests by route and status, how long they took, who is logged in, guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.metrics.cells import CellFamily, HistogramFamily

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class ApiNow(NamedTuple):
    users: int
    sessions: int
    logins: int
    failures: int  # wrong passwords
    throttled: int  # guesses that were not looked at
    audit_entries: int
    audit_lost: int


class ApiMetrics(Collector):
    """`observe` every request; `now` is asked at each scrape."""

    def __init__(self, now: Callable[[], ApiNow]) -> None:
        self._now = now
        self._requests = CellFamily(
            CounterMetricFamily,
            "centrala_api_requests_total",
            "Requests of the HTTP API, by route, method and status.",
            ("route", "method", "status"),
        )
        self._seconds = HistogramFamily(
            "centrala_api_request_duration_seconds", "From a request to the end of its answer.", SECONDS, ("route",)
        )

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """`route` is a template, never a path: the number of series is that of the routes."""
        self._requests.child(route, method, str(status)).value += 1
        if status != 101:  # a WebSocket lasts as long as it likes
            self._seconds.child(route).observe(seconds)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        for name, text, figure in (
            ("centrala_api_users", "People who may come in.", now.users),
            ("centrala_api_sessions", "Sessions of people.", now.sessions),
        ):
            gauge = GaugeMetricFamily(name, text)
            gauge.add_metric([], figure)
            yield gauge
        for name, text, figure in (
            ("centrala_api_logins", "Times that somebody came in.", now.logins),
            ("centrala_api_logins_failed", "Wrong passwords.", now.failures),
            ("centrala_api_logins_throttled", "Guesses that were refused unread.", now.throttled),
            ("centrala_audit_entries", "Entries of the audit log since the start.", now.audit_entries),
            ("centrala_audit_entries_lost", "Entries lost while the database could not be written.", now.audit_lost),
        ):
            counter = CounterMetricFamily(name, text)
            counter.add_metric([], figure)
            yield counter
        yield from self._requests.collect()
        yield from self._seconds.collect()
