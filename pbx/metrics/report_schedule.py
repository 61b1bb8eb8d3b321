"""Figures of reports that are sent by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Schedule(Protocol):
    """pbx.reporting.schedule.service.ScheduledReports."""

    results: dict[tuple[str, str], int]

    def states(self) -> list[dict[str, Any]]: ...


class ReportScheduleMetrics(Collector):
    """Asks `now` at each scrape."""

    def __init__(self, now: Callable[[], Schedule]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask."""
        return ()

    def collect(self) -> Iterator[Metric]:
        schedule = self._now()
        sends = CounterMetricFamily(
            "centrala_report_sends",
            "Tries of scheduled reports since the start: sent, failed (tried again), in_doubt.",
            labels=["name", "result"],
        )
        for (name, result), count in sorted(schedule.results.items()):
            sends.add_metric([name, result], count)
        yield sends
        last = GaugeMetricFamily(
            "centrala_report_last_sent_timestamp_seconds",
            "When a scheduled report last went out, earlier processes' too.",
            labels=["name"],
        )
        for state in schedule.states():
            if state.get("last_sent"):
                last.add_metric([state["name"]], state["last_sent"])
        yield last
