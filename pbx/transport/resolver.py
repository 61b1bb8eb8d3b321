"""From a SIP name to next hops (RFC 3263): NAPTR says which transports, SRV which servers, A and AAAA where they are.

Servers that failed are put last for a while. No look-up holds the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from pbx.config import Dns
from pbx.sip.address import DEFAULT_PORTS, Destination, Security, is_ip_literal
from pbx.sip.uri import UriError, split_host_port
from pbx.transport.dns_lookup import DnsCache, DnsLookup, Hosts, Lookup, LookupFailed, Naptr, Records, Srv
from pbx.transport.dns_order import Server, in_order

log = logging.getLogger("centrala.dns")

TRANSPORTS = ("udp", "tcp", "tls")  # what we can call out on; in this order where DNS has no opinion
NAPTR_SERVICES = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
SRV_NAMES = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
MAX_HOPS = 8  # ways that one request may try
MAX_SERVERS = 32  # of one service
MAX_TARGETS = 1024  # results that are kept
KEEP_S = 3600.0  # a result that cannot be renewed
RETRY_S = 30.0  # a watched name that could not be resolved


class ResolveError(Exception):
    """A next hop cannot be used; the message says which and why."""


class Target(NamedTuple):
    """What is to be resolved. `port` 0 and `transport` "" leave the choice to DNS."""

    host: str  # a name or an IP address, without brackets
    port: int = 0
    transport: str = ""
    verify: bool = True  # over TLS: the certificate must be for `host`

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.host}{port}" + (f";transport={self.transport}" if self.transport else "")


class Group(NamedTuple):
    """Servers that are reached over one transport."""

    transport: str
    servers: tuple[Server, ...]


class _Result(NamedTuple):
    groups: tuple[Group, ...]
    expires_at: float


def parse_target(text: str, *, verify: bool = True) -> Target:
    """Reads "carrier.example", "10.0.0.1:5070;transport=tcp", "[2001:db8::1]" or a sip or sips URI without user. Raises
    ResolveError.
    """
    address, _, parameters = text.strip().partition(";")
    scheme, colon, rest = address.partition(":")
    secure = colon != "" and scheme.lower() == "sips"
    if colon and scheme.lower() in ("sip", "sips"):
        address = rest
    transport = "tls" if secure else ""
    for parameter in filter(None, parameters.split(";")):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "transport":
            transport = value.strip().lower()
            if transport not in TRANSPORTS:
                raise ResolveError(f'"{text}": transport must be udp, tcp or tls, not "{transport}"')
    if secure and transport == "udp":
        raise ResolveError(f'"{text}": sips needs TLS')
    try:
        host, port = split_host_port(address)
    except UriError as error:
        raise ResolveError(f'"{text}" is no host or host:port: {error}') from None
    return Target(host.strip("[]").lower(), port or 0, "tls" if secure else transport, verify)


class Resolver:
    """Resolves, remembers, and puts the servers that fail last."""

    def __init__(
        self,
        config: Dns | None = None,
        *,
        lookup: Lookup | None = None,
        hosts: Hosts | None = None,
        now: Callable[[], float] = time.monotonic,
        random: Random | None = None,
        families: Callable[[], tuple[bool, bool]] = lambda: (True, True),
    ) -> None:
        """`families()` says whether we can send IPv4 and IPv6."""
        self.config = config if config is not None else Dns()
        self.lookup = lookup if lookup is not None else DnsLookup(self.config.servers, self.config.timeout_s)
        self.cache = DnsCache(self.lookup, max_ttl_s=self.config.max_ttl_s, now=now)
        self._hosts = hosts if hosts is not None else Hosts()
        self._now = now
        self._random = random if random is not None else Random()
        self._families = families
        self._results: dict[Target, _Result] = {}
        self._quarantine: dict[tuple[str, str, int], float] = {}  # until when
        self._watches: dict[Target, asyncio.Task[None]] = {}
        self.failovers = 0

    # Asking

    async def resolve(self, target: Target) -> list[Destination]:
        """Where requests for `target` may go, the best first. Raises ResolveError."""
        known = self._results.get(target)
        if known is None or known.expires_at <= self._now():
            known = await self._renew(target)
        return self._ordered(target, known.groups)

    def known(self, target: Target) -> list[Destination]:
        """The same without waiting, from what was found last; [] when nothing was. For targets that are watched."""
        if is_ip_literal(target.host):
            return self._ordered(target, _literal(target))
        known = self._results.get(target)
        if known is None or self._now() - known.expires_at > KEEP_S:
            return []
        return self._ordered(target, known.groups)

    def watch(self, targets: Iterable[Target]) -> None:
        """Keeps `known` of these in step with DNS, from now on and instead of those that were watched before."""
        wanted = {target for target in targets if not is_ip_literal(target.host)}
        for target in [target for target in self._watches if target not in wanted]:
            self._watches.pop(target).cancel()
        for target in wanted - self._watches.keys():
            self._watches[target] = asyncio.get_running_loop().create_task(self._keep(target))

    async def close(self) -> None:
        """Watches nothing any more."""
        tasks = list(self._watches.values())
        self._watches.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What became of it

    def on_target(self, destination: Destination, good: bool) -> None:
        """A server that was one of several answered, or did not: that one is tried last for a while."""
        if destination.flow is not None:  # a phone's own, not a server's
            return
        key = destination[:3]
        if good:
            if self._quarantine:
                self._quarantine.pop(key, None)
            return
        self.failovers += 1
        if len(self._quarantine) >= MAX_TARGETS:
            self._quarantine.clear()
        self._quarantine[key] = self._now() + self.config.quarantine_s

    @property
    def quarantined(self) -> int:
        """How many servers are put last now."""
        now = self._now()
        return sum(until > now for until in self._quarantine.values())

    # Finding

    async def _keep(self, target: Target) -> None:
        failed = False
        while True:
            try:
                found = await self._renew(target)
                pause_s = max(1.0, found.expires_at - self._now())
                failed = False
            except ResolveError as error:
                if not failed:
                    log.warning("%s", error)
                failed, pause_s = True, RETRY_S
            await asyncio.sleep(pause_s)

    async def _renew(self, target: Target) -> _Result:
        if is_ip_literal(target.host):
            return _Result(_literal(target), self._now() + KEEP_S)
        finder = _Finder(self.cache, self._hosts, self._families(), self.config.prefer == "ipv6")
        try:
            groups = await finder.groups(target)
        except LookupFailed as error:
            raise ResolveError(f'the name "{target.host}" cannot be resolved ({error}): see the DNS settings') from None
        if not any(server.addresses for group in groups for server in group.servers):
            raise ResolveError(f'the name "{target.host}" has no address that we can reach: correct it or its zone')
        if len(self._results) >= MAX_TARGETS:
            self._results.clear()
        result = self._results[target] = _Result(groups, self._now() + finder.ttl_s)
        return result

    def _ordered(self, target: Target, groups: Sequence[Group]) -> list[Destination]:
        security = Security(target.host, target.verify)
        hops = [
            Destination(group.transport, address, server.port, None, security if group.transport == "tls" else None)
            for group in groups
            for server in in_order(group.servers, self._random)
            for address in server.addresses
        ]
        if self._quarantine:
            now = self._now()
            hops.sort(key=lambda hop: self._quarantine.get(hop[:3], 0.0) > now)  # stable
        return hops[:MAX_HOPS]


class _Finder:
    """One resolution. `ttl_s` is the shortest of what it found."""

    def __init__(self, cache: DnsCache, hosts: Hosts, families: tuple[bool, bool], ipv6_first: bool) -> None:
        self._cache = cache
        self._hosts = hosts
        kinds = [kind for kind, usable in zip(("A", "AAAA"), families, strict=True) if usable]
        self._kinds = kinds[::-1] if ipv6_first else kinds
        self.ttl_s = KEEP_S

    async def groups(self, target: Target) -> tuple[Group, ...]:
        """RFC 3263 sections 4.1 and 4.2."""
        if target.port or self._hosts.addresses(target.host):
            transport = target.transport or "udp"
            return (await self._plain(transport, target.host, target.port or DEFAULT_PORTS[transport]),)
        if target.transport:
            service = await self._service(target.transport, SRV_NAMES[target.transport] + target.host)
            if service is not None:
                return (service,)
            return (await self._plain(target.transport, target.host, DEFAULT_PORTS[target.transport]),)
        found = await self._by_naptr(target.host)
        if not found:
            services = await asyncio.gather(
                *(self._service(transport, SRV_NAMES[transport] + target.host) for transport in TRANSPORTS)
            )
            found = [service for service in services if service is not None]
        return tuple(found) or (await self._plain("udp", target.host, DEFAULT_PORTS["udp"]),)

    async def _by_naptr(self, host: str) -> list[Group]:
        try:
            records: list[Naptr] = list((await self._get(host, "NAPTR")).values)
        except LookupFailed:  # some servers fail on what they do not know; the rest of the zone may be there
            return []
        groups = []
        for record in sorted(records, key=lambda record: record[:2]):
            transport = NAPTR_SERVICES.get(record.service, "")
            if not transport or not record.replacement:
                continue
            if record.flags == "s":
                service = await self._service(transport, record.replacement)
                if service is not None:
                    groups.append(service)
            elif record.flags == "a":
                groups.append(await self._plain(transport, record.replacement, DEFAULT_PORTS[transport]))
        return groups

    async def _service(self, transport: str, name: str) -> Group | None:
        """The servers of one SRV name; None when there is no such service."""
        try:
            records: list[Srv] = [record for record in (await self._get(name, "SRV")).values if record.target]
        except LookupFailed:
            return None
        usable = [record for record in records[:MAX_SERVERS] if record.target != "." and record.port]
        if not usable:
            return None
        addresses = await asyncio.gather(*(self._addresses(record.target) for record in usable))
        servers = [
            Server(record.priority, record.weight, record.port, found)
            for record, found in zip(usable, addresses, strict=True)
        ]
        return Group(transport, tuple(servers))

    async def _plain(self, transport: str, host: str, port: int) -> Group:
        addresses = await self._addresses(host, must=True)
        return Group(transport, (Server(0, 0, port, addresses),))

    async def _addresses(self, host: str, *, must: bool = False) -> tuple[str, ...]:
        """`must`: nobody else is left to ask, so raise LookupFailed when nobody answers."""
        if is_ip_literal(host):
            return (host,)
        listed = self._hosts.addresses(host)
        if listed:
            return tuple(address for kind in self._kinds for address in listed if (":" in address) == (kind == "AAAA"))
        found = await asyncio.gather(*(self._get(host, kind) for kind in self._kinds), return_exceptions=True)
        failures = [result for result in found if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, LookupFailed):
                raise failure
        if must and len(failures) == len(found):
            raise failures[0]
        return tuple(address for result in found if isinstance(result, Records) for address in result.values)

    async def _get(self, name: str, kind: str) -> Records:
        records = await self._cache.get(name, kind)
        self.ttl_s = min(self.ttl_s, records.ttl_s)
        return records


def _literal(target: Target) -> tuple[Group, ...]:
    transport = target.transport or "udp"
    port = target.port or DEFAULT_PORTS[transport]
    return (Group(transport, (Server(0, 0, port, (target.host,)),)),)
