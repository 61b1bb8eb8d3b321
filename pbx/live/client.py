"""Whoever watches: gets messages as fast as he takes them, or a snapshot when he was too slow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pbx.live.frames import Message
from pbx.live.topics import View

SLOW = 4008  # close codes of ours (RFC 6455 section 7.4.2)
REVOKED = 4001
GOING_AWAY = 1001


class Socket(Protocol):
    """A WebSocket connection that takes whole frames; pbx.api.websocket.GuardedWebSocket is one."""

    @property
    def waiting(self) -> int:
        """Octets that the far end has not taken."""
        ...

    def write_frame(self, frame: bytes) -> None: ...

    def end(self, code: int) -> None: ...


class Client(Protocol):
    """One connection. `recheck` gives what it may see now, None when nothing any more."""

    view: View
    recheck: Callable[[], View | None]
    behind_since: float  # loop seconds; 0.0: it is not
    person: str

    @property
    def waiting(self) -> int: ...

    def send(self, message: Message) -> None: ...

    def end(self, code: int) -> None: ...


class SocketClient:
    """Over WebSocket."""

    __slots__ = ("_socket", "behind_since", "person", "recheck", "view")

    def __init__(self, socket: Socket, view: View, person: str, recheck: Callable[[], View | None]) -> None:
        self._socket = socket
        self.view, self.person, self.recheck = view, person, recheck
        self.behind_since = 0.0

    @property
    def waiting(self) -> int:
        return self._socket.waiting

    def send(self, message: Message) -> None:
        self._socket.write_frame(message.frame)

    def end(self, code: int) -> None:
        self._socket.end(code)


class EventClient:
    """Over server-sent events: `next` gives what is to be written, None at the end."""

    __slots__ = ("_ended", "_parts", "_waiting", "_wake", "behind_since", "person", "recheck", "view")

    def __init__(self, view: View, person: str, recheck: Callable[[], View | None]) -> None:
        self.view, self.person, self.recheck = view, person, recheck
        self.behind_since = 0.0
        self._parts: deque[bytes] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._ended = False

    @property
    def waiting(self) -> int:
        return self._waiting

    def send(self, message: Message) -> None:
        self._parts.append(message.event)
        self._waiting += len(message.event)
        self._wake.set()

    def end(self, code: int) -> None:
        self._parts.append(b"event: end\ndata: %d\n\n" % code)
        self._ended = True
        self._wake.set()

    async def next(self) -> bytes | None:
        """All that waits, together."""
        while not self._parts:
            if self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        data = b"".join(self._parts)
        self._parts.clear()
        self._waiting = 0
        return data
