"""How fast a call runs through blocks: faster than any caller can means a circle that no check could see."""

from __future__ import annotations

import asyncio

BURST = 100  # blocks in one second, e.g. round and round a queue that is full


class Pace:
    """Counts the blocks of each second."""

    __slots__ = ("_blocks", "_loop", "_second")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._second = loop.time()
        self._blocks = 0

    def too_fast(self) -> bool:
        """Counts one block; whether it is one too many."""
        now = self._loop.time()
        if now - self._second >= 1.0:
            self._second, self._blocks = now, 0
        self._blocks += 1
        return self._blocks > BURST
