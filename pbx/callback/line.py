"""The customers who are due and shall be called before an agent is rung, the oldest first, per queue."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from pbx.callback.desk import slot_of
from pbx.contact.item import ContactItem

if TYPE_CHECKING:
    from pbx.callback.agent_first import AgentFirst, AgentOffer
    from pbx.callback.customer_first import CustomerFirst
    from pbx.callback.desk import Desk

PRIORITY_S = 60.0  # what a point of priority is worth, as in the distributor


class Entry:
    """An open item that may be called."""

    __slots__ = ("candidate", "customer_first", "flying", "item", "ready", "timer")

    def __init__(self, item: ContactItem) -> None:
        self.item = item
        self.timer: asyncio.TimerHandle | None = None
        self.candidate: AgentFirst | None = None  # waits in the order
        self.flying: AgentOffer | CustomerFirst | None = None  # the customer is being called, or talks
        self.ready = False  # due, and customer first
        self.customer_first = False  # this time, whatever the item says


class Line:
    """Heaps whose entries are looked at when they come to the top: who is not ready any more is dropped there."""

    def __init__(self, desk: Desk) -> None:
        self._heaps: dict[str, list[tuple[float, str, int, Entry]]] = {}
        self.configure(desk)
        self._count = count()  # entries are not compared

    def configure(self, desk: Desk) -> None:
        """The desk's queues are others now; nobody of one that has gone is ready any more."""
        self._heaps = {name: self._heaps.get(name, []) for name in desk.queues}

    def put(self, entry: Entry) -> None:
        """The entry is ready from now on; again, when its age has changed by a merge."""
        item = entry.item
        heappush(self._heaps[item.queue], (rank(item), item.id, next(self._count), entry))

    def head(self, without: Container[str]) -> Entry | None:
        """The oldest of all queues but those; None when nobody is ready."""
        best: tuple[float, str, int, Entry] | None = None
        for name, heap in self._heaps.items():
            if name in without:
                continue
            while heap and not (heap[0][3].ready and heap[0][0] == rank(heap[0][3].item)):
                heappop(heap)
            if heap and (best is None or heap[0][:2] < best[:2]):
                best = heap[0]
        return best[3] if best is not None else None


def rank(item: ContactItem) -> float:
    """Since when the item waits (UTC seconds), less what its priority is worth."""
    return max(item.since, slot_of(item)) - PRIORITY_S * item.priority
