"""Who sent a request: the account whose digest it carries. Known and unknown accounts get the same answers (R7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.guesses import Guesses
from pbx.call.identity import clean_number
from pbx.clock import Clock
from pbx.sip.address import source_of
from pbx.sip.digest import Credentials, DigestVerifier

if TYPE_CHECKING:
    from pbx.call.bans import Bans
    from pbx.config import Config
    from pbx.sip.address import Source
    from pbx.sip.message import Request

Tables = tuple[dict[str, str], dict[str, Credentials]]  # passwords and what was made of them, by account
RETRY = frozenset(("nonce", "full", "replay"))  # not the password's fault: a new nonce helps


class Verdict(NamedTuple):
    """`status` 0 means `account` is who it says it is; otherwise the answer to give."""

    account: str
    status: int = 0
    headers: Sequence[str] = ()


class Authenticator:
    """Digest for the configured extensions. `known_peer(account, source)` tells a phone that registered from there
    before:

    it is heard even when somebody else behind its address is guessing.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        known_peer: Callable[[str, Source], bool],
        secret: bytes = b"",
        *,
        guesses: Guesses | None = None,
        bans: Bans | None = None,
    ) -> None:
        realm = config.sip.domain
        self._verifier = DigestVerifier(realm, secret or os.urandom(32), clock, config.sip.digest_algorithms)
        self._secrets: dict[str, str] = {}
        self._credentials: dict[str, Credentials] = {}
        self.take(self.tables(config))
        self._md5_only = tuple(config.sip.md5_only_agents)
        self.guesses = guesses if guesses is not None else Guesses(clock)
        self._known_peer = known_peer
        self._bans = bans

    def tables(self, config: Config) -> Tables:
        """What `take` is given; hashed is only what changed."""
        before, known = self._secrets, self._credentials
        secrets = {extension.number: extension.secret for extension in config.extension}
        credentials = {
            number: known[number]
            if before.get(number) == secret
            else Credentials.from_password(number, config.sip.domain, secret)
            for number, secret in secrets.items()
        }
        return secrets, credentials

    def take(self, tables: Tables) -> None:
        """From now on these accounts."""
        self._secrets, self._credentials = tables

    def check(self, request: Request, source: Source) -> Verdict:
        """Judges `request`: the account must match its digest, and its From (advisory rows 12 and 22)."""
        given = request.header("Authorization") or request.header("Proxy-Authorization")
        if not given:
            if self._bans is not None:
                self._bans.challenged(source, request.from_.uri.user)
            return self._challenge(request, source)
        claimed = clean_number(request.from_.uri.user)
        if self.guesses.exhausted(source_of(source.host)) and not self._known_peer(claimed, source):
            self.guesses.refused += 1
            if self._bans is not None:
                self._bans.guessed(source)
            return Verdict("", 403)

        def credentials(username: str) -> Credentials | None:
            """Of the account in From alone: who may speak for one account must learn nothing about another's."""
            return self._credentials.get(username) if username == claimed else None

        result = self._verifier.verify(request.method, request.uri, given, source.host, credentials)
        if result.ok:
            if self._bans is not None:
                self._bans.proved(source, claimed)
            return Verdict(result.username)
        if result.stale or result.reason in RETRY:
            return self._challenge(request, source, stale=True)
        if result.reason in ("password", "user"):
            self.guesses.wrong(source_of(source.host))
            if self._bans is not None:
                self._bans.guessed(source)
            return Verdict("", 403)
        return self._challenge(request, source)

    def _challenge(self, request: Request, source: Source, *, stale: bool = False) -> Verdict:
        md5_only = (request.header("User-Agent") or "").startswith(self._md5_only)
        values = self._verifier.challenge(source.host, stale=stale, md5_only=md5_only)
        return Verdict("", 401, [f"WWW-Authenticate: {value}" for value in values])
