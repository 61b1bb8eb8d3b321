"""One trunk: a carrier's next hop, what calls are counted under, and how we are known there."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from pbx.call.errors import DialFailed
from pbx.call.trunks.health import Health
from pbx.config import Trunk as TrunkConfig
from pbx.numbers.forms import rewrite
from pbx.numbers.plan import NumberPlan
from pbx.numbers.prices import PriceList
from pbx.sip.address import DEFAULT_PORTS, Destination, Security
from pbx.sip.client_auth import ClientCredentials

SIP_PORT = 5060

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Trunk:
    """One configured trunk; outbound it needs `host`. `find_hops` gives the next hops of one that is given by name, the
    best first, from what DNS said last.
    """

    __slots__ = (
        "_hops",
        "_uri_host",
        "caller_id",
        "config",
        "credentials",
        "domain",
        "find_hops",
        "health",
        "host",
        "limit_key",
        "max_calls",
        "name",
        "peers",
        "plan",
        "port",
        "prices",
        "route_set",
        "transport",
        "username",
    )

    def __init__(self, config: TrunkConfig, plan: NumberPlan | None = None, prices: PriceList | None = None) -> None:
        self.config = config
        self.name = config.name
        self.max_calls = config.max_calls
        self.caller_id = config.caller_id
        self.username = config.username
        self.limit_key = f"trunk:{config.name}"  # what its calls are counted under, both ways
        hop, _, params = config.host.partition(";")
        self.transport = transport_of(params)
        self.host, port = split_host(hop) if hop else ("", 0)
        self.port = port or DEFAULT_PORTS.get(self.transport, SIP_PORT)
        self.domain = self.host
        self._uri_host = hop
        user = config.auth_username or config.username
        self.credentials = ClientCredentials(user, config.secret) if user else None
        self.plan = plan if plan is not None else NumberPlan(config.country)
        self.prices = prices if prices is not None else PriceList()
        self.health = Health(config)
        self.peers: tuple[Network, ...] = tuple(ipaddress.ip_network(peer, strict=False) for peer in config.peers)
        self.route_set: tuple[str, ...] = ()  # Service-Route of the registration (RFC 3608)
        self.find_hops: Callable[[], Sequence[Destination]] = tuple
        self._hops: tuple[Destination, ...] = ()
        if is_address(self.host):
            security = Security(self.host, config.tls_verify) if self.transport == "tls" else None
            self._hops = (Destination(self.transport, self.host, self.port, None, security),)

    def hops(self) -> Sequence[Destination]:
        """The next hops in the order in which they are to be tried; DialFailed 503 while the name is not resolved."""
        hops = self._hops or self.find_hops()
        if not hops:
            raise DialFailed(
                503, f"trunk {self.name}: {self.host!r} is not resolved; check trunk.host and DNS", "network"
            )
        return hops

    def destination(self) -> Destination:
        """The first of `hops`."""
        return self.hops()[0]

    def uri(self, user: str) -> str:
        """The Request-URI of `user` at this trunk."""
        transport = f";transport={self.transport}" if self.transport != "udp" else ""
        return f"sip:{user}@{self._uri_host}{transport}"

    def written(self, number: str) -> str:
        """A number, as it was dialled, in the form that the carrier wants called numbers in."""
        config = self.config
        if config.number_format == "dialled" and not config.number_prefix:
            return number
        return config.number_prefix + rewrite(number, config.number_format, self.plan)

    def written_caller(self, number: str) -> str:
        """The same for caller IDs."""
        return rewrite(number, self.config.caller_id_format or self.config.number_format, self.plan)

    def is_peer(self, host: str) -> bool:
        """Whether `host` (an IP address) is the carrier: one of its peers, or where its calls go."""
        if any(hop.host == host for hop in self._hops or self.find_hops()):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self.peers)


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
