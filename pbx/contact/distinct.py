"""How many different things somebody may ask for: sliding windows over distinct values, kept over a restart
(conventions.md E9: distinct numbers of a visitor).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.contact.limits import MAX_KEYS, Limit, Over

DIGEST = 12  # characters: values are told apart and not remembered


class DistinctLimits:
    """Remembers when each key asked for each value last, in the keeper's `room`. `over` looks, `count` takes."""

    def __init__(self, clock: Clock, room: str, keeper: Keeper) -> None:
        self._clock = clock
        self._room = room
        self._keeper = keeper
        self._asked: OrderedDict[str, dict[str, float]] = OrderedDict()  # key: digest of a value: UTC seconds
        for key, values in sorted(keeper.load(room).items(), key=lambda entry: max(entry[1].values(), default=0.0)):
            self._asked[key] = {str(value): float(at) for value, at in values.items()}

    def over(self, key: str, value: str, limits: Sequence[Limit]) -> Over | None:
        """The limit that `value` would break, of several the one that lasts longest. A value that was asked for within
        its window is none more.
        """
        now, worst = self._clock.unix(), None
        known = self._asked.get(key, {})
        for limit in limits:
            recent = sorted(at for at in known.values() if now - limit.window_s < at <= now)
            if len(recent) < limit.most or now - known.get(_digest(value), 0.0) < limit.window_s:
                continue
            wait_s = recent[-limit.most] + limit.window_s - now
            if worst is None or wait_s > worst.wait_s:
                worst = Over(key, limit, wait_s)
        return worst

    def count(self, key: str, value: str, limits: Sequence[Limit]) -> None:
        """`key` asked for `value` now."""
        now = self._clock.unix()
        longest = max((limit.window_s for limit in limits), default=0.0)
        values = {each: at for each, at in self._asked.pop(key, {}).items() if now - longest < at}
        values[_digest(value)] = now
        self._asked[key] = values
        self._keeper.put(self._room, key, values)
        while len(self._asked) > MAX_KEYS:
            gone, _ = self._asked.popitem(last=False)
            self._keeper.put(self._room, gone, None)

    def sweep(self, window_s: float) -> None:
        """Forgets who asked for nothing for `window_s` seconds."""
        now = self._clock.unix()
        for key in [key for key, values in self._asked.items() if now - max(values.values(), default=0.0) > window_s]:
            del self._asked[key]
            self._keeper.put(self._room, key, None)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:DIGEST]
