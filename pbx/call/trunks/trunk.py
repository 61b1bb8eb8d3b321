"""One trunk: a carrier's next hop, what calls are counted under, and how we are known there."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from pbx.call.errors import DialFailed
from pbx.call.trunks.health import Health
from pbx.call.trunks.hop import NextHop
from pbx.config import Trunk as TrunkConfig
from pbx.numbers.forms import rewrite
from pbx.numbers.plan import NumberPlan
from pbx.numbers.prices import PriceList
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Trunk:
    """One configured trunk; outbound it needs `host`. The next hops of one that is given by name are those that DNS
    said last, the best first.
    """

    __slots__ = (
        "caller_id",
        "config",
        "credentials",
        "domain",
        "health",
        "hop",
        "limit_key",
        "max_calls",
        "name",
        "peers",
        "plan",
        "prices",
        "registrar",
        "route_set",
        "username",
    )

    def __init__(self, config: TrunkConfig, plan: NumberPlan | None = None, prices: PriceList | None = None) -> None:
        self.name = config.name
        self.limit_key = f"trunk:{config.name}"  # what its calls are counted under, both ways
        self.health = Health(config)
        self._find(config)
        self.configure(config, plan, prices)

    def configure(self, config: TrunkConfig, plan: NumberPlan | None = None, prices: PriceList | None = None) -> None:
        """From now on as `config` says. Calls that run hold this trunk, and go on; a carrier that has moved and is
        given by name has to be found anew (`NextHop.find`).
        """
        before = getattr(self, "config", config)
        if (before.host, before.registrar, before.tls_verify) != (config.host, config.registrar, config.tls_verify):
            self._find(config)
        self.config = config
        self.max_calls = config.max_calls
        self.caller_id = config.caller_id
        self.username = config.username
        user = config.auth_username or config.username
        self.credentials = ClientCredentials(user, config.secret) if user else None
        self.plan = plan if plan is not None else NumberPlan(config.country)
        self.prices = prices if prices is not None else PriceList()
        self.health.configure(config)
        self.peers: tuple[Network, ...] = tuple(ipaddress.ip_network(peer, strict=False) for peer in config.peers)

    def _find(self, config: TrunkConfig) -> None:
        self.hop = NextHop(config.host, verify=config.tls_verify)
        self.registrar = NextHop(config.registrar, verify=config.tls_verify) if config.registrar else self.hop
        domain = self.hop.host or self.registrar.host
        self.domain = f"[{domain}]" if ":" in domain else domain
        self.route_set: tuple[str, ...] = ()  # Service-Route of the registration (RFC 3608)

    @property
    def host(self) -> str:
        """Where calls go, "" for a trunk that only sends some."""
        return self.hop.host

    @property
    def domain_of_account(self) -> str:
        """The domain of our address-of-record at the carrier."""
        return self.registrar.uri_host

    def hops(self) -> Sequence[Destination]:
        """The next hops in the order in which they are to be tried; DialFailed 503 while the name is not resolved."""
        hops = self.hop.destinations()
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
        return f"sip:{user}@{self.hop.uri_host}{self.hop.transport_param}"

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
        """Whether `host` (an IP address) is the carrier: one of its peers, or where we call or register."""
        if any(place.host == host for hop in (self.hop, self.registrar) for place in hop.destinations()):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self.peers)
