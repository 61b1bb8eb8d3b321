"""The garbage collector's part in the loop's lag, kept small.

A full collection walks every object of every call: 186 ms at 600 calls/s. So what survives a second is frozen, which
takes it out of all walks; most of it dies by its reference count all the same. Cycles among frozen objects stay: when
it is quiet everything is thawed and collected once.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

THRESHOLDS = (3000, 50, 10**6)
FREEZE_S = 1.0
FULL_EVERY_S = 600.0  # a full collection this often, if it is quiet
FULL_AT_LEAST_S = 24 * 3600.0  # and this often even if it never is


class GcPolicy:
    """`is_quiet()` says whether a pause of some 100 ms would be noticed by nobody, such as with no call up."""

    def __init__(self, is_quiet: Callable[[], bool], now: Callable[[], float] = time.monotonic) -> None:
        self._is_quiet = is_quiet
        self._now = now
        self._full_at = now()
        self._handle: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._before: tuple[int, int, int] = gc.get_threshold()
        self.full_collections = 0
        self.longest_full_s = 0.0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Collects once, freezes what the program is made of, and goes on by itself."""
        gc.collect()
        self._before = gc.get_threshold()
        gc.set_threshold(*THRESHOLDS)
        self._loop = loop
        self._tick()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            gc.set_threshold(*self._before)
            gc.unfreeze()

    def step(self) -> None:
        """One second's work."""
        age_s = self._now() - self._full_at
        if age_s >= FULL_AT_LEAST_S or (age_s >= FULL_EVERY_S and self._is_quiet()):
            self._collect_all()
        gc.freeze()

    def _collect_all(self) -> None:
        started = self._now()
        gc.unfreeze()
        gc.collect()
        self._full_at = self._now()
        self.full_collections += 1
        self.longest_full_s = max(self.longest_full_s, self._full_at - started)

    def _tick(self) -> None:
        assert self._loop is not None
        self.step()
        self._handle = self._loop.call_later(FREEZE_S, self._tick)
