"""One stream connection, TCP or TLS: bytes to messages, a piece in its turn, and back-pressure both ways."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import cast

from pbx.sip.address import Flow
from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.parser import KEEPALIVE, StreamError, StreamParser
from pbx.transport.base import Stats, watch_peer
from pbx.transport.connections import PING_GRACE_S, WRITE_LIMIT, Connections
from pbx.transport.turns import Turns

PIECE = 4096  # bytes of one connection that are looked at in one go

OnMessage = Callable[["Request | Response | SipParseError", Flow], None]


class StreamHost:
    """What the flows of one transport share."""

    def __init__(
        self, transport: str, connections: Connections, turns: Turns, on_message: OnMessage, stats: Stats
    ) -> None:
        self.transport = transport
        self.connections = connections
        self.turns = turns
        self.on_message = on_message
        self.stats = stats


class StreamFlow(asyncio.Protocol):
    """One connection, a Flow (see pbx.sip.address)."""

    reliable = True

    def __init__(self, owner: StreamHost, *, incoming: bool, reserved: bool = False) -> None:
        self._owner = owner
        self.transport = owner.transport
        self.outgoing = not incoming
        self._reserved = reserved  # it was counted when it was accepted, before the TLS handshake
        self._parser = StreamParser()
        self._stream: asyncio.Transport | None = None
        self._unread = b""  # came, and was not looked at yet
        self._behind = False  # there was more than one piece: nothing is read until that is done
        self._clogged = False  # the peer does not read what we write
        self._reading = True
        self.closed = False
        self.local: tuple[str, int] = ("", 0)
        self.remote: tuple[str, int] | None = None
        self.heard_at = owner.connections.now()
        self.pending_since: float | None = self.heard_at if incoming else None
        self.keep_until = 0.0  # a registration lives here: not idle before this (the loop's clock)
        self.pinged_at = self.heard_at
        self.ping_limit_s = 0.0
        self.sent_at = self.heard_at
        self.successor: Flow | None = None
        self.certificate: ssl._PeerCertRetDictType | None = None  # the verified one of a TLS client that showed one

    def keep(self, seconds: float) -> None:
        """Exempts the connection from the idle limit for `seconds` (a registration came through it)."""
        self.keep_until = max(self.keep_until, self._owner.connections.now() + seconds)

    def expect_pings(self, seconds: float) -> None:
        """Closes the connection when nothing comes for so long, and a while more."""
        self.ping_limit_s = seconds + PING_GRACE_S

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        stream = self._stream
        if stream is None or self.closed:
            self._owner.stats.send_errors += 1
            return
        if stream.get_write_buffer_size() > WRITE_LIMIT:
            self._owner.stats.closed_slow += 1
            self.close()
            return
        self.sent_at = self._owner.connections.now()
        stream.write(data)

    def close(self) -> None:
        if self._stream is not None and not self.closed:
            self.closed = True
            self._unread = b""
            self._stream.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = transport.get_extra_info("peername")[:2]
        watch_peer(transport)
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self.certificate = secured.getpeercert() or None
        if not self._owner.connections.admit(self, incoming=not self.outgoing, reserved=self._reserved):
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self._stream = None
        self._owner.connections.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._unread:
            self._unread += data
        else:
            self._unread = data
            self._owner.turns.add(self)

    def step(self) -> bool:
        """Looks at the next piece of what came (see pbx.transport.turns); also after the peer has closed."""
        piece, self._unread = self._unread[:PIECE], self._unread[PIECE:]
        self.pinged_at = now = self._owner.connections.now()
        try:
            messages = self._parser.feed(piece)
        except StreamError as error:
            self._unread = b""
            self._hand_over(error.messages)
            self._owner.on_message(error.error, self)
            if self._stream is not None and not self.closed:
                self._stream.close()  # after the answer is written
                self.closed = True
            return False
        if self._hand_over(messages):
            self.heard_at = now
        if not self._parser.pending:
            if messages:
                self.pending_since = None
        elif messages or self.pending_since is None:
            self.pending_since = now
        self._behind = bool(self._unread)
        self._read_or_not()
        return self._behind

    def pause_writing(self) -> None:
        """The peer does not read what we write: read no more of what it writes."""
        self._clogged = True
        self._read_or_not()

    def resume_writing(self) -> None:
        self._clogged = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        wanted = not (self._behind or self._clogged)
        if wanted is self._reading or self._stream is None or self.closed:
            return
        self._reading = wanted
        if wanted:
            self._stream.resume_reading()
        else:
            self._stream.pause_reading()

    def _hand_over(self, messages: Sequence[object]) -> bool:
        """True if there was more than keep-alives; those of one piece are answered together (RFC 5626 section 4.4.1:
        the answer tells that somebody is there).
        """
        pings = 0
        for message in messages:
            if message is KEEPALIVE:
                pings += 1
            else:
                self._owner.on_message(cast("Request | Response | SipParseError", message), self)
        if pings:
            self._owner.stats.keepalives += pings
            if not self.closed:
                self.send(b"\r\n", ("", 0))
        return len(messages) > pings
