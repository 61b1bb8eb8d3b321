"""Whose turn it is in queues of round robin, kept over a restart: the next one is asked, not the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Queue as QueueConfig
    from pbx.queue.memory import Keeper

ROOM = "queue_turn"
STRATEGY = "round-robin"


class Turns:
    """`place` when the queues are made, `took` with each offer."""

    def __init__(self, keeper: Keeper, members: Mapping[str, Sequence[str]]) -> None:
        """`members`: extensions by queue, in the order of their turns; the mapping may change."""
        self._keeper = keeper
        self._members = members
        self._last = dict(keeper.load(ROOM))

    def place(self, queue: QueueConfig) -> int:
        """The position in the list of who was offered last, -1 for nobody. Of one who is in the list no more: the
        position before his, so that whoever stands there now is next.
        """
        kept = self._last.get(queue.name) if queue.strategy == STRATEGY else None
        if not isinstance(kept, list) or len(kept) != 2:
            return -1
        extension, place = str(kept[0]), int(kept[1])
        members = self._members[queue.name]
        if extension in members:
            return members.index(extension)
        return min(place, len(members)) - 1

    def took(self, queue: str, extension: str) -> None:
        """`extension` was offered a caller of `queue` in his turn."""
        members = self._members[queue]
        if extension in members:
            self._last[queue] = kept = [extension, members.index(extension)]
            self._keeper.put(ROOM, queue, kept)
