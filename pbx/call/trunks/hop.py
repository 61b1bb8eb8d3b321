"""A place that a trunk names: host, port and transport, and the address that was found for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from pbx.sip.address import DEFAULT_PORTS, Destination, Security

SIP_PORT = 5060


class NextHop:
    """ "carrier.example", "10.0.0.1:5070;transport=tcp"... `uri_host` is how it stands in a URI.

    `find` gives the places of one that is given by name, the best first, from what DNS said last.
    """

    __slots__ = ("_fixed", "find", "host", "port", "text", "transport", "uri_host")

    def __init__(self, text: str, *, verify: bool = True) -> None:
        self.text = text
        self.uri_host, _, params = text.partition(";")
        self.transport = transport_of(params)
        self.host, port = split_host(self.uri_host) if self.uri_host else ("", 0)
        self.port = port or DEFAULT_PORTS.get(self.transport, SIP_PORT)
        self.find: Callable[[], Sequence[Destination]] = tuple
        self._fixed: tuple[Destination, ...] = ()
        if is_address(self.host):
            security = Security(self.host, verify) if self.transport == "tls" else None
            self._fixed = (Destination(self.transport, self.host, self.port, None, security),)

    @property
    def is_named(self) -> bool:
        """Whether it has to be resolved, again and again: addresses of carriers move."""
        return bool(self.host) and not is_address(self.host)

    def destinations(self) -> Sequence[Destination]:
        """Where to send, the best first; empty while a name is not resolved."""
        return self._fixed or self.find()

    @property
    def destination(self) -> Destination | None:
        """The best place, None while there is none."""
        found = self.destinations()
        return found[0] if found else None

    @property
    def transport_param(self) -> str:
        """What a URI says of the transport, "" for UDP."""
        return f";transport={self.transport}" if self.transport != "udp" else ""


def transport_of(params: str) -> str:
    """The transport that the parameters of a next hop name; UDP when they name none."""
    for param in params.lower().split(";"):
        name, _, value = param.partition("=")
        if name.strip() == "transport":
            return value.strip()
    return "udp"


def is_address(host: str) -> bool:
    """Whether `host` is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def split_host(hop: str) -> tuple[str, int]:
    """ "host:port", "host", "[v6]:port" or "[v6]" as host and port (0 when there is none)."""
    hop = hop.strip()
    if hop.startswith("["):
        host, _, rest = hop[1:].partition("]")
        port = rest.lstrip(":")
    else:
        host, _, port = hop.partition(":")
    return host, int(port) if port else 0
