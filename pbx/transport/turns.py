"""Who may be served next: connections that have sent something take turns, a piece each, and together no longer than
a moment in one iteration of the event loop. A connection that writes without a pause delays itself alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

TURN_S = 0.002  # for all connections together, then timers, datagrams and calls are served


class Turn(Protocol):
    """A connection with something to do."""

    def step(self) -> bool:
        """Does one small piece; True when there is more."""
        ...


class Turns:
    """Round robin. A connection is in it once at most: `add` it when it was idle."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Turn] = deque()
        self._scheduled = False

    def add(self, turn: Turn) -> None:
        self._waiting.append(turn)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        waiting = self._waiting
        until = self._loop.time() + TURN_S
        try:
            while waiting:
                turn = waiting.popleft()
                if turn.step():
                    waiting.append(turn)
                if self._loop.time() >= until:
                    break
        finally:
            self._scheduled = bool(waiting)
            if waiting:
                self._loop.call_soon(self._run)
