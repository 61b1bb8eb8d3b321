"""How many requests of one address are answered within a minute: fixed windows, cheap enough for every page view."""

from __future__ import annotations

from collections.abc import Callable

from pbx.sip.address import source_of

WINDOW_S = 60.0
MAX_SOURCES = 100_000  # in one window; above it nobody new is counted, and all are let in


class PerMinute:
    """`now()` is monotonic seconds. An IPv6 customer is his /64."""

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self.limit = limit
        self._now = now
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    def take(self, address: str) -> int:
        """Counts one request; 0 when it may pass, else the seconds until the next may."""
        now = self._now()
        if now >= self._ends:
            self._counts = {}
            self._ends = now + WINDOW_S
        key = source_of(address)
        count = self._counts.get(key, 0)
        if count >= self.limit:
            return max(1, int(self._ends - now) + 1)
        if count or len(self._counts) < MAX_SOURCES:
            self._counts[key] = count + 1
        return 0
