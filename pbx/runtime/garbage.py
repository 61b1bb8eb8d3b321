"""When garbage is collected decides the tail of the event loop (docs/decisions/0003-garbage-collection.md).

Calls free themselves by reference counting. The collector only has to look at what is young; everything older is frozen
each second, so that a collection never walks the whole heap while calls come in. Frozen cycles would never be freed:
in quiet minutes all is unfrozen and collected once.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

THRESHOLDS = (3000, 50, 1_000_000)
EVERY_S = 1.0
QUIET_CALLS = 5  # new calls in a second: fewer is quiet
FULL_AFTER_S = 60.0  # between full collections


class GarbagePolicy:
    """`total_calls()` counts all calls since the start; the policy looks at its growth."""

    def __init__(self, total_calls: Callable[[], int]) -> None:
        self._total_calls = total_calls
        self._last = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._full_at = 0.0
        self._before = gc.get_threshold()
        self.full_collections = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        self._last = self._total_calls()
        self._full_at = loop.time() + FULL_AFTER_S
        self._timer = loop.call_later(EVERY_S, self._tick)

    def stop(self) -> None:
        """Gives the interpreter its ordinary collector back; idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            gc.unfreeze()
            gc.set_threshold(*self._before)

    def _tick(self) -> None:
        assert self._loop is not None
        total = self._total_calls()
        new, self._last = total - self._last, total
        now = self._loop.time()
        if new < QUIET_CALLS and now >= self._full_at:
            gc.unfreeze()
            gc.collect()
            self.full_collections += 1
            self._full_at = now + FULL_AFTER_S
        gc.freeze()
        self._timer = self._loop.call_later(EVERY_S, self._tick)
