"""Figures of flows as a whole: which version holds, how often one was published, and blocks that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, FlowVersionChanged, Kind
from pbx.metrics.cells import CellFamily


class FlowVersionMetrics(Collector):
    """Subscribes on construction; asks `versions` (flow to version, 0 of the configuration) at each scrape."""

    def __init__(self, bus: EventBus, versions: Callable[[], Mapping[str, int]]) -> None:
        self._versions = versions
        self._published = CellFamily(
            CounterMetricFamily, "centrala_flow_publications_total", "Versions that came to hold.", ("flow",)
        )
        self._failed = CellFamily(
            CounterMetricFamily,
            "centrala_flow_errors_total",
            "Blocks that could not do their work: an expression or text without a value, a fault.",
            ("flow",),
        )
        for flow in versions():  # Prometheus sees no increase in a series that begins with 1
            self._published.child(flow)
            self._failed.child(flow)
        bus.subscribe(FlowVersionChanged, self._changed)
        bus.subscribe(CallEvent, self._one_failed, (Kind.FLOW_FAILED,))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = GaugeMetricFamily(
            "centrala_flow_version", "The version that the next call gets; 0 is the configuration's.", labels=["flow"]
        )
        for flow, version in self._versions().items():
            now.add_metric([flow], version)
        yield now
        yield from self._published.collect()
        yield from self._failed.collect()

    def _changed(self, event: FlowVersionChanged) -> None:
        self._published.child(event.flow).value += 1
        self._failed.child(event.flow)

    def _one_failed(self, event: CallEvent) -> None:
        self._failed.child(event.data["flow"]).value += 1
