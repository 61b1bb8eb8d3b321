"""Trunks: which addresses may send calls to us, and where outbound calls go. Identity is the address alone; no
loopback bonus.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pbx.call.errors import DialFailed
from pbx.config import Trunk as TrunkConfig
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials

log = logging.getLogger("centrala.trunk")
SIP_PORT = 5060
CACHE = 4096

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]  # (host, port) -> addresses, best first


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


class Trunks:
    """All trunks; `of_source` is asked for every INVITE and answers from a cache."""

    def __init__(self, configs: Sequence[TrunkConfig]) -> None:
        self._by_name = {config.name: Trunk(config) for config in configs}
        self._networks = [
            (ipaddress.ip_network(peer, strict=False), self._by_name[config.name])
            for config in configs
            for peer in config.peers
        ]
        # The narrowest network first: a single address wins over the range that holds it.
        self._networks.sort(key=lambda item: -item[0].prefixlen)
        self._cache: dict[str, Trunk | None] = {}

    def __iter__(self) -> Any:
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

    def _search(self, ip: str) -> Trunk | None:
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return None
        for network, trunk in self._networks:
            if address.version == network.version and address in network:
                return trunk
        return None

    def outbound(self, name: str) -> Trunk:
        """The trunk `name` for an outbound call; DialFailed 503 when it has no host."""
        trunk = self._by_name.get(name)
        if trunk is None or not trunk.host:
            raise DialFailed(503, f"trunk {name!r} has no host to send calls to; set trunk.host", "network")
        return trunk

    async def refresh(self, resolve: Resolve) -> None:
        """Resolves the trunks that are named; one that fails keeps the address it had."""
        for trunk in self._by_name.values():
            if not trunk.host or is_address(trunk.host):
                continue
            try:
                found = await resolve(trunk.host, trunk.port)
            except OSError as error:
                log.warning("trunk %s: %s cannot be resolved: %s", trunk.name, trunk.host, error)
                continue
            if found:
                trunk.resolved(*found[0])


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
