"""Where messages go and whence they came: plain values, and what the SIP layer sees of a live transport."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import NamedTuple, Protocol

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}  # RFC 3261 19.1.2, RFC 7118 section 3


MAX_SUCCESSORS = 64  # reconnections during one call


class Flow(Protocol):
    """A live transport: one UDP socket (shared by all its peers), or one connection (TCP, TLS, WebSocket)."""

    transport: str  # "udp" | "tcp" | "tls" | "ws" | "wss"
    reliable: bool  # True: the transport repeats and orders by itself (RFC 3261 17: no retransmission timers)
    closed: bool
    local: tuple[str, int]  # our IP address and port; "0.0.0.0" for a wildcard socket
    remote: tuple[str, int] | None  # None for a UDP socket
    successor: Flow | None  # takes the place of a closed connection: the same phone came again by it

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Sends `data`; `address` (IP, port) matters to UDP only. Never raises: the transport counts what fails."""
        ...

    def close(self) -> None:
        """Ends a connection; only the transport itself closes a UDP socket."""
        ...

    def keep(self, seconds: float) -> None:
        """Does not close the connection as idle for `seconds`: a registration came through it. Nothing to UDP."""
        ...

    def expect_pings(self, seconds: float) -> None:
        """The far end promised to send something this often (RFC 5626 section 4.4): without it the connection is dead.
        Nothing to UDP.
        """
        ...


class Security(NamedTuple):
    """What a TLS connection that we open has to prove."""

    name: str  # the domain or address that the far end's certificate must be for (RFC 5922 section 7.3)
    verify: bool = True  # False: any certificate will do


class Destination(NamedTuple):
    """A next hop: `host` is an IP address, and a live `flow` is used while it is open."""

    transport: str  # "udp" | "tcp" | "tls" | "ws" | "wss"
    host: str
    port: int
    flow: Flow | None = None
    security: Security | None = None  # None over TLS: the certificate must be for `host`

    @property
    def reliable(self) -> bool:
        return self.transport != "udp"


class NextHop(NamedTuple):
    """One of several ways to the same party: tried when those before it do not answer (RFC 3263 4.3, RFC 5626 5.3)."""

    destination: Destination
    uri: str = ""  # another Request-URI, such as another contact of the same phone; "": as before
    routes: tuple[str, ...] | None = None  # another route set; None: as before


Source = Destination  # what a message came from is also where an answer can go


def live(flow: Flow) -> Flow | None:
    """`flow`, or the one that took its place; None when there is none that is open."""
    for _ in range(MAX_SUCCESSORS):
        if not flow.closed:
            return flow
        if flow.successor is None:
            return None
        flow = flow.successor
    return None


def same_peer(one: Destination, other: Destination) -> bool:
    """Whether both are the same far end: IP address and transport (a port may change behind a NAT)."""
    return one.host == other.host and one.transport == other.transport


def same_host(named: str, address: str) -> bool:
    """Whether the host of a URI or Via, in brackets or not, is the IP address `address`; IPv6 in any spelling."""
    if ":" not in address:
        return named == address
    try:
        return IPv6Address(named.strip("[]")) == IPv6Address(address.partition("%")[0])
    except ValueError:
        return False


def source_of(host: str) -> str:
    """What limits and bans count an IP address under: itself, or its /64 network in IPv6, as one customer has all of
    that (RFC 6177).
    """
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def is_ip_literal(host: str) -> bool:
    """Whether `host` is an IPv4 or IPv6 address rather than a name."""
    if ":" in host:
        return True
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) <= 3 and int(part) <= 255 for part in parts)
