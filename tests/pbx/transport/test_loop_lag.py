"""The sampler counts a stall for its whole length, and an idle loop as idle."""

from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from pbx.metrics.cells import HistogramCell
from pbx.transport.loop_lag import LASTING, LoopLag


class FakeLoop:
    """Remembers what was to be called when."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.call = lambda: None
        self.cancelled = False

    def call_later(self, delay: float, call: object) -> FakeLoop:
        self.delay, self.call = delay, call  # type: ignore[assignment]
        return self

    def cancel(self) -> None:
        self.cancelled = True


def sampler(now, bounds=(0.001, 0.01, 0.05, 0.1)):
    lag = LoopLag(period_s=0.02, now=now)
    histogram = HistogramCell(bounds)
    lag.observe = histogram.observe
    return lag, histogram


def test_lag_is_measured_against_a_fixed_grid() -> None:
    now = 100.0
    loop = FakeLoop()
    lag, histogram = sampler(lambda: now)
    lag.start(loop)  # type: ignore[arg-type]
    now = 100.0205  # half a millisecond late
    loop.call()
    assert histogram.counts == [1, 0, 0, 0, 0]
    assert loop.delay == pytest.approx(0.0195)
    now = 100.125  # due at 100.04: 85 ms late, and the samples due at 60, 80, 100 and 120 ms waited too
    loop.call()
    assert histogram.counts == [1, 1, 2, 2, 0]
    assert lag.worst_s == pytest.approx(0.085)
    assert histogram.quantile(0.99) == 0.1
    lag.stop()
    lag.stop()
    assert loop.cancelled


def test_a_call_that_comes_early_is_in_time_and_does_not_spin() -> None:
    now = 100.0
    loop = FakeLoop()
    lag, histogram = sampler(lambda: now, (0.001, 0.01))
    lag.start(loop)  # type: ignore[arg-type]
    now = 100.0193
    loop.call()
    assert histogram.counts == [1, 0, 0]
    assert loop.delay == pytest.approx(0.0207)
    now = 100.0385  # earlier than a clock of milliseconds explains: not yet due, and not asked again at once
    loop.call()
    assert histogram.counts == [1, 0, 0]
    assert loop.delay >= 0.001


def test_one_pause_is_no_overload() -> None:
    now = 100.0
    loop = FakeLoop()
    lag = LoopLag(now=lambda: now)
    lag.start(loop)  # type: ignore[arg-type]
    now += 3.0
    loop.call()
    assert lag.worst_s > 2
    assert lag.lasting_s == 0
    for _ in range(LASTING):
        now += loop.delay + 0.06
        loop.call()
    assert lag.lasting_s == pytest.approx(0.06)


def test_uvloop_is_not_kept_busy() -> None:
    async def main() -> int:
        lag, ticks = LoopLag(), 0
        original = lag._tick

        def counted() -> None:
            nonlocal ticks
            ticks += 1
            original()

        lag._tick = counted  # type: ignore[method-assign]
        lag.start(asyncio.get_running_loop())
        await asyncio.sleep(0.5)
        lag.stop()
        return ticks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) <= 12


async def test_on_a_real_loop() -> None:
    lag = LoopLag()
    samples: list[float] = []
    lag.observe = samples.append
    lag.start(asyncio.get_running_loop())
    await asyncio.sleep(0.1)
    time.sleep(0.2)  # noqa: ASYNC251 - the stall that is to be seen
    await asyncio.sleep(0.05)
    lag.stop()
    assert lag.worst_s > 0.1
    assert sum(sample > 0.05 for sample in samples) >= 2
