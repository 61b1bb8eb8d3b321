"""SIP over TCP: the connections that come and those we make, reused both ways, and what a slow or greedy one may cost.

Limits (security.md R12): connections of one source and of all, a deadline for every unfinished message, and one for
connections that say nothing and carry neither a registration nor a call.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from pbx.sip.address import Destination
from pbx.sip.message import Request, Response, SipParseError
from pbx.sip.outputs import SendFailureListener
from pbx.sip.parser import KEEPALIVE, StreamError, StreamParser
from pbx.transport.base import ListenAddress, Stats, listen_error
from pbx.transport.turns import Turns

PER_SOURCE_LIMIT = 64
TOTAL_LIMIT = 4096
MESSAGE_DEADLINE_S = 32.0  # from the first byte of a message, or from the connection's start, to the message's end
IDLE_S = 120.0  # without a message; keep-alives alone keep nothing
PIECE = 4096  # bytes of one connection that are looked at in one go
SWEEP_S = 2.0
CONNECT_TIMEOUT_S = 4.0
WRITE_LIMIT = 1024 * 1024  # bytes waiting for a peer that does not read: it is closed

OnMessage = Callable[["Request | Response | SipParseError", "TcpFlow"], None]


class TcpFlow(asyncio.Protocol):
    """One connection, a Flow (see pbx.sip.address)."""

    transport = "tcp"
    reliable = True

    def __init__(self, owner: TcpTransport, *, incoming: bool) -> None:
        self._owner = owner
        self._incoming = incoming
        self._parser = StreamParser()
        self._stream: asyncio.Transport | None = None
        self._unread = b""  # came, and was not looked at yet
        self._behind = False  # there was more than one piece: nothing is read until that is done
        self._clogged = False  # the peer does not read what we write
        self._reading = True
        self.closed = False
        self.local: tuple[str, int] = ("", 0)
        self.remote: tuple[str, int] | None = None
        self.opened_at = self.heard_at = owner.now()
        self.pending_since: float | None = self.opened_at if incoming else None
        self.keep_until = 0.0  # a registration lives here: not idle before this (the loop's clock)

    def keep(self, seconds: float) -> None:
        """Exempts the connection from the idle limit for `seconds` (a registration came through it)."""
        self.keep_until = max(self.keep_until, self._owner.now() + seconds)

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        stream = self._stream
        if stream is None or self.closed:
            self._owner.stats.send_errors += 1
            return
        if stream.get_write_buffer_size() > WRITE_LIMIT:
            self._owner.stats.closed_slow += 1
            self.close()
            return
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
        if not self._owner.admit(self, self._incoming):
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self._stream = None
        self._owner.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._unread:
            self._unread += data
        else:
            self._unread = data
            self._owner.turns.add(self)

    def step(self) -> bool:
        """Looks at the next piece of what came (see pbx.transport.turns); also after the peer has closed."""
        piece, self._unread = self._unread[:PIECE], self._unread[PIECE:]
        now = self._owner.now()
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


class TcpTransport:
    """All TCP connections of the process."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_message: OnMessage,
        stats: Stats,
        peers_in_use: Callable[[], Iterable[Destination]],
    ) -> None:
        self._loop = loop
        self.on_message = on_message
        self.stats = stats
        self._peers_in_use = peers_in_use
        self.now = loop.time
        self.turns = Turns(loop)
        self._servers: list[asyncio.Server] = []
        self._flows: set[TcpFlow] = set()
        self._per_source: Counter[str] = Counter()
        self._outgoing: dict[tuple[str, int], TcpFlow] = {}
        self._connecting: dict[tuple[str, int], tuple[asyncio.Task[None], list[tuple[bytes, object]]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self.local_host: str | None = None  # connections of ours leave from here
        self.ports: dict[str, int] = {}  # listening port by local address

    @property
    def connections(self) -> int:
        return len(self._flows)

    async def listen(self, address: ListenAddress) -> ListenAddress:
        """Starts listening; returns the address with the port that was chosen. Raises ListenError."""
        try:
            server = await self._loop.create_server(
                lambda: TcpFlow(self, incoming=True), address.host, address.port, backlog=1024
            )
        except OSError as error:
            raise listen_error(address, error) from None
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        self.ports[address.host] = port
        if address.host not in ("0.0.0.0", "::") and self.local_host is None:  # noqa: S104 - a comparison, not a bind
            self.local_host = address.host
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        return address._replace(port=port)

    async def close(self) -> None:
        """Closes every connection and stops listening."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for task, _ in tuple(self._connecting.values()):
            task.cancel()
        for flow in tuple(self._flows):
            flow.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def send(self, data: bytes, host: str, port: int, owner: SendFailureListener | None) -> None:
        """Sends by an open connection to (host, port) or makes one; `owner` hears of the failure to connect."""
        key = (host, port)
        flow = self._outgoing.get(key)
        if flow is not None and not flow.closed:
            flow.send(data, key)
            return
        waiting = self._connecting.get(key)
        if waiting is not None:
            waiting[1].append((data, owner))
            return
        task = self._loop.create_task(self._connect(host, port))
        self._connecting[key] = (task, [(data, owner)])

    def admit(self, flow: TcpFlow, incoming: bool) -> bool:
        """Counts a new connection; False if its source or everybody together has too many."""
        source = flow.remote[0] if flow.remote else ""
        self._flows.add(flow)
        self._per_source[source] += 1
        if incoming and (self._per_source[source] > PER_SOURCE_LIMIT or len(self._flows) > TOTAL_LIMIT):
            self.stats.connections_refused += 1
            return False
        return True

    def forget(self, flow: TcpFlow) -> None:
        if flow not in self._flows:
            return
        self._flows.discard(flow)
        source = flow.remote[0] if flow.remote else ""
        self._per_source[source] -= 1
        if not self._per_source[source]:
            del self._per_source[source]
        if flow.remote is not None and self._outgoing.get(flow.remote) is flow:
            del self._outgoing[flow.remote]

    async def _connect(self, host: str, port: int) -> None:
        key = (host, port)
        flow = TcpFlow(self, incoming=False)
        local = (self.local_host, 0) if self.local_host and (":" in self.local_host) == (":" in host) else None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(lambda: flow, host, port, local_addr=local)
        except (OSError, TimeoutError):
            self.stats.send_errors += 1
            for _, owner in self._connecting.pop(key)[1]:
                if owner is not None:
                    cast(SendFailureListener, owner).on_send_failed()
            self.on_failures()
            return
        self._outgoing[key] = flow
        for data, _ in self._connecting.pop(key)[1]:
            flow.send(data, key)

    def on_failures(self) -> None:
        """Called after owners heard of a failure; the driver executes what they want done."""

    def _sweep(self) -> None:
        """Closes what is too slow or idle."""
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        now = self.now()
        idle: list[TcpFlow] = []
        for flow in tuple(self._flows):
            if flow.pending_since is not None and now - flow.pending_since > MESSAGE_DEADLINE_S:
                self.stats.closed_slow += 1
                flow.close()
            elif now - flow.heard_at > IDLE_S and now > flow.keep_until:
                idle.append(flow)
        if idle:
            peers = tuple(self._peers_in_use())
            in_use = {id(peer.flow) for peer in peers}
            addresses = {(peer.host, peer.port) for peer in peers if peer.transport == "tcp"}
            for flow in idle:
                if id(flow) not in in_use and flow.remote not in addresses:
                    self.stats.closed_idle += 1
                    flow.close()
