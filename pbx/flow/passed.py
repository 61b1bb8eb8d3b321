"""Numbers that a guard let through, kept over a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.clock import Clock

ROOM = "guard_passed"
MAX_NUMBERS = 100_000
DAY_S = 86_400.0


class Passed:
    """By number, the UTC second of the last time."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self._keeper = keeper
        self._clock = clock
        self._at: dict[str, float] = {number: float(at) for number, at in keeper.load(ROOM).items()}

    def holds(self, number: str, days: float) -> bool:
        """Whether `number` came through within `days`; withheld ones never."""
        at = self._at.get(number) if number and days else None
        return at is not None and self._clock.unix() - at < days * DAY_S

    def note(self, number: str) -> None:
        if not number:
            return
        if number not in self._at and len(self._at) >= MAX_NUMBERS:
            oldest = next(iter(self._at))
            del self._at[oldest]
            self._keeper.put(ROOM, oldest, None)
        self._at.pop(number, None)
        self._at[number] = self._clock.unix()
        self._keeper.put(ROOM, number, round(self._at[number], 3))
