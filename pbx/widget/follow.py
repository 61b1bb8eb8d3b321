"""Visitors who follow their requests: each is told every new state, and let go when nothing more will happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from pbx.widget.states import Shown

MOST = 200  # streams at once; whoever comes then asks again and again instead
MOST_OF_ONE = 4  # of one request
ALIVE_S = 15.0  # between two signs of life


class Followed:
    """Streams by item."""

    def __init__(self) -> None:
        self._streams: dict[str, set[asyncio.Queue[Shown | None]]] = {}
        self.count = 0
        self._closed = False

    def has_room(self, contact: str) -> bool:
        """Whether another stream may be opened."""
        return not self._closed and self.count < MOST and len(self._streams.get(contact, ())) < MOST_OF_ONE

    async def stream(self, contact: str, first: Shown) -> AsyncIterator[Shown | None]:
        """`first` and every state after it, None as a sign of life; ends after a state that is the last one."""
        yield first
        if first.over:
            return
        told: asyncio.Queue[Shown | None] = asyncio.Queue(32)
        self._streams.setdefault(contact, set()).add(told)
        self.count += 1
        last: Shown = first
        try:
            while not last.over:
                try:
                    async with asyncio.timeout(ALIVE_S):
                        state = await told.get()
                except TimeoutError:
                    yield None
                    continue
                if state is None:  # the process ends
                    return
                if state != last:
                    last = state
                    yield state
        finally:
            self.count -= 1
            streams = self._streams.get(contact, set())
            streams.discard(told)
            if not streams:
                self._streams.pop(contact, None)

    def tell(self, contact: str, state: Shown) -> None:
        """Does not wait; a stream that nobody reads misses states."""
        for told in self._streams.get(contact, ()):
            with suppress(asyncio.QueueFull):
                told.put_nowait(state)

    def close(self) -> None:
        """Ends every stream, and opens none any more: HTTP waits for them when it stops."""
        self._closed = True
        for streams in self._streams.values():
            for told in streams:
                with suppress(asyncio.QueueFull):
                    told.put_nowait(None)
