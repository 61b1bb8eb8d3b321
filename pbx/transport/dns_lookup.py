"""DNS records for RFC 3263: asked over the event loop, kept as long as their TTL says, absent ones as well."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.resolver

MAX_ENTRIES = 4096
MAX_RECORDS = 64  # of one answer
MIN_TTL_S = 5.0  # less would ask for every call
NEGATIVE_TTL_S = 60.0  # at most, whatever the zone says (RFC 2308 section 5)
FAILURE_S = 5.0  # after a failure nobody asks again for so long (RFC 2308 section 7)
STALE_S = 3600.0  # records that have ended serve for so long while they cannot be renewed (RFC 8767)
HOSTS = Path("/etc/hosts")


class LookupFailed(Exception):
    """Nobody could be asked, or none gave an answer. A name that does not exist is no failure."""


class Naptr(NamedTuple):
    """RFC 3403."""

    order: int
    preference: int
    flags: str  # in lower case
    service: str  # in upper case
    replacement: str


class Srv(NamedTuple):
    """RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str  # "." means: this service is not offered


class Records(NamedTuple):
    """An answer: Naptr, Srv or addresses as text; empty when there are none. `ttl_s` is how long that holds."""

    values: tuple[Any, ...]
    ttl_s: float


class Lookup(Protocol):
    """Asks for "NAPTR", "SRV", "A" or "AAAA". Raises LookupFailed."""

    queries: int
    failures: int

    async def query(self, name: str, kind: str) -> Records: ...


class DnsLookup:
    """The DNS servers of the system, or those that are given as "192.0.2.1" or "192.0.2.1:5353"."""

    def __init__(self, servers: Sequence[str] = (), timeout_s: float = 3.0) -> None:
        self._timeout_s = timeout_s
        if servers:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*_server(text)) for text in servers]
        else:
            try:
                self._resolver = dns.asyncresolver.Resolver()
            except dns.exception.DNSException:  # no resolv.conf: only addresses and /etc/hosts are left
                self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.cache = None  # ours knows about failures and stale records
        self.queries = 0
        self.failures = 0

    async def query(self, name: str, kind: str) -> Records:
        self.queries += 1
        try:
            answer = await self._resolver.resolve(
                name, kind, raise_on_no_answer=False, lifetime=self._timeout_s, search="." not in name
            )
        except dns.resolver.NXDOMAIN as error:
            return Records((), _negative_ttl(error))
        except dns.exception.DNSException as error:
            self.failures += 1
            raise LookupFailed(f"{kind} of {name}: {str(error) or type(error).__name__}") from None
        except (OSError, UnicodeError) as error:
            self.failures += 1
            raise LookupFailed(f"{kind} of {name}: {error}") from None
        ttl_s = float(answer.chaining_result.minimum_ttl)
        if answer.rrset is None:
            return Records((), min(ttl_s, NEGATIVE_TTL_S))
        found = [_record(kind, item) for item in list(answer.rrset)[:MAX_RECORDS]]
        return Records(tuple(found), ttl_s)


class DnsCache:
    """What is known. Questions that are asked at the same time are asked once."""

    def __init__(self, lookup: Lookup, *, max_ttl_s: float = 3600.0, now: Callable[[], float] = time.monotonic) -> None:
        self._lookup = lookup
        self._max_ttl_s = max_ttl_s
        self._now = now
        self._known: dict[tuple[str, str], tuple[float, Records]] = {}  # with the time of their end, the oldest first
        self._failed: dict[tuple[str, str], tuple[float, str]] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[Records]] = {}
        self.hits = 0
        self.stale_answers = 0

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, name: str, kind: str) -> Records:
        """The records; `ttl_s` is what is left of it. Raises LookupFailed when nobody answers and nothing is kept."""
        key = (name.lower().rstrip("."), kind)
        now = self._now()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            self.hits += 1
            return known[1]._replace(ttl_s=known[0] - now)
        failed = self._failed.get(key)
        if failed is not None and failed[0] > now:
            return self._stale(key, failed[1])
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._ask(key))
            task.add_done_callback(lambda done: self._answered(key, done))
        try:
            return await asyncio.shield(task)
        except LookupFailed as error:
            return self._stale(key, str(error))

    async def _ask(self, key: tuple[str, str]) -> Records:
        try:
            found = await self._lookup.query(*key)
        except LookupFailed as error:
            _put(self._failed, key, (self._now() + FAILURE_S, str(error)))
            raise
        self._failed.pop(key, None)
        ttl_s = max(MIN_TTL_S, min(found.ttl_s, self._max_ttl_s))
        _put(self._known, key, (self._now() + ttl_s, found))
        return found._replace(ttl_s=ttl_s)

    def _answered(self, key: tuple[str, str], task: asyncio.Task[Records]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at: whoever asked may have gone

    def _stale(self, key: tuple[str, str], error: str) -> Records:
        """What was known last, for want of anything newer."""
        known = self._known.get(key)
        if known is None or self._now() - known[0] > STALE_S:
            raise LookupFailed(error)
        self.stale_answers += 1
        return known[1]._replace(ttl_s=FAILURE_S)


class Hosts:
    """/etc/hosts, read again when it changes."""

    def __init__(self, path: Path = HOSTS) -> None:
        self._path = path
        self._seen = 0
        self._addresses: dict[str, list[str]] = {}

    def addresses(self, name: str) -> list[str]:
        """Those of `name`, in the file's order."""
        with contextlib.suppress(OSError):
            changed = self._path.stat().st_mtime_ns
            if changed != self._seen:
                self._seen = changed
                self._read()
        return self._addresses.get(name.lower().rstrip("."), [])

    def _read(self) -> None:
        self._addresses = {}
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            for name in names:
                self._addresses.setdefault(name.lower(), []).append(address)


def _put(table: dict[tuple[str, str], Any], key: tuple[str, str], value: Any) -> None:
    table.pop(key, None)
    if len(table) >= MAX_ENTRIES:
        del table[next(iter(table))]
    table[key] = value


def _record(kind: str, item: Any) -> Any:
    if kind == "SRV":
        return Srv(item.priority, item.weight, item.port, _text(item.target))
    if kind == "NAPTR":
        flags, service = item.flags.decode("latin-1").lower(), item.service.decode("latin-1").upper()
        return Naptr(item.order, item.preference, flags, service, _text(item.replacement))
    return str(item.address)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def _negative_ttl(error: dns.resolver.NXDOMAIN) -> float:
    """How long a name that does not exist may be taken for that: the SOA of the answer says it."""
    answers: dict[Any, dns.message.QueryMessage] = error.responses()  # type: ignore[no-untyped-call]
    return min([NEGATIVE_TTL_S, *(float(answer.resolve_chaining().minimum_ttl) for answer in answers.values())])


def _server(text: str) -> tuple[str, int]:
    if text.count(":") > 1 and not text.startswith("["):
        return text, 53
    host, _, port = text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
    return host.strip("[]"), int(port or 53)
