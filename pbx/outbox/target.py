"""One receiver: what is in memory for it, what is under way, and whether it seems to be down.

A failure belongs to the delivery, which is tried again later and later, and to the target: after one only one delivery
at a time is tried, after some in a row with growing pauses, until one is taken. So a receiver that is down costs a
request every few minutes, and holds nothing in memory but its next entry.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from pbx.outbox.entry import Entry
from pbx.outbox.ports import Deliverer, Verdict

DOWN_AFTER = 3  # failures in a row
MAX_PAUSE_S = 300.0  # between two attempts at a target that is down
AHEAD = 4  # entries in memory for each that may be under way


@dataclass(slots=True)
class Counts:
    """Since the start; `pending`, `dead` and `oldest` (UTC seconds, 0: none) are as of the last look."""

    delivered: int = 0
    dead_total: int = 0
    failed: dict[str, int] = field(default_factory=dict)  # attempts, by reason
    pending: int = 0
    dead: int = 0
    oldest: float = 0.0


@dataclass(slots=True)
class Target:
    """`now` is UTC seconds everywhere."""

    name: str
    deliverer: Deliverer
    parallel: int
    max_age_s: float
    told: Callable[[Entry, Verdict], None] = lambda _entry, _verdict: None
    waiting: deque[Entry] = field(default_factory=deque)  # read, and not begun
    under_way: dict[int, Entry] = field(default_factory=dict)  # by seq
    failures: int = 0  # in a row
    paused_until: float = 0.0
    paused_at: float = 0.0
    proven: bool = False  # it has answered since its last failure
    next_due: float = 0.0  # when the database has to be asked again; 0: when something is put

    @property
    def is_down(self) -> bool:
        return self.failures >= DOWN_AFTER

    @property
    def held(self) -> list[int]:
        """What is in memory, by seq."""
        return [*self.under_way, *(entry.seq for entry in self.waiting)]

    def room(self, now: float) -> int:
        """How many entries may be read."""
        return 0 if now < self.paused_until else self._room()

    def _room(self) -> int:
        most = self.parallel * AHEAD if self.proven else 1
        return max(0, most - len(self.under_way) - len(self.waiting))

    def next(self, now: float) -> Entry | None:
        """The entry to begin with, None when none may be begun."""
        most = self.parallel if self.proven else 1
        if not self.waiting or len(self.under_way) >= most or now < self.paused_until:
            return None
        entry = self.waiting.popleft()
        self.under_way[entry.seq] = entry
        return entry

    def answered(self) -> bool:
        """It works; returns whether it was down before."""
        was_down = self.is_down
        self.failures, self.paused_until, self.proven = 0, 0.0, True
        return was_down

    def failed(self, began: float, now: float, pause_s: Callable[[int], float], asked_s: float) -> None:
        """An attempt that was begun at `began` has failed. Those that were under way together count once. `asked_s`:
        for how long the target wants to be left alone.
        """
        if began >= self.paused_at:
            self.failures += 1
            self.paused_at = now
            self.proven = False
            if self.is_down:
                self.paused_until = now + min(pause_s(self.failures - DOWN_AFTER + 1), MAX_PAUSE_S)
        self.paused_until = max(self.paused_until, now + asked_s)
        if now < self.paused_until:
            self.waiting.clear()  # they are read again when it is time

    def ask_by(self, at: float) -> None:
        """Something may be due at `at` (0: nothing is known to be)."""
        if at and (not self.next_due or at < self.next_due):
            self.next_due = at

    def wakes_at(self) -> float:
        """When the database is to be asked for more, 0 for not before something happens."""
        return max(self.next_due, self.paused_until) if self.next_due and self._room() else 0.0

    def forget(self, ids: Collection[str]) -> None:
        """Entries that were read, and have changed since."""
        self.waiting = deque(entry for entry in self.waiting if entry.id not in ids)
