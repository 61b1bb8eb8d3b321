"""Trunks: which addresses may send calls to us, and where outbound calls go. Identity is the address alone; no
loopback bonus.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pbx.call.errors import DialFailed
from pbx.call.trunks.trunk import Trunk, is_address
from pbx.config import Trunk as TrunkConfig

log = logging.getLogger("centrala.trunk")
CACHE = 4096

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]  # (host, port) -> addresses, best first


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
