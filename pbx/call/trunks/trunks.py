"""Trunks: which addresses may send calls to us, and where outbound calls go. Identity is the address alone; no
loopback bonus.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.errors import DialFailed
from pbx.call.trunks.hop import is_address
from pbx.call.trunks.trunk import Network, Trunk
from pbx.config import Route
from pbx.config import Trunk as TrunkConfig
from pbx.numbers.plan import NumberPlan
from pbx.numbers.prices import Price, PriceList
from pbx.sip.address import Flow

if TYPE_CHECKING:
    from pbx.sip.address import Source

log = logging.getLogger("centrala.trunk")
CACHE = 4096
BROWSERS = frozenset(("ws", "wss"))


class Candidate(NamedTuple):
    """A trunk that may carry a call, the number as it is sent there, and what it costs (None: not known)."""

    trunk: Trunk
    number: str
    price: Price | None


class Trunks:
    """All trunks; `of_source` is asked for every INVITE and answers from a cache.

    `prices` are the price lists by trunk name; `country` is whose plan reads the numbers of a trunk that names none.
    """

    def __init__(
        self,
        configs: Sequence[TrunkConfig],
        *,
        country: str = "",
        prices: Mapping[str, PriceList] | None = None,
    ) -> None:
        self._by_name: dict[str, Trunk] = {}
        self._lines: dict[str, Trunk] = {}
        self.configure(configs, prices or {}, country)

    def configure(self, configs: Sequence[TrunkConfig], prices: Mapping[str, PriceList], country: str) -> None:
        """From now on these trunks. One that stays is the same object; calls of one that goes run on."""
        plans: dict[str, NumberPlan] = {}
        known, self._by_name = self._by_name, {}
        for config in configs:
            place = config.country or country
            plan = plans.get(place) or plans.setdefault(place, NumberPlan(place))
            trunk = self._by_name[config.name] = known.get(config.name) or Trunk(config, plan, prices.get(config.name))
            if trunk.config is not config or trunk.plan.country != plan.country:
                trunk.configure(config, plan, prices.get(config.name))
        self._networks: list[tuple[Network, Trunk]] = [
            (network, trunk) for trunk in self._by_name.values() for network in trunk.peers
        ]
        # The narrowest network first: a single address wins over the range that holds it.
        self._networks.sort(key=lambda item: -item[0].prefixlen)
        self._cache: dict[str, Trunk | None] = {}
        self._by_certificate = {
            name.lower(): self._by_name[config.name] for config in configs for name in config.certificate_names
        }

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Trunk | None:
        return self._by_name.get(name)

    def of_source(self, ip: str) -> Trunk | None:
        """The trunk whose peers list `ip`; nothing else makes a source trusted."""
        if not self._networks:
            return None
        try:
            return self._cache[ip]
        except KeyError:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            found = self._cache[ip] = self._search(ip)
            return found

    def of_certificate(self, flow: Flow | None) -> Trunk | None:
        """The trunk whose `certificate_names` has a name of the client certificate that `flow` showed and we verified
        (RFC 5922 section 7.1: the alternative names, the subject's only where there are none).
        """
        certificate = getattr(flow, "certificate", None)
        if not certificate or not self._by_certificate:
            return None
        names = [
            value.removeprefix("sip:").lower()
            for kind, value in certificate.get("subjectAltName", ())
            if kind in ("DNS", "URI", "IP Address")
        ]
        if not names:
            parts = (part for group in certificate.get("subject", ()) for part in group)
            names = [value.lower() for name, value in parts if name == "commonName"]
        return next((self._by_certificate[name] for name in names if name in self._by_certificate), None)

    def _search(self, ip: str) -> Trunk | None:
        if not is_address(ip):
            return None
        address = ip_address(ip)
        for network, trunk in self._networks:
            if address.version == network.version and address in network:
                return trunk
        return None

    def add_line(self, token: str, trunk: Trunk) -> None:
        """Calls to the Contact with `token` are for the registration of `trunk`."""
        self._lines[token] = trunk

    def drop_line(self, token: str) -> None:
        """That registration is no more."""
        self._lines.pop(token, None)

    def of_request(self, uri: str, source: Source) -> Trunk | None:
        """The trunk that a call comes by: one whose peers list the source or that proved its name by a certificate,
        or one that we are registered at.

        The latter must name the token of our Contact, and come from where we registered: neither alone is trusted.
        Nothing that comes by a WebSocket is a trunk: any page in a browser near a carrier could open one.
        """
        if source.transport in BROWSERS:
            return None
        trunk = self.of_source(source.host)
        if trunk is None and source.transport == "tls":
            trunk = self.of_certificate(source.flow)
        if trunk is not None or not self._lines:
            return trunk
        token = uri.partition(";line=")[2].partition(";")[0].partition("?")[0]
        found = self._lines.get(token) if token else None
        return found if found is not None and found.is_peer(source.host) else None

    def outbound(self, name: str) -> Trunk:
        """The trunk `name` for an outbound call; DialFailed 503 when it has no host."""
        trunk = self._by_name.get(name)
        if trunk is None or not trunk.host:
            raise DialFailed(503, f"trunk {name!r} has no host to send calls to; set trunk.host", "network")
        return trunk

    def select(self, number: str, route: Route, now: float) -> list[Candidate]:
        """The trunks of `route` for a dialled `number`, in the order in which they are to be tried.

        Trunks that are down come last: a call that nobody else can take is tried there all the same. With order "cost"
        the cheapest for the number is first, and those without a price for it come after all others.
        """
        sent = route.prefix + number[route.strip :]
        names = route.trunks or (route.trunk,)
        found = [self.candidate(self.outbound(name), sent) for name in names]
        if len(found) == 1:
            return found
        if route.order == "cost":
            found.sort(key=_cost)
        found.sort(key=lambda candidate: not candidate.trunk.health.usable(now))  # stable: the order of each half stays
        return found

    def candidate(self, trunk: Trunk, sent: str) -> Candidate:
        """`trunk` for a number as the route gives it."""
        price = None
        if trunk.prices:
            price = trunk.prices.find(trunk.plan.e164(sent) or sent)
        return Candidate(trunk, trunk.written(sent), price)


def _cost(candidate: Candidate) -> tuple[bool, int, int]:
    price = candidate.price
    return (True, 0, 0) if price is None else (False, price.per_minute, price.connect_fee)
