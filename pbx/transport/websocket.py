"""SIP over WebSocket (RFC 7118): one connection as a Flow. The HTTP server speaks WebSocket; here are messages only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from pbx.sip.address import Flow
from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.parser import MAX_MESSAGE, parse
from pbx.transport.base import Stats
from pbx.transport.connections import PING, PING_GRACE_S, WRITE_LIMIT, Connections
from pbx.transport.turns import Turns

PONG = b"\r\n"

OnMessage = Callable[["Request | Response | SipParseError", Flow], None]


class Socket(Protocol):
    """What the HTTP server gives: a WebSocket after its handshake."""

    pending_since: float | None  # since when a message is unfinished (the loop's clock)

    @property
    def waiting(self) -> int:
        """Bytes that the peer has not taken yet."""
        ...

    def write(self, data: bytes) -> None:
        """Sends one message, as text if it is UTF-8."""
        ...

    def end(self, code: int) -> None:
        """Says why (RFC 6455 section 7.4) and closes."""
        ...


class WebSocketFlow:
    """A Flow. The endpoint calls `feed` for each message, waits while `busy`, and `lost` at the end."""

    reliable = True
    outgoing = False

    def __init__(self, owner: WebSocketTransport, socket: Socket, local: tuple[str, int], remote: tuple[str, int]):
        self._owner = owner
        self._socket = socket
        self.transport = owner.transport
        self.local = local
        self.remote: tuple[str, int] | None = remote
        self.closed = False
        self.heard_at = owner.connections.now()
        self.keep_until = 0.0
        self.pinged_at = self.heard_at
        self.ping_limit_s = 0.0
        self.sent_at = self.heard_at
        self.successor: Flow | None = None
        self._message: bytes | None = None
        self._digested = asyncio.Event()
        self._digested.set()

    @property
    def pending_since(self) -> float | None:
        return self._socket.pending_since

    @property
    def busy(self) -> bool:
        """Whether the last message still waits for its turn."""
        return self._message is not None

    async def digested(self) -> None:
        """Until it has had it."""
        await self._digested.wait()

    def keep(self, seconds: float) -> None:
        """Exempts the connection from the idle limit for `seconds` (a registration came through it)."""
        self.keep_until = max(self.keep_until, self._owner.connections.now() + seconds)

    def expect_pings(self, seconds: float) -> None:
        """Closes the connection when nothing comes for so long, and a while more."""
        self.ping_limit_s = seconds + PING_GRACE_S

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        if self.closed:
            self._owner.stats.send_errors += 1
        elif self._socket.waiting > WRITE_LIMIT:
            self._owner.stats.closed_slow += 1
            self.close()
        else:
            self._socket.write(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._socket.end(1000)

    def feed(self, data: bytes) -> None:
        """One message came."""
        self.pinged_at = self._owner.connections.now()
        self._message = data
        self._digested.clear()
        self._owner.turns.add(self)

    def step(self) -> bool:
        """Looks at it (see pbx.transport.turns)."""
        data, self._message = self._message, None
        self._digested.set()
        if data is None or self.closed:
            return False
        stats = self._owner.stats
        if len(data) > MAX_MESSAGE:
            self._owner.on_message(SipParseError(513, "Message Too Large"), self)
            return False
        try:
            message = parse(data)
        except SipParseError as error:
            self._owner.on_message(error, self)
            return False
        if message is None:
            stats.keepalives += 1
            if data == PING:  # RFC 5626 section 4.4.1
                self.send(PONG, ("", 0))
        else:
            self.heard_at = self._owner.connections.now()
            self._owner.on_message(message, self)
        return False

    def lost(self) -> None:
        """The connection ended."""
        self.closed = True
        self._owner.connections.forget(self)


class WebSocketTransport:
    """All WebSocket connections of one transport ("ws" or "wss")."""

    def __init__(
        self, transport: str, connections: Connections, turns: Turns, on_message: OnMessage, stats: Stats
    ) -> None:
        self.transport = transport
        self.connections = connections
        self.turns = turns
        self.on_message = on_message
        self.stats = stats

    def open(self, socket: Socket, local: tuple[str, int], remote: tuple[str, int]) -> WebSocketFlow | None:
        """A connection whose handshake may be finished; None when its source has too many."""
        flow = WebSocketFlow(self, socket, local, remote)
        return flow if self.connections.admit(flow, incoming=True) else None
