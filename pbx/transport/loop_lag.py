"""How late the event loop runs what is due: a sample every 50 ms, kept as a histogram and as what lasts.

One pause is no overload - another process may have had the processor - so `lasting_s` is the least of the last samples.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import deque

PERIOD_S = 0.05
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # upper bounds of the buckets; one more above
LASTING = 4  # samples


class LoopLag:
    """Start it on the loop it is to watch. `counts[i]` are the samples up to `BOUNDS_S[i]`, not cumulative."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.samples = 0
        self.sum_s = 0.0
        self.max_s = 0.0
        self._last: deque[float] = deque([0.0] * LASTING, maxlen=LASTING)
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due = time.monotonic() + PERIOD_S
        self._handle = loop.call_later(PERIOD_S, self._tick)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def add(self, lag_s: float) -> None:
        """Counts one sample."""
        self.counts[bisect_left(BOUNDS_S, lag_s)] += 1
        self.samples += 1
        self.sum_s += lag_s
        self.max_s = max(self.max_s, lag_s)
        self._last.append(lag_s)

    @property
    def lasting_s(self) -> float:
        """The lag that none of the last samples was below, in seconds."""
        return min(self._last)

    def quantile(self, q: float) -> float:
        """The upper bound of the bucket in which the share `q` (0-1) of all samples is reached, in seconds."""
        wanted = q * self.samples
        seen = 0
        for bound, count in zip((*BOUNDS_S, self.max_s), self.counts, strict=True):
            seen += count
            if seen >= wanted:
                return bound
        return self.max_s

    def reset(self) -> None:
        """Forgets all samples (a bench separates its phases)."""
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.samples = 0
        self.sum_s = self.max_s = 0.0

    def _tick(self) -> None:
        assert self._loop is not None
        now = time.monotonic()
        self.add(max(0.0, now - self._due))
        self._due = now + PERIOD_S
        self._handle = self._loop.call_later(PERIOD_S, self._tick)
