"""Figures of settings: which revision holds, what became of changes, what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class SettingsMetrics(Collector):
    """Asks at each scrape. `results` counts changes by what became of them."""

    def __init__(self, revision: Callable[[], int], results: Mapping[str, int], aside: Callable[[], int]) -> None:
        self._revision = revision
        self._results = results
        self._aside = aside

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "centrala_settings_revision", "The revision of the settings that holds.", value=self._revision()
        )
        yield GaugeMetricFamily(
            "centrala_settings_set_aside",
            "Settings of the database that do not fit the configuration and are not in force.",
            value=self._aside(),
        )
        applies = CounterMetricFamily(
            "centrala_settings_applies", "Changes of the settings by what became of them.", labels=["result"]
        )
        for result, count in self._results.items():
            applies.add_metric([result], count)
        yield applies
