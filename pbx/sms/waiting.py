"""Messages that wait, by the way that they go: the gateways that serve their numbers. A way that is busy or down holds
up nobody else, and costs one look however many wait on it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from pbx.sms.message import Message

Entry = tuple[float, int, str]  # not before (UTC seconds), in the order of coming, id


class WaitingMessages:
    """`way_of(message)` names a way; messages of one way have the same gateways in the same order."""

    def __init__(self, way_of: Callable[[Message], str]) -> None:
        self._way_of = way_of
        self._count = 0
        self._ways: dict[str, list[Entry]] = {}
        self._held: dict[str, float] = {}  # a way: until (UTC seconds)

    def add(self, message: Message) -> None:
        way = self._ways.setdefault(self._way_of(message), [])
        self._count += 1
        heapq.heappush(way, (message.not_before, self._count, message.id))

    def due(self, now: float) -> Iterator[str]:
        """The ways on which somebody is due."""
        for way, entries in list(self._ways.items()):
            if entries and entries[0][0] <= now and self._held.get(way, 0.0) <= now:
                yield way

    def first(self, way: str, now: float) -> Entry | None:
        """Who is due on a way for the longest time."""
        entries = self._ways[way]
        return entries[0] if entries and entries[0][0] <= now else None

    def take(self, way: str) -> None:
        """The first one waits no longer."""
        heapq.heappop(self._ways[way])

    def hold(self, way: str, until: float) -> None:
        """Nobody on a way is due before then."""
        self._held[way] = until

    def release(self) -> None:
        """A gateway takes messages again: all ways are looked at."""
        self._held.clear()

    def next_at(self) -> float:
        """When the next one will be due; infinity for never."""
        times = [max(entries[0][0], self._held.get(way, 0.0)) for way, entries in self._ways.items() if entries]
        return min(times, default=float("inf"))
