"""The in-memory SIP network on an asyncio loop: with VirtualTimeLoop, signalling and calls share one virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pbx.sip.address import Destination
from tests.support.sip_pair import Link, Peer, SipNetwork


def swift(_from: Peer, _to: Peer, _data: bytes) -> Sequence[float]:
    return (0.001,)


class LoopPeer(Peer):
    """A Peer whose timers are the loop's."""

    _handle: asyncio.TimerHandle | None = None

    def pump(self) -> None:
        super().pump()
        if self._pumping:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        due = self.timers.next_deadline()
        if due is not None:
            self._handle = asyncio.get_running_loop().call_at(due, self._on_time)

    def _on_time(self) -> None:
        self._handle = None
        now = asyncio.get_running_loop().time() + 1e-6
        while (owner := self.timers.pop_due(now)) is not None:
            owner.on_timer()
        self.pump()


class LoopNetwork(SipNetwork):
    """As SipNetwork, without `run`: the loop does that. Every message is kept in `wire` as (from, to, bytes)."""

    def __init__(self, link: Link | None = None) -> None:
        """`link` as in SipNetwork; without one every datagram arrives after 1 ms."""
        super().__init__(link if link is not None else swift)
        self.wire: list[tuple[str, str, bytes]] = []

    @property
    def now(self) -> float:  # type: ignore[override]
        return asyncio.get_running_loop().time()

    @now.setter
    def now(self, value: float) -> None:
        pass

    def add(self, host: str, handler: Any = None, *, transport: str = "udp", port: int = 5060) -> LoopPeer:
        peer = self.peers[host] = LoopPeer(self, host, handler, transport, port)
        return peer

    def carry(self, sender: Peer, destination: Destination, data: bytes) -> None:
        self.wire.append((sender.host, destination.host, data))
        receiver = self.peers.get(destination.host)
        if receiver is None:
            return
        source = Destination(destination.transport, sender.host, sender.port)
        for delay_s in self.link(sender, receiver, data):
            asyncio.get_running_loop().call_later(delay_s, receiver.receive, data, source)
