"""Who sent a request: the account whose digest it carries. Known and unknown accounts get the same answers (R7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.identity import clean_number
from pbx.clock import Clock
from pbx.sip.digest import Credentials, DigestVerifier

if TYPE_CHECKING:
    from pbx.config import Config
    from pbx.sip.address import Source
    from pbx.sip.message import Request

MAX_GUESSES = 30  # evaluated wrong passwords of one address in a window (R7)
WINDOW_S = 60.0
MAX_SOURCES = 65_536
RETRY = frozenset(("nonce", "full", "replay"))  # not the password's fault: a new nonce helps


class Verdict(NamedTuple):
    """`status` 0 means `account` is who it says it is; otherwise the answer to give."""

    account: str
    status: int = 0
    headers: Sequence[str] = ()


class Guesses:
    """Wrong passwords per address; forgets with time, and never grows beyond MAX_SOURCES."""

    __slots__ = ("_clock", "_counts")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[
            str, tuple[float, int]
        ] = {}  # address -> (end of its window, wrong ones in it), oldest first

    def exhausted(self, address: str) -> bool:
        entry = self._counts.get(address)
        return entry is not None and entry[1] >= MAX_GUESSES and entry[0] > self._clock.monotonic()

    def wrong(self, address: str) -> None:
        now = self._clock.monotonic()
        until, count = self._counts.pop(address, (0.0, 0))
        if until <= now:
            until, count = now + WINDOW_S, 0
        if len(self._counts) >= MAX_SOURCES:
            del self._counts[next(iter(self._counts))]
        self._counts[address] = (until, count + 1)


class Authenticator:
    """Digest for the configured extensions. `known_peer(account, source)` tells a phone that registered from there
    before:

    it is heard even when somebody else behind its address is guessing.
    """

    def __init__(
        self, config: Config, clock: Clock, known_peer: Callable[[str, Source], bool], secret: bytes = b""
    ) -> None:
        realm = config.sip.domain
        self._verifier = DigestVerifier(realm, secret or os.urandom(32), clock, config.sip.digest_algorithms)
        self._credentials = {
            extension.number: Credentials.from_password(extension.number, realm, extension.secret)
            for extension in config.extension
        }
        self._md5_only = tuple(config.sip.md5_only_agents)
        self._guesses = Guesses(clock)
        self._known_peer = known_peer

    def check(self, request: Request, source: Source) -> Verdict:
        """Judges `request`: the account must match its digest, and its From (advisory rows 12 and 22)."""
        given = request.header("Authorization") or request.header("Proxy-Authorization")
        if not given:
            return self._challenge(request, source)
        claimed = clean_number(request.from_.uri.user)
        if self._guesses.exhausted(source.host) and not self._known_peer(claimed, source):
            return Verdict("", 403)
        result = self._verifier.verify(request.method, request.uri, given, source.host, self._credentials.get)
        if result.ok:
            return Verdict(result.username) if result.username == claimed else Verdict("", 403)
        if result.stale or result.reason in RETRY:
            return self._challenge(request, source, stale=True)
        if result.reason in ("password", "user"):
            self._guesses.wrong(source.host)
            return Verdict("", 403)
        return self._challenge(request, source)

    def _challenge(self, request: Request, source: Source, *, stale: bool = False) -> Verdict:
        md5_only = (request.header("User-Agent") or "").startswith(self._md5_only)
        values = self._verifier.challenge(source.host, stale=stale, md5_only=md5_only)
        return Verdict("", 401, [f"WWW-Authenticate: {value}" for value in values])
