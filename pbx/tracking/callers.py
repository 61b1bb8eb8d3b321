"""Callers of the last days: who is a new one, and whom a number meant when the same caller rang it before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

MIN_DIGITS = 5  # of a caller's number: what has less is withheld, or an extension


@dataclass(slots=True)
class Known:
    """One caller. `number`, `visit` and `probability` are of his last call that a visit was found for."""

    calls: int
    last: float  # UTC seconds
    number: str = ""
    visit: str = ""
    probability: float = 0.0


class Callers:
    """The latest `limit` of them; `window_s` is for how long a caller is no new one."""

    def __init__(self, window_s: float, limit: int) -> None:
        self.window_s = window_s
        self._limit = limit
        self._known: OrderedDict[str, Known] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._known)

    def load(self, rows: Iterable[tuple[str, Known]]) -> None:
        """In the order of their last call."""
        for caller, known in rows:
            self._known[caller] = known
        self._trim()

    def rang(self, caller: str, at: float) -> int:
        """Notes a call; which one of this caller it is within the window, from 1. 0 for who withholds his number."""
        if sum(mark.isdigit() for mark in caller) < MIN_DIGITS:
            return 0
        known = self._known.get(caller)
        if known is None or at - known.last > self.window_s:
            known = self._known[caller] = Known(0, at)
        known.calls += 1
        known.last = at
        self._known.move_to_end(caller)
        self._trim()
        return known.calls

    def unring(self, caller: str) -> None:
        """That call was a test."""
        known = self._known.get(caller)
        if known is not None:
            known.calls -= 1
            if known.calls <= 0:
                del self._known[caller]

    def meant(self, caller: str, number: str) -> Known | None:
        """Whom the same caller meant by this number before; None when that is not known."""
        known = self._known.get(caller)
        return known if known is not None and known.number == number and known.visit else None

    def learn(self, caller: str, number: str, visit: str, probability: float) -> None:
        """A visit was found for his call."""
        known = self._known.get(caller)
        if known is not None:
            known.number, known.visit, known.probability = number, visit, probability

    def forget(self, caller: str) -> None:
        self._known.pop(caller, None)

    def forget_visits(self, visits: set[str]) -> None:
        for known in self._known.values():
            if known.visit in visits:
                known.number, known.visit, known.probability = "", "", 0.0

    def _trim(self) -> None:
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
            self.dropped += 1
