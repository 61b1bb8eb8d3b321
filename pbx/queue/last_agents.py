"""Who served which customer last, by number: kept over a restart, bounded, the longest unused forgotten first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.queue.memory import Keeper

ROOM = "last_agent"
MAX_CUSTOMERS = 20_000
DAY_S = 86_400.0


class LastAgents:
    """By customer's number. `start` restores."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._served: dict[str, tuple[str, float]] = {}  # number: (extension, UTC seconds); the oldest first

    def start(self) -> None:
        kept = [
            (str(value[0]), float(value[1]), number)
            for number, value in self._keeper.load(ROOM).items()
            if isinstance(value, list) and len(value) == 2
        ]
        for extension, at, number in sorted(kept, key=lambda row: row[1]):
            self._served[number] = (extension, at)
        self._forget_oldest()

    def served(self, number: str, extension: str, now: float) -> None:
        """`extension` talked with the customer at `now` (UTC seconds)."""
        self._served.pop(number, None)
        self._served[number] = (extension, now)
        self._keeper.put(ROOM, number, [extension, now])
        self._forget_oldest()

    def find(self, number: str, now: float, days: float) -> str:
        """The agent's extension, "" when it is too long ago or unknown."""
        extension, at = self._served.get(number, ("", 0.0))
        return extension if now - at <= days * DAY_S else ""

    def _forget_oldest(self) -> None:
        while len(self._served) > MAX_CUSTOMERS:
            number = next(iter(self._served))
            del self._served[number]
            self._keeper.put(ROOM, number, None)
