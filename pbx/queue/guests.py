"""A caller who waits in further queues too (overflow): whichever serves him has him in its figures.

He is one caller of one queue at any instant: of his own until an agent of another one answers him. Then he has flowed
out of his own queue, at the moment at which the overflow made him a guest of the other, and is an arrival there since
then. Who gives up, or leaves, was his own queue's all the time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.queue.queue import Queue
    from pbx.queue.waiting import Waiting

OVERFLOW = "overflow"  # the reason of queue.left


class Guests:
    """Where one caller is a guest, since when, and at which place he came."""

    __slots__ = ("_came",)

    def __init__(self) -> None:
        self._came: dict[str, tuple[float, int]] = {}

    def came(self, stay: Waiting, queue: str) -> None:
        """He waits in `queue` too from now on; coming back to the line changes nothing of it."""
        position = stay.service.dispatcher.position(stay.key, queue)
        self._came.setdefault(queue, (asyncio.get_running_loop().time(), position))

    def served(self, stay: Waiting, other: Queue, wait_s: float) -> float:
        """An agent of `other` answered the caller, who has waited for `wait_s` altogether: he flows out of his own
        queue into that one. Returns how long he waited there.
        """
        home, call, now = stay.queue, stay.call, asyncio.get_running_loop().time()
        since, position = self._came.get(other.name, (now, 0))
        there_s = min(max(now - since, 0.0), wait_s)
        home.count_left(OVERFLOW, wait_s)
        other.offered += 1
        call.emit(Kind.QUEUE_LEFT, queue=home.name, wait_s=wait_s - there_s, reason=OVERFLOW, to=other.name)
        call.emit(Kind.QUEUE_JOINED, queue=other.name, position=position, overflowed_from=home.name, waited_s=there_s)
        return there_s
