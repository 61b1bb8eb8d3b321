"""The registry of one PBX and its text for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from pbx.events import EventBus
from pbx.metrics.event_metrics import EventMetrics
from pbx.metrics.feature_metrics import FeatureMetrics
from pbx.metrics.instruments import Instruments
from pbx.metrics.live import LiveCollector, Sources
from pbx.metrics.promise_metrics import PromiseMetrics

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
THREAD_BYTES = 128 * 1024  # a longer text is made on a thread: 13 µs a series, about 1,500 series


class Metrics:
    """Counts from construction on. `thresholds`: queue -> (service level threshold, short abandon limit) in seconds.

    `trunks`: names of the configured trunks.
    """

    def __init__(
        self,
        bus: EventBus,
        sources: Sources,
        *,
        thresholds: Mapping[str, tuple[float, float]] | None = None,
        trunks: Iterable[str] = (),
        version: str = "",
    ) -> None:
        limits = thresholds or {}
        self.registry = CollectorRegistry()
        self.instruments = Instruments(thresholds=(pair[0] for pair in limits.values()))
        self.registry.register(self.instruments)
        self.events = EventMetrics(bus, self.instruments, limits, trunks)
        self.instruments.build.child(version or "unknown").value = 1
        self._features = FeatureMetrics(bus, sources.parked, sources.participants)
        self.registry.register(self._features)
        self._live = LiveCollector(sources)
        self.registry.register(self._live)
        self._added: list[Collector] = []
        self.add(PromiseMetrics(bus, limits))
        self._process = ProcessCollector(registry=self.registry)
        self._size = 0

    def add(self, collector: Collector) -> None:
        """Figures of a feature, read at each scrape on the loop's thread."""
        self._added.append(collector)
        self.registry.register(collector)

    def render(self) -> bytes:
        """The text of all metrics at once (format 0.0.4), for tests and small programs."""
        return generate_latest(self.registry)

    def scrape(self) -> tuple[bytes, str]:
        """The text and its content type. On another thread the sources must bear to be read from there."""
        return self.render(), CONTENT_TYPE

    async def exposition(self) -> bytes:
        """The text of all metrics without holding the event loop: family by family, or on a thread when there are many.

        Live sources are always read here, on the loop's thread, where nothing changes meanwhile.
        """
        added = [family for collector in self._added for family in collector.collect()]
        live = _Snapshot([*self._live.collect(), *self._features.collect(), *added])
        if self._size > THREAD_BYTES:
            text = await asyncio.to_thread(lambda: b"".join(_texts(live, self.instruments, self._process)))
        else:
            parts = []
            for part in _texts(live, self.instruments, self._process):
                parts.append(part)
                await asyncio.sleep(0)
            text = b"".join(parts)
        self._size = len(text)
        return text


class _Snapshot(Collector):
    """Families that were collected before."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _texts(*collectors: Collector) -> Iterator[bytes]:
    for collector in collectors:
        for family in collector.collect():
            yield generate_latest(_Snapshot([family]))
