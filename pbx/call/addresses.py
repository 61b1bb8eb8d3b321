"""Our own addresses: what is written into SDP, and whether a host and port lead back to ourselves."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from pbx.sip.address import is_ip_literal

WILDCARDS = frozenset(("0.0.0.0", "::", ""))  # noqa: S104
DISCARD_PORT = 9  # connecting a UDP socket sends nothing: the port only has to be one
CACHE = 4096


class LocalAddresses:
    """`listening` holds (address, port) of every SIP socket; `names` the domains that are ours."""

    def __init__(self, listening: Iterable[tuple[str, int]], *, names: Iterable[str] = (), advertise: str = "") -> None:
        self._exact = set(listening)
        self._wild_ports = {port for address, port in self._exact if address in WILDCARDS}
        self._names = {name.lower() for name in names if name}
        self._advertise = advertise
        self._towards: dict[str, str] = {}
        self._local: dict[str, bool] = {}

    def listen(self, address: str, port: int) -> None:
        """Adds a socket that was bound later, such as one whose port the system chose."""
        self._exact.add((address, port))
        if address in WILDCARDS:
            self._wild_ports.add(port)

    def media_ip(self, bound: str, peer: str) -> str:
        """The address that the far end at `peer` should send RTP to, for a stream bound to `bound`."""
        if self._advertise and (":" in self._advertise) == (":" in peer):
            return self._advertise
        if bound not in WILDCARDS:
            return self._advertise or bound
        if ":" in peer and bound != "::":
            peer = ""  # the stream hears IPv4 alone
        address = self._towards.get(peer)
        if address is None:
            if len(self._towards) >= CACHE:
                self._towards.clear()
            address = self._towards[peer] = _source_towards(peer)
        return address

    def is_ours(self, host: str, port: int) -> bool:
        """Whether a SIP request sent to `host` (address or name) and `port` would come back to us."""
        host = host.strip("[]").lower()
        if (host, port) in self._exact or host in self._names:
            return True
        if self._advertise and host == self._advertise and any(own == port for _, own in self._exact):
            return True
        return port in self._wild_ports and self._is_local(host)

    def _is_local(self, host: str) -> bool:
        if not is_ip_literal(host):  # looking a name up would hold the loop; our own names are known
            return False
        known = self._local.get(host)
        if known is None:
            if len(self._local) >= CACHE:
                self._local.clear()
            known = self._local[host] = _binds(host)
        return known


def _source_towards(peer: str) -> str:
    """The local address that the routing table would use towards `peer`; loopback when there is no route."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer or "192.0.2.1", DISCARD_PORT))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _binds(host: str) -> bool:
    """Whether `host` is an address of this machine: only those can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:  # a name is one too: nothing is resolved here
        return False
    return True
