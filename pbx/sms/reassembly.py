"""Long messages that come in parts: kept until all are there, over a restart as well, since each is acknowledged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.sms.smpp_text import Piece

ROOM = "sms_parts"
MOST = 2000  # messages of which parts are missing; the oldest gives way
MOST_OF_NUMBER = 20
KEPT_S = 86_400.0  # after which the reference may mean another message


@dataclass(slots=True)
class Whole:
    """A complete message; `key` is what `done` takes."""

    data: bytes
    coding: int
    key: str = ""


@dataclass(slots=True)
class _Puzzle:
    number: str
    since: float
    count: int
    coding: int
    parts: dict[int, bytes] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        parts = {str(number): data.hex() for number, data in self.parts.items()}
        return {"number": self.number, "since": self.since, "count": self.count, "coding": self.coding, "parts": parts}


class Reassembly:
    """`add` returns when the part is on disk, or with the whole message; then `done`, when that is."""

    def __init__(self, clock: Clock, keeper: Keeper) -> None:
        self._clock = clock
        self._keeper = keeper
        self._puzzles: dict[str, _Puzzle] = {}
        for key, row in sorted(keeper.load(ROOM).items(), key=lambda entry: float(entry[1]["since"])):
            parts = {int(number): bytes.fromhex(data) for number, data in row["parts"].items()}
            self._puzzles[key] = _Puzzle(row["number"], row["since"], row["count"], row["coding"], parts)

    async def add(self, gateway: str, number: str, to: str, piece: Piece) -> Whole | None:
        """One more part; the same one twice is one. None while others are missing."""
        if piece.total == 1:
            return Whole(piece.data, piece.coding)
        self._forget()
        name = "\0".join((gateway, number, to, str(piece.reference), str(piece.total)))
        key = hashlib.sha256(name.encode()).hexdigest()[:32]
        puzzle = self._puzzles.get(key)
        if puzzle is None:
            self._make_room(number)
            puzzle = self._puzzles[key] = _Puzzle(number, self._clock.unix(), piece.total, piece.coding)
        puzzle.parts.setdefault(piece.number, piece.data)
        if len(puzzle.parts) == puzzle.count:
            data = b"".join(puzzle.parts[index] for index in sorted(puzzle.parts))
            return Whole(data, puzzle.coding, key)
        await self._keeper.keep(ROOM, key, puzzle.row())
        return None

    async def done(self, whole: Whole) -> None:
        """The message is kept elsewhere now."""
        if whole.key:
            self._drop(whole.key)

    def _forget(self) -> None:
        """What was never completed."""
        before = self._clock.unix() - KEPT_S
        for key in [key for key, puzzle in self._puzzles.items() if puzzle.since < before]:
            self._drop(key)

    def _make_room(self, number: str) -> None:
        own = [key for key, puzzle in self._puzzles.items() if puzzle.number == number]
        if len(own) >= MOST_OF_NUMBER:
            self._drop(own[0])
        while len(self._puzzles) >= MOST:
            self._drop(next(iter(self._puzzles)))

    def _drop(self, key: str) -> None:
        self._puzzles.pop(key, None)
        self._keeper.put(ROOM, key, None)
