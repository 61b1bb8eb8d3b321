"""Short-lived tickets: a page cannot send a header with its WebSocket, and a token has no business in an address."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

from pbx.clock import Clock

LIFE_S = 30.0
MOST = 10_000
T = TypeVar("T")


class Tickets(Generic[T]):
    """Each is good for one connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def give(self, what: T) -> str:
        """A new ticket that stands for `what`."""
        now = self._clock.monotonic()
        while self._open and (len(self._open) >= MOST or next(iter(self._open.values()))[0] < now):
            self._open.popitem(last=False)
        ticket = secrets.token_urlsafe(32)
        self._open[ticket] = (now + LIFE_S, what)
        return ticket

    def take(self, ticket: str) -> T | None:
        """What it stands for, once."""
        until, what = self._open.pop(ticket, (0.0, None))
        return what if self._clock.monotonic() < until else None
