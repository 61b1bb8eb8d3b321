"""Figures of test calls, and of customers who had to ring again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pbx.selftest.result import Result


class SelfTestNow(NamedTuple):
    tests: Iterable[str]
    latest: Mapping[str, Result]
    runs: Mapping[tuple[str, bool], int]
    redials: Mapping[str, int]  # "1", "2", "3", "4+": attempts of customers who got through
    redialled: int  # calls of customers who had not got through within the last ten minutes


class SelfTestMetrics(Collector):
    """Asks `now` at each scrape."""

    def __init__(self, now: Callable[[], SelfTestNow]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        runs = CounterMetricFamily("centrala_selftest_runs", "Test calls by their end.", labels=["test", "outcome"])
        for name in now.tests:
            runs.add_metric([name, "passed"], now.runs.get((name, True), 0))
            runs.add_metric([name, "failed"], now.runs.get((name, False), 0))
        yield runs
        yield from _latest(now.latest)
        through = CounterMetricFamily(
            "centrala_redials_got_through", "Customers who spoke with somebody, by their attempts.", labels=["attempts"]
        )
        for attempts, count in now.redials.items():
            through.add_metric([attempts], count)
        yield through
        again = CounterMetricFamily(
            "centrala_redials", "Calls of customers who had not got through within the last ten minutes."
        )
        again.add_metric([], now.redialled)
        yield again


def _latest(latest: Mapping[str, Result]) -> Iterator[Metric]:
    gauges: list[tuple[str, str, Callable[[Result], float | None]]] = [
        ("centrala_selftest_passed", "Whether the last test call passed.", lambda result: float(result.passed)),
        ("centrala_selftest_ended_timestamp_seconds", "When it ended.", lambda result: result.ended),
        ("centrala_selftest_pdd_seconds", "Its post-dial delay.", lambda result: result.pdd_s),
        ("centrala_selftest_answer_seconds", "Its time to the answer.", lambda result: result.answer_s),
        ("centrala_selftest_mos", "What it heard: MOS-CQE, G.107.", lambda result: result.mos),
        ("centrala_selftest_match", "Its worst match of a prompt, 0..1.", lambda result: result.score),
    ]
    for name, text, value in gauges:
        family = GaugeMetricFamily(name, text, labels=["test"])
        for test, result in latest.items():
            found = value(result)
            if found is not None:
                family.add_metric([test], found)
        yield family
