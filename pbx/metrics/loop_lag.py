"""How long a ready event waits for the event loop: sampled on a fixed grid, so that one long stall counts for its
whole length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from pbx.metrics.buckets import LOOP_LAG
from pbx.metrics.cells import HistogramCell

PERIOD_S = 0.02
EARLY_S = 0.001  # uvloop counts in whole milliseconds and may call that much too early: that is in time


class LoopLag:
    """A timer that measures how late it is; 50 wake-ups a second, about 0.1 % of a core.

    `histogram` holds all samples in seconds, `last_s` the newest, `worst_s` the longest since the start.
    """

    def __init__(
        self,
        *,
        bounds: Sequence[float] = LOOP_LAG,
        period_s: float = PERIOD_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.histogram = HistogramCell(tuple(bounds))
        self.worst_s = 0.0
        self.last_s = 0.0
        self._period_s = period_s
        self._now = now
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to sample."""
        self._loop = loop
        self._due = self._now() + self._period_s
        self._handle = loop.call_later(self._period_s, self._tick)

    def stop(self) -> None:
        """Ends sampling; the counts stay. Idempotent."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        now = self._now()
        worst = now - self._due
        while self._due <= now + EARLY_S:  # what would have been due during a stall waited as well
            self.histogram.observe(now - self._due)
            self._due += self._period_s
        self.last_s = max(worst, 0.0)
        self.worst_s = max(self.worst_s, self.last_s)
        assert self._loop is not None
        self._handle = self._loop.call_later(max(self._due - self._now(), EARLY_S), self._tick)
