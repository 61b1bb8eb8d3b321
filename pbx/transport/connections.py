"""The connections of the process, whatever carries them (TCP, TLS, WebSocket): how many one source may have, which one
leads to an address, and what a slow or silent one may cost.

Limits (security.md R12): connections of one source and of all, a deadline for every unfinished message, and one for
connections that say nothing and carry neither a registration nor a call.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from pbx.sip.address import Destination, Flow, source_of
from pbx.transport.base import TransportStats

PER_SOURCE_LIMIT = 64  # of one address, of one /64 network in IPv6; sip.max_connections_per_source
TOTAL_LIMIT = 4096  # sip.max_connections
MESSAGE_DEADLINE_S = 32.0  # from the first byte of a message, or from the connection's start, to the message's end
IDLE_S = 120.0  # without a message; keep-alives alone keep nothing
SWEEP_S = 2.0
PING_S = 95.0  # a connection of ours on which nothing was sent for so long gets a keep-alive (RFC 5626 section 4.4.1)
PING_GRACE_S = 20.0  # what keep-alives may be late
PING = b"\r\n\r\n"
WRITE_LIMIT = 1024 * 1024  # bytes waiting for a peer that does not read: it is closed


class Connection(Flow, Protocol):
    """A Flow that is a connection."""

    heard_at: float  # when the last message came (the loop's clock)
    keep_until: float  # a registration lives here: not idle before this
    pinged_at: float  # when the last bytes came, a keep-alive perhaps
    ping_limit_s: float  # how long none may come; 0.0: no matter
    sent_at: float  # when something was sent last
    outgoing: bool  # we made it

    @property
    def pending_since(self) -> float | None:
        """Since when a message is unfinished; None while none is."""
        ...

    def close(self) -> None: ...


class Connections:
    """All of them. `on_lost(flow)` is told of each that ended and carried a registration, `on_way_lost(destination)` of
    each that we made.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        stats: TransportStats,
        peers_in_use: Callable[[], Iterable[Destination]],
        *,
        per_source: int = PER_SOURCE_LIMIT,
        total: int = TOTAL_LIMIT,
    ) -> None:
        self._loop = loop
        self.stats = stats
        self._peers_in_use = peers_in_use
        self._per_source_limit = per_source
        self._total_limit = total
        self.now = loop.time
        self.on_lost: Callable[[Flow], None] = lambda _: None
        self.on_way_lost: Callable[[Destination], None] = lambda _: None
        self.shuts_out: Callable[[str], bool] = lambda _: False  # sources that are banned
        self._flows: set[Connection] = set()
        self._held = 0  # connections that are counted, those in their handshake too
        self._per_source: Counter[str] = Counter()
        self._reusable: dict[Destination, Connection] = {}  # by where it leads, without flow
        self._leads_to: dict[Connection, Destination] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._flows)

    def count(self, transport: str) -> int:
        """How many connections of `transport` are open."""
        return sum(flow.transport == transport for flow in self._flows)

    def start(self) -> None:
        """Begins to look for slow and idle ones."""
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    def close(self) -> None:
        """Closes every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for flow in tuple(self._flows):
            flow.close()

    def reserve(self, source: str) -> bool:
        """Counts a connection that `source` (an IP address) is about to get; False if it has too many, or is banned."""
        key = source_of(source)
        if (
            self.shuts_out(source)
            or self._held >= self._total_limit
            or self._per_source.get(key, 0) >= self._per_source_limit
        ):
            return False
        self._hold(key)
        return True

    def release(self, source: str) -> None:
        """The connection of `source` that was reserved is gone, or never came to be."""
        key = source_of(source)
        self._held -= 1
        self._per_source[key] -= 1
        if not self._per_source[key]:
            del self._per_source[key]

    def _hold(self, key: str) -> None:
        self._held += 1
        self._per_source[key] += 1

    def admit(self, flow: Connection, *, incoming: bool, reserved: bool = False) -> bool:
        """A new connection, counted until `forget`; False if its source or everybody together has too many."""
        source = flow.remote[0] if flow.remote else ""
        stats = self.stats.of(flow.transport)
        stats.connections_opened += 1
        if not reserved and not self.reserve(source):
            if incoming:
                stats.connections_refused += 1
                return False
            self._hold(source_of(source))  # what we open ourselves is not refused
        self._flows.add(flow)
        return True

    def forget(self, flow: Connection) -> None:
        """The connection ended."""
        if flow not in self._flows:
            return
        self._flows.discard(flow)
        self.release(flow.remote[0] if flow.remote else "")
        destination = self._leads_to.pop(flow, None)
        if destination is not None and self._reusable.get(destination) is flow:
            del self._reusable[destination]
            self.on_way_lost(destination)
        if flow.keep_until:
            self.on_lost(flow)

    def reuse(self, destination: Destination, flow: Connection) -> None:
        """Requests to `destination` (one without flow) go through `flow` from now on."""
        self._reusable[destination] = flow
        self._leads_to[flow] = destination

    def find(self, destination: Destination) -> Connection | None:
        """An open connection that leads to `destination` (one without flow), with the same security, if there is
        one.
        """
        flow = self._reusable.get(destination)
        return flow if flow is not None and not flow.closed else None

    def _sweep(self) -> None:
        """Closes what is too slow or idle."""
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        now = self.now()
        idle: list[Connection] = []
        for flow in tuple(self._flows):
            if flow.closed:  # and its far end has not taken the news yet
                continue
            since = flow.pending_since
            if since is not None and now - since > MESSAGE_DEADLINE_S:
                self.stats.of(flow.transport).closed_slow += 1
                flow.close()
            elif flow.ping_limit_s and now - flow.pinged_at > flow.ping_limit_s:
                self.stats.of(flow.transport).closed_idle += 1
                flow.close()
            elif now - flow.heard_at > IDLE_S and now > flow.keep_until:
                idle.append(flow)
            if flow.outgoing and not flow.closed and now - flow.sent_at > PING_S:
                flow.send(PING, ("", 0))
        if idle:
            self._close_idle(idle)

    def _close_idle(self, idle: list[Connection]) -> None:
        peers = tuple(self._peers_in_use())
        in_use = {id(peer.flow) for peer in peers}
        addresses = {(peer.transport, peer.host, peer.port) for peer in peers}
        for flow in idle:
            if id(flow) in in_use or (flow.remote is not None and (flow.transport, *flow.remote) in addresses):
                continue
            self.stats.of(flow.transport).closed_idle += 1
            flow.close()
