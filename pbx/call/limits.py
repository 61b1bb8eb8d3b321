"""How many calls may run: in all, per extension and per trunk; and what a day of outbound talk an extension may
spend.
"""

from __future__ import annotations

from pbx.clock import Clock

DAY_S = 86_400


class Limits:
    """Counters by key; a call or leg holds its keys until its end."""

    __slots__ = ("_clock", "_day", "_in_use", "_spent_s")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_use: dict[str, int] = {}
        self._day = 0
        self._spent_s: dict[str, float] = {}

    def in_use(self, key: str) -> int:
        return self._in_use.get(key, 0)

    def acquire(self, key: str, maximum: int) -> bool:
        """Takes one of `maximum`; False when none is left."""
        used = self._in_use.get(key, 0)
        if used >= maximum:
            return False
        self._in_use[key] = used + 1
        return True

    def release(self, keys: tuple[str, ...]) -> None:
        """Gives back what `acquire` took under each of `keys`."""
        for key in keys:
            left = self._in_use.get(key, 0) - 1
            if left > 0:
                self._in_use[key] = left
            else:
                self._in_use.pop(key, None)

    def spend(self, account: str, seconds: float) -> None:
        """Counts outbound talk of `account` into the current UTC day."""
        self._turn_day()
        self._spent_s[account] = self._spent_s.get(account, 0.0) + seconds

    def spent_s(self, account: str) -> float:
        """Outbound talk of `account` since the UTC day began (in this process), in seconds."""
        self._turn_day()
        return self._spent_s.get(account, 0.0)

    def _turn_day(self) -> None:
        day = int(self._clock.unix()) // DAY_S
        if day != self._day:
            self._day = day
            self._spent_s.clear()
