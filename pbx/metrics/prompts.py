"""Figures of prompts: rendered, read, stood in for; read when Prometheus asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class PromptsNow:
    """What a scrape tells; the counters run since the start."""

    rendered: int
    from_disk: int
    fallbacks: Mapping[tuple[str, str], int]  # (language, "voice" | "recording" | "tone") -> callers
    restarts: Mapping[str, int]  # engine -> workers that died or hung
    failures: Mapping[str, int]  # engine -> texts that it did not speak
    recordings: int


class PromptCollector(Collector):
    """Asks `now` at each scrape."""

    def __init__(self, now: Callable[[], PromptsNow]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        had = CounterMetricFamily("centrala_prompts", "Prompts brought into memory.", labels=["by"])
        had.add_metric(["rendering"], now.rendered)
        had.add_metric(["disk"], now.from_disk)
        yield had
        fallback = CounterMetricFamily(
            "centrala_prompt_fallback",
            "Callers who heard another voice, a recording or a tone because a prompt could not be spoken.",
            labels=["language", "heard"],
        )
        for (language, heard), count in now.fallbacks.items():
            fallback.add_metric([language, heard], count)
        yield fallback
        for name, text, values in (
            ("centrala_speech_worker_restarts", "Speech workers that died or hung and were replaced.", now.restarts),
            ("centrala_speech_failures", "Texts that an engine did not speak.", now.failures),
        ):
            family = CounterMetricFamily(name, text, labels=["engine"])
            for engine, count in values.items():
                family.add_metric([engine], count)
            yield family
        yield GaugeMetricFamily("centrala_prompt_recordings", "Prompts that a human has spoken.", value=now.recordings)
