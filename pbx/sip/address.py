"""Where messages go and whence they came: plain values, and what the SIP layer sees of a live transport."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Flow(Protocol):
    """A live transport: one UDP socket (shared by all its peers) or one TCP connection."""

    transport: str  # "udp" | "tcp"
    reliable: bool  # True: the transport repeats and orders by itself (RFC 3261 17: no retransmission timers)
    closed: bool
    local: tuple[str, int]  # our IP address and port; "0.0.0.0" for a wildcard socket
    remote: tuple[str, int] | None  # None for a UDP socket

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Sends `data`; `address` (IP, port) matters to UDP only. Never raises: the transport counts what fails."""
        ...

    def keep(self, seconds: float) -> None:
        """Does not close the connection as idle for `seconds`: a registration came through it. Nothing to UDP."""
        ...


class Destination(NamedTuple):
    """A next hop: `host` is an IP address, and a live `flow` is used while it is open."""

    transport: str  # "udp" | "tcp"
    host: str
    port: int
    flow: Flow | None = None

    @property
    def reliable(self) -> bool:
        return self.transport != "udp"


Source = Destination  # what a message came from is also where an answer can go


def same_peer(one: Destination, other: Destination) -> bool:
    """Whether both are the same far end: IP address and transport (a port may change behind a NAT)."""
    return one.host == other.host and one.transport == other.transport


def is_ip_literal(host: str) -> bool:
    """Whether `host` is an IPv4 or IPv6 address rather than a name."""
    if ":" in host:
        return True
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) <= 3 and int(part) <= 255 for part in parts)
