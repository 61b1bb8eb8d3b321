"""Where entries live beyond the process, as the outbox asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pbx.outbox.entry import Entry, State


@dataclass(slots=True, frozen=True)
class Want:
    """How many of a target's next entries are asked for; those of `held` are in memory already (by `seq`)."""

    target: str
    limit: int
    held: Collection[int] = ()


@dataclass(slots=True)
class Turn:
    """What was found: entries that may be tried now, at most one of a call, and when the next ones of a target will
    be due (UTC seconds) where fewer than asked for were found.
    """

    entries: list[Entry] = field(default_factory=list)
    next_due: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Left:
    """What a target has. `oldest`: when the oldest pending entry was put (UTC seconds), 0 for none."""

    pending: int = 0
    dead: int = 0
    oldest: float = 0.0


@dataclass(slots=True, kw_only=True)
class Wanted:
    """Which entries to list, the newest first: "" and 0 for all; `before`: of a smaller `seq` only."""

    target: str = ""
    state: str = ""
    kind: str = ""
    call_id: str = ""
    before: int = 0
    limit: int = 100


class Shelf(Protocol):
    """Every method that is awaited returns after the commit and raises StoreError when nothing was saved."""

    def load(self) -> tuple[int, dict[str, int]]:
        """The last `seq`, and the last `number` of each target."""
        ...

    def put_soon(self, entry: Entry) -> None:
        """With the next batch, unless its target has the key already."""
        ...

    @property
    def unwritten(self) -> int:
        """Entries of `put_soon` that no batch has taken yet."""
        ...

    async def put(self, entry: Entry) -> bool:
        """False when its target has the key already; nothing is written then."""
        ...

    async def turn(self, settled: Sequence[Entry], wants: Sequence[Want], now: float) -> Turn:
        """Writes what became of `settled`, then reads what may be tried at `now`."""
        ...

    async def hasten(self, target: str, now: float) -> None:
        """The target is back: what waits for its next attempt is due at once."""
        ...

    async def left(self) -> dict[str, Left]:
        """Pending and dead entries of all targets that have any."""
        ...

    async def expire(self, limits: Mapping[str, float], usual: float, held: Collection[int], now: float) -> list[Entry]:
        """Buries pending entries that were queued before `limits` of their target (`usual` for others), some at a
        time; returns them without their bodies. Not those of `held`.
        """
        ...

    async def prune(self, delivered: float, dead: float) -> int:
        """Forgets what was delivered or dropped before `delivered`, or died before `dead`; returns how many."""
        ...

    async def wanted(self, wanted: Wanted) -> list[Entry]: ...

    async def get(self, entry: str) -> Entry | None:
        """By its id."""
        ...

    async def change(self, ids: Sequence[str], state: State, now: float) -> int:
        """Makes entries pending again (those that ended) or dropped (those that are pending or dead); returns how
        many were.
        """
        ...
