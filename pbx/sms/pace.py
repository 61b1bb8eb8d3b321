"""How fast a gateway is fed: so many parts a second, and a pause that doubles while it asks for one."""

from __future__ import annotations

import asyncio

FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0


class Pace:
    """Of one gateway, on the event loop's clock."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1.0 / per_second
        self._next = 0.0
        self._pause_s = 0.0
        self.throttled = 0  # times, since the start

    async def turn(self) -> None:
        """Returns when the next part may go."""
        now = asyncio.get_running_loop().time()
        at = max(self._next, now)
        self._next = at + self._gap_s
        if at > now:
            await asyncio.sleep(at - now)

    def throttle(self) -> float:
        """The gateway wants less; returns for how many seconds it gets nothing."""
        self.throttled += 1
        self._pause_s = min(self._pause_s * 2.0 or FIRST_PAUSE_S, MAX_PAUSE_S)
        self._next = max(self._next, asyncio.get_running_loop().time() + self._pause_s)
        return self._pause_s

    def went_well(self) -> None:
        self._pause_s = 0.0
