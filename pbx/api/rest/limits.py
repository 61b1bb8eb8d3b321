"""How many requests somebody may make: a bucket of tokens for each principal and for each address."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

from pbx.api.control import Denied

MAX_BUCKETS = 10_000  # the longest unused goes, which by then is full again


class RateLimit:
    """`rate` requests a second for each key, `burst` at once. Time is `now()` in seconds, monotonic."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float]) -> None:
        self._rate, self._burst, self._now = rate, float(burst), now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (tokens, when)
        self.refused = 0

    def take(self, key: str) -> None:
        """Counts one request of `key`. Raises Denied 429 with Retry-After when there were too many."""
        now = self._now()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        allowed = tokens >= 1.0
        self._buckets[key] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            self.refused += 1
            wait_s = max(1, math.ceil((1.0 - tokens) / self._rate))
            raise Denied(429, f"too many requests; try again in {wait_s} s", {"retry-after": str(wait_s)})
