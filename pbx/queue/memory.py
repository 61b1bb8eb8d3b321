"""Keeps what queues have learned over a restart: written while the process runs, at most once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pbx.queue.queue import Queue

ROOM = "queue_learning"
EVERY_S = 60.0


class Keeper(Protocol):
    """`pbx.call.keeping.Keeper`."""

    def load(self, room: str) -> dict[str, object]: ...
    def put(self, room: str, key: str, value: object) -> None: ...


class Memory:
    """`start` restores and begins to write, `stop` writes once more."""

    def __init__(self, queues: Mapping[str, Queue], keeper: Keeper) -> None:
        self._queues = queues
        self._keeper = keeper
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        kept = self._keeper.load(ROOM)
        for name, queue in self._queues.items():
            if name in kept:
                queue.estimator.restore(kept[name])
        self._again()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.write()

    def write(self) -> None:
        """Keeps what has changed since the last time."""
        for name, queue in self._queues.items():
            if queue.estimator.changed:
                self._keeper.put(ROOM, name, queue.estimator.kept())

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._due)

    def _due(self) -> None:
        self.write()
        self._again()
