"""The steps of flows as Prometheus sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.flow.counts import OTHER, FlowCounts

MAX_SERIES = 4000  # what is over it is one series of its flow


class FlowMetrics(Collector):
    """Reads `counts` at each scrape."""

    def __init__(self, counts: FlowCounts) -> None:
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask."""
        return ()

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "centrala_flow_block", "Callers who left a block of a flow, by its exit.", labels=["flow", "block", "exit"]
        )
        series = 0
        for flow, blocks in list(self._counts.flows.items()):
            rest = 0
            for name, block in list(blocks.items()):
                for way, count in list(block.exits.items()):
                    if series < MAX_SERIES:
                        family.add_metric([flow, name, way], count)
                        series += 1
                    else:
                        rest += count
            if rest:
                family.add_metric([flow, OTHER, OTHER], rest)
        yield family
