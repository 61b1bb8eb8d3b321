"""The table of numbers that can be dialled (DIDs and internal ones): exact, ranges, and by what a trunk calls them."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.trunks import Trunk
    from pbx.config import Number


class NumberTable:
    """`entries` by number as they are written; ranges are found by their digits. May be replaced while calls run."""

    def __init__(self, numbers: Iterable[Number]) -> None:
        self.entries: dict[str, Number] = {}
        self._keys: list[tuple[str, int, int]] = []  # of ranges: "+" or "", how many digits, the first number; sorted
        self._by_key: dict[tuple[str, int, int], Number] = {}
        for number in numbers:
            if number.last:
                self._add_range(number)
            else:
                self.entries[number.number] = number

    def __len__(self) -> int:
        return len(self.entries) + len(self._keys)

    def all(self) -> list[Number]:
        """Every entry, the single numbers first."""
        return [*self.entries.values(), *(self._by_key[key] for key in self._keys)]

    def get(self, number: str) -> Number | None:
        """The entry of `number` just as it is written."""
        return self.entries.get(number) or (self._in_range(number) if self._keys else None)

    def reached(self, number: str, trunk: Trunk) -> Number | None:
        """The entry that a caller of `trunk` reaches by `number`: only those that list the trunk."""
        entry = self.get(number)
        if entry is not None and trunk.name in entry.trunks:
            return entry
        for form in _other_forms(number, trunk):
            entry = self.get(form)
            if entry is not None and trunk.name in entry.trunks:
                return entry
        return None

    def _add_range(self, number: Number) -> None:
        first = number.number.removeprefix("+")
        key = (number.number[: -len(first)], len(first), int(first))
        insort(self._keys, key)
        self._by_key[key] = number

    def _in_range(self, number: str) -> Number | None:
        digits = number.removeprefix("+")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
            return None
        value = int(digits)
        at = bisect_right(self._keys, (number[: -len(digits)], len(digits), value)) - 1
        if at < 0:
            return None
        plus, length, _ = key = self._keys[at]
        entry = self._by_key[key]
        if plus != number[: -len(digits)] or length != len(digits) or value > int(entry.last.removeprefix("+")):
            return None
        return entry


def _other_forms(number: str, trunk: Trunk) -> Iterable[str]:
    bare = number.lstrip("+")
    yield bare if bare != number else f"+{bare}"
    e164 = trunk.plan.e164(number)
    if e164 and e164 != number:
        yield e164
        yield e164[1:]
