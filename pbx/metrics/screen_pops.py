"""Figures of screen pops: how many agents were told, by name and trigger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

Told = Mapping[tuple[str, str], int]  # by name and trigger


class ScreenPopMetrics(Collector):
    """Asks `told` at each scrape; what is configured is in it from 0 on."""

    def __init__(self, told: Callable[[], Told]) -> None:
        self._told = told

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "centrala_screen_pops", "Pages of callers that agents were told of.", labels=["name", "trigger"]
        )
        for (name, trigger), count in self._told().items():
            family.add_metric([name, trigger], count)
        yield family
