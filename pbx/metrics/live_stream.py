"""Figures of the live stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pbx.live.hub import Hub


class LiveMetrics(Collector):
    """Asks the hub at each scrape."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask."""
        return ()

    def collect(self) -> Iterator[Metric]:
        hub = self._hub
        yield GaugeMetricFamily("centrala_live_clients", "Clients of the live stream.", value=len(hub.clients))
        yield GaugeMetricFamily(
            "centrala_live_slow_clients",
            "Clients that are behind.",
            value=sum(bool(c.behind_since) for c in hub.clients),
        )
        yield CounterMetricFamily(
            "centrala_live_changes", "Rows that changed while somebody watched.", value=hub.changes
        )
        yield CounterMetricFamily("centrala_live_messages", "Messages to clients.", value=hub.told)
        yield CounterMetricFamily("centrala_live_snapshots", "Clients that were told everything.", value=hub.snapshots)
        ended = CounterMetricFamily("centrala_live_ended", "Connections that we closed.", labels=["code"])
        for code, count in hub.ended.items():
            ended.add_metric([str(code)], count)
        yield ended
