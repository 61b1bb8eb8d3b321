"""How many calls may run: in all, per extension and per trunk."""

from __future__ import annotations


class Limits:
    """Counters by key; a call or leg holds its keys until its end."""

    __slots__ = ("_in_use",)

    def __init__(self) -> None:
        self._in_use: dict[str, int] = {}

    def in_use(self, key: str) -> int:
        return self._in_use.get(key, 0)

    def acquire(self, key: str, maximum: int) -> bool:
        """Takes one of `maximum`; False when none is left."""
        used = self._in_use.get(key, 0)
        if used >= maximum:
            return False
        self._in_use[key] = used + 1
        return True

    def force(self, key: str) -> None:
        """Takes one whatever the maximum: for emergency calls."""
        self._in_use[key] = self._in_use.get(key, 0) + 1

    def release(self, keys: tuple[str, ...]) -> None:
        """Gives back what `acquire` took under each of `keys`."""
        for key in keys:
            left = self._in_use.get(key, 0) - 1
            if left > 0:
                self._in_use[key] = left
            else:
                self._in_use.pop(key, None)
