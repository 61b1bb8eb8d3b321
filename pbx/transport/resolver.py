"""Host names to next hops: addresses at once, names by the system's resolver off the loop, kept for a minute.

Service records (RFC 3263 NAPTR, SRV) are not looked up: a name stands for its addresses, the port is given or 5060.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

from pbx.sip.address import Destination, is_ip_literal
from pbx.sip.uri import UriError, split_host_port

DEFAULT_PORT = 5060
KEEP_S = 60.0
TIMEOUT_S = 5.0
MAX_NAMES = 1024


class ResolveError(Exception):
    """A next hop cannot be used; the message says which and why."""


def parse_target(text: str) -> tuple[str, int, str]:
    """(host, port, transport) of "carrier.example" or "10.0.0.1:5070;transport=tcp". Raises ResolveError."""
    address, _, parameters = text.strip().partition(";")
    transport = "udp"
    for parameter in filter(None, parameters.split(";")):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "transport":
            transport = value.strip().lower()
    if transport not in ("udp", "tcp"):
        raise ResolveError(f'"{text}": transport must be udp or tcp, not "{transport}"')
    try:
        host, port = split_host_port(address)
    except UriError as error:
        raise ResolveError(f'"{text}" is no host or host:port: {error}') from None
    return host.strip("[]"), port or DEFAULT_PORT, transport


class Resolver:
    """`resolve` never blocks the loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[float, str]] = {}

    async def resolve(self, target: str) -> Destination:
        """The next hop for `target` (see `parse_target`). Raises ResolveError."""
        host, port, transport = parse_target(target)
        return Destination(transport, await self.address(host), port)

    async def address(self, host: str) -> str:
        """One IP address of `host`, IPv4 preferred. Raises ResolveError."""
        if is_ip_literal(host):
            return host
        known = self._known.get(host)
        if known is not None and known[0] > self._now():
            return known[1]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except TimeoutError:
            raise ResolveError(f'the name "{host}" was not resolved in {TIMEOUT_S:g} s: see the DNS settings') from None
        except (OSError, UnicodeError) as error:
            raise ResolveError(
                f'the name "{host}" cannot be resolved ({error}): correct it or the DNS settings'
            ) from None
        addresses = [entry[4][0] for entry in sorted(found, key=lambda entry: entry[0] != socket.AF_INET)]
        if not addresses:
            raise ResolveError(f'the name "{host}" has no address')
        if len(self._known) >= MAX_NAMES:
            self._known.clear()
        self._known[host] = (self._now() + KEEP_S, str(addresses[0]))
        return str(addresses[0])
