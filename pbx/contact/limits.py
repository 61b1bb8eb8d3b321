"""How many requests a number and a source may make: sliding windows, kept over a restart (conventions.md E9)."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.clock import Clock

MAX_KEYS = 20_000  # numbers and sources that are remembered; the one that asked longest ago is forgotten first
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LIMIT = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})([smhd])")


class Limit(NamedTuple):
    """At most `most` requests within `window_s` seconds."""

    most: int
    window_s: float

    def __str__(self) -> str:
        for unit in ("d", "h", "m"):
            if self.window_s % UNITS[unit] == 0:
                return f"{self.most}/{int(self.window_s // UNITS[unit])}{unit}"
        return f"{self.most}/{int(self.window_s)}s"


class Over(NamedTuple):
    """The limit that a request would break, and in how many seconds it would not."""

    key: str
    limit: Limit
    wait_s: float


def read_limit(text: str) -> Limit:
    """ "7/15m" as a limit. Raises ValueError."""
    found = _LIMIT.fullmatch(text.replace(" ", ""))
    if found is None:
        raise ValueError(f'{text!r} is no limit; write "7/15m": a count and a time in s, m, h or d')
    return Limit(int(found[1]), float(int(found[2]) * UNITS[found[3]]))


class RequestLimits:
    """Remembers when each key asked, in the keeper's `room`. `over` looks, `count` takes; the caller does both in one
    turn.
    """

    def __init__(self, clock: Clock, room: str, keeper: Keeper | None = None) -> None:
        self._room = room
        self._clock = clock
        self._keeper: Keeper = keeper if keeper is not None else MemoryKeeper()
        self._asked: OrderedDict[str, list[float]] = OrderedDict()  # the one that asked last at the end
        for key, times in sorted(self._keeper.load(self._room).items(), key=lambda entry: max(entry[1], default=0.0)):
            self._asked[key] = [float(at) for at in times]

    def over(self, key: str, limits: Sequence[Limit]) -> Over | None:
        """The limit that one more request of `key` would break; of several the one that lasts longest."""
        now = self._clock.unix()
        worst: Over | None = None
        times = self._asked.get(key, ())
        for limit in limits:
            recent = [at for at in times if now - limit.window_s < at <= now]
            if len(recent) >= limit.most:
                wait_s = recent[-limit.most] + limit.window_s - now
                if worst is None or wait_s > worst.wait_s:
                    worst = Over(key, limit, wait_s)
        return worst

    def count(self, key: str, limits: Sequence[Limit]) -> None:
        """`key` made a request now."""
        now = self._clock.unix()
        longest = max((limit.window_s for limit in limits), default=0.0)
        most = max((limit.most for limit in limits), default=0)
        times = [at for at in self._asked.pop(key, []) if now - longest < at <= now]
        times.append(now)
        self._asked[key] = times[-most:] if most else []
        self._keeper.put(self._room, key, self._asked[key])
        while len(self._asked) > MAX_KEYS:
            gone, _ = self._asked.popitem(last=False)
            self._keeper.put(self._room, gone, None)

    def sweep(self, window_s: float) -> None:
        """Forgets who asked nothing for `window_s` seconds."""
        now = self._clock.unix()
        for key in [key for key, times in self._asked.items() if not times or now - times[-1] > window_s]:
            del self._asked[key]
            self._keeper.put(self._room, key, None)
