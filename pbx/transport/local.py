"""Which of our addresses a far end is to use: what Via and Contact name, and which socket reaches it."""

from __future__ import annotations

import socket

from pbx.sip.address import Destination
from pbx.transport.base import ListenAddress, bracketed

MAX_KNOWN = 8192
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound
DISCARD_PORT = 9  # any port serves: nothing is sent


class LocalAddresses:
    """Filled with what is listened on. `advertise` (an address or a name) stands in for the host everywhere."""

    def __init__(self, advertise: str = "") -> None:
        self._advertise = advertise
        self._listening: list[ListenAddress] = []
        self._known: dict[tuple[str, str], tuple[str, int]] = {}
        self._routes: dict[str, str] = {}

    def add(self, address: ListenAddress) -> None:
        self._listening.append(address)
        self._known.clear()

    def towards(self, destination: Destination) -> tuple[str, int]:
        """(host, port) for Via and Contact, the host in brackets if it is IPv6."""
        flow = destination.flow
        fixed = flow is not None and flow.local[0] not in WILDCARDS
        key = (destination.transport, flow.local[0] if flow is not None and fixed else destination.host)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            known = self._known[key] = self._find(destination)
        return known

    def socket_towards(self, host: str) -> int | None:
        """The index, among the UDP addresses, of the one to send from."""
        local = self.route(host)
        sockets = [address for address in self._listening if address.transport == "udp"]
        family = [i for i, address in enumerate(sockets) if (":" in address.host) == (":" in host)]
        for i in family:
            if sockets[i].host == local:
                return i
        return next((i for i in family if sockets[i].host in WILDCARDS), family[0] if family else None)

    def route(self, host: str) -> str:
        """Our address on the way to `host`, as the kernel would choose it; "" when there is no way."""
        known = self._routes.get(host)
        if known is not None:
            return known
        if len(self._routes) >= MAX_KNOWN:
            self._routes.clear()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((host, DISCARD_PORT))
                local = str(probe.getsockname()[0])
            except OSError:
                local = ""
        self._routes[host] = local
        return local

    def _find(self, destination: Destination) -> tuple[str, int]:
        same = [address for address in self._listening if address.transport == destination.transport]
        if not same:  # a connection of ours over a transport that is not listened on
            same = self._listening
        flow = destination.flow
        local = flow.local[0] if flow is not None and flow.local[0] not in WILDCARDS else ""
        if not local:
            fixed = [address.host for address in same if address.host not in WILDCARDS]
            routed = self.route(destination.host)
            local = routed if routed in fixed or len(fixed) < len(same) else fixed[0]
        chosen = next((address for address in same if address.host == local), None)
        if chosen is None:
            chosen = next((address for address in same if address.host in WILDCARDS), same[0])
        return self._advertise or bracketed(local or chosen.host), chosen.port
