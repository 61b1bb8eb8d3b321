"""One trunk: a carrier's next hop, what calls are counted under, and how we are known there."""

from __future__ import annotations

import ipaddress

from pbx.call.errors import DialFailed
from pbx.config import Trunk as TrunkConfig
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials

SIP_PORT = 5060


class Trunk:
    """One configured trunk; outbound it needs `host`, resolved to an address by `Trunks.refresh`."""

    __slots__ = (
        "_destination",
        "_uri_host",
        "caller_id",
        "config",
        "credentials",
        "domain",
        "host",
        "limit_key",
        "max_calls",
        "name",
        "port",
        "transport",
        "username",
    )

    def __init__(self, config: TrunkConfig) -> None:
        self.config = config
        self.name = config.name
        self.max_calls = config.max_calls
        self.caller_id = config.caller_id
        self.username = config.username
        self.limit_key = f"trunk:{config.name}"  # what its calls are counted under, both ways
        hop, _, params = config.host.partition(";")
        self.transport = "tcp" if "transport=tcp" in params.lower() else "udp"
        self.host, self.port = split_host(hop) if hop else ("", SIP_PORT)
        self.domain = self.host
        self._uri_host = hop
        self.credentials = ClientCredentials(config.username, config.secret) if config.username else None
        self._destination: Destination | None = None
        if is_address(self.host):
            self.resolved(self.host, self.port)

    def resolved(self, address: str, port: int) -> None:
        """`host` was found to be at `address`."""
        self._destination = Destination(self.transport, address, port, None)

    def destination(self) -> Destination:
        """The next hop; DialFailed 503 while the name is not resolved."""
        if self._destination is None:
            raise DialFailed(
                503, f"trunk {self.name}: {self.host!r} is not resolved; check trunk.host and DNS", "network"
            )
        return self._destination

    def uri(self, user: str) -> str:
        """The Request-URI of `user` at this trunk."""
        transport = ";transport=tcp" if self.transport == "tcp" else ""
        return f"sip:{user}@{self._uri_host}{transport}"


def is_address(host: str) -> bool:
    """Whether `host` is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def split_host(hop: str) -> tuple[str, int]:
    """ "host:port", "host", "[v6]:port" or "[v6]" as host and port (5060 when there is none)."""
    hop = hop.strip()
    if hop.startswith("["):
        host, _, rest = hop[1:].partition("]")
        port = rest.lstrip(":")
    else:
        host, _, port = hop.partition(":")
    return host, int(port) if port else SIP_PORT
