"""How late the event loop runs what is due, on a fixed grid: one long stall counts for its whole length.

One pause is no overload - another process may have had the processor - so `lasting_s` is the least of a second's lags.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

PERIOD_S = 0.05
EARLY_S = 0.001  # uvloop counts in whole milliseconds and may call that much too early: that is in time
LASTING = 20  # wake-ups: a second at least


class LoopLag:
    """A timer that measures how late it is; the only one of the process: 20 wake-ups a second.

    `observe` is called with each sample in seconds, such as a histogram's. `worst_s` is the longest since the start,
    `lasting_s` the lag that none of the last wake-ups was below; both in seconds.
    """

    def __init__(self, *, period_s: float = PERIOD_S, now: Callable[[], float] = time.monotonic) -> None:
        self.observe: Callable[[float], None] | None = None
        self.worst_s = 0.0
        self.lasting_s = 0.0
        self._last: deque[float] = deque([0.0] * LASTING, maxlen=LASTING)
        self._period_s = period_s
        self._now = now
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to sample the loop that is to be watched."""
        self._loop = loop
        self._due = self._now() + self._period_s
        self._handle = loop.call_later(self._period_s, self._tick)

    def stop(self) -> None:
        """Ends sampling. Idempotent."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        assert self._loop is not None
        now = self._now()
        lag_s = max(0.0, now - self._due)
        self._last.append(lag_s)
        self.lasting_s = min(self._last)
        self.worst_s = max(self.worst_s, lag_s)
        observe = self.observe
        while self._due <= now + EARLY_S:  # what would have been due during a stall waited as well
            if observe is not None:
                observe(max(0.0, now - self._due))
            self._due += self._period_s
        self._handle = self._loop.call_later(max(self._due - self._now(), EARLY_S), self._tick)
