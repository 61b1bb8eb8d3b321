"""The last changes, so that who was away for a moment gets what he missed and not everything again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from pbx.live.topics import Row, Topic

MOST = 4096  # changes
MOST_BYTES = 8 * 1024 * 1024


@dataclass(slots=True, frozen=True)
class Change:
    """`put` and `delete` are JSON; which of them somebody gets depends on what he sees of the row, before and now."""

    seq: int
    topic: Topic
    old: Row | None
    new: Row | None
    put: bytes
    delete: bytes


def change(seq: int, topic: Topic, name: str, old: Row | None, new: Row | None) -> Change:
    """Encodes it, once for all."""
    head: dict[str, object] = {"seq": seq, "topic": topic.value, "id": name}
    put = orjson.dumps({**head, "op": "put", "value": new.value}) if new is not None else b""
    return Change(seq, topic, old, new, put, orjson.dumps({**head, "op": "delete"}))


class Ring:
    """`base`: whoever has all up to it, or to any later one, needs only what stands here."""

    def __init__(self, base: int) -> None:
        self.base = base
        self._changes: deque[Change] = deque()
        self._bytes = 0

    def add(self, change: Change) -> None:
        """The oldest ones make room."""
        self._changes.append(change)
        self._bytes += len(change.put) + len(change.delete)
        while len(self._changes) > MOST or self._bytes > MOST_BYTES:
            gone = self._changes.popleft()
            self._bytes -= len(gone.put) + len(gone.delete)
            self.base = gone.seq

    def after(self, seq: int) -> Iterator[Change]:
        """Those after `seq`, which is not before `base`."""
        return (change for change in self._changes if change.seq > seq)
