"""One trunk: a carrier's next hop, what calls are counted under, and how we are known there."""

from __future__ import annotations

import ipaddress

from pbx.call.errors import DialFailed
from pbx.call.trunks.health import Health
from pbx.config import Trunk as TrunkConfig
from pbx.numbers.forms import rewrite
from pbx.numbers.plan import NumberPlan
from pbx.numbers.prices import PriceList
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials

SIP_PORT = 5060

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Trunk:
    """One configured trunk; outbound it needs `host`, resolved to an address by `Trunks.refresh`."""

    __slots__ = (
        "_destination",
        "_uri_host",
        "caller_id",
        "config",
        "credentials",
        "domain",
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
        self.host, self.port = split_host(hop) if hop else ("", SIP_PORT)
        self.domain = self.host
        self._uri_host = hop
        user = config.auth_username or config.username
        self.credentials = ClientCredentials(user, config.secret) if user else None
        self.plan = plan if plan is not None else NumberPlan(config.country)
        self.prices = prices if prices is not None else PriceList()
        self.health = Health(config)
        self.peers: tuple[Network, ...] = tuple(ipaddress.ip_network(peer, strict=False) for peer in config.peers)
        self.route_set: tuple[str, ...] = ()  # Service-Route of the registration (RFC 3608)
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
        if self._destination is not None and self._destination.host == host:
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
    """ "host:port", "host", "[v6]:port" or "[v6]" as host and port (5060 when there is none)."""
    hop = hop.strip()
    if hop.startswith("["):
        host, _, rest = hop[1:].partition("]")
        port = rest.lstrip(":")
    else:
        host, _, port = hop.partition(":")
    return host, int(port) if port else SIP_PORT
