"""Tokens of programs: random, kept as digests, with a part of somebody's rights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pbx.accounts.account import AccountStore, Person, Token
from pbx.accounts.errors import AccountError
from pbx.accounts.rights import ROLES, Permission
from pbx.accounts.secrets import PREFIX_LENGTH, TOKEN_MARK, digest, new_secret
from pbx.clock import Clock
from pbx.ids import new_id

MAX_TOKENS = 10_000
TOUCH_S = 60.0  # how exact `used` is


class Tokens:
    """All in memory; what changes is committed before it counts."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._by_id: dict[str, Token] = {}
        self._by_digest: dict[str, str] = {}
        self._touched: set[str] = set()

    def restore(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            self._keep(token)

    def all(self) -> list[Token]:
        return list(self._by_id.values())

    def find(self, text: str, address: str) -> Token | None:
        """The token that a program sent, marked as used; None when there is none, or it is expired or revoked."""
        token = self._by_id.get(self._by_digest.get(digest(text), ""))
        if token is None or not self.is_valid(token):
            return None
        now = self._clock.unix()
        if now - token.used > TOUCH_S or token.used_from != address:
            token = self._by_id[token.id] = replace(token, used=now, used_from=address)
            self._touched.add(token.id)
        return token

    def get(self, token: str) -> Token:
        """By id or prefix. Raises AccountError."""
        found = self._by_id.get(token)
        if found is None:
            alike = [each for each in self._by_id.values() if each.prefix == token]
            if len(alike) != 1:
                raise AccountError("missing", f"there is no token {token!r}; `centrala token list` shows them")
            found = alike[0]
        return found

    def is_valid(self, token: Token) -> bool:
        return not token.revoked and not 0 < token.expires <= self._clock.unix()

    async def make(self, person: Person, name: str, wanted: Iterable[Permission], expires: float) -> tuple[Token, str]:
        """A token of `person`, and its text, which is not kept. Raises AccountError for rights that he has not."""
        if not name or len(name) > 80 or not name.isprintable():
            raise AccountError("invalid", "name is 1 to 80 characters, none of them a control character")
        permissions = frozenset(wanted)
        beyond = sorted(permissions - ROLES[person.role])
        if beyond:
            raise AccountError("forbidden", f"{person.login} ({person.role}) has no right {beyond[0]}")
        now = self._clock.unix()
        if 0 < expires <= now:
            raise AccountError("invalid", "expires lies in the past")
        if sum(map(self.is_valid, self._by_id.values())) >= MAX_TOKENS:
            raise AccountError("conflict", f"there are {MAX_TOKENS} tokens, which is all that are kept; revoke some")
        text = TOKEN_MARK + new_secret()
        token = Token(new_id(now), digest(text), text[:PREFIX_LENGTH], name, person.id, permissions, now, expires)
        await self._store.put_token(token)
        self._keep(token)
        return token, text

    async def revoke(self, token: Token) -> Token:
        """From now on it opens nothing, whether or not the database can be written."""
        gone = self._by_id[token.id] = replace(token, revoked=token.revoked or self._clock.unix())
        await self._store.put_token(gone)
        return gone

    def forget(self, person: str) -> None:
        """Those of a person who was removed."""
        for token in [each for each in self._by_id.values() if each.person == person]:
            del self._by_id[token.id]
            self._by_digest.pop(token.digest, None)

    def take_touched(self) -> list[Token]:
        """Those whose last use is to be written."""
        found = [self._by_id[key] for key in self._touched if key in self._by_id]
        self._touched.clear()
        return found

    def _keep(self, token: Token) -> None:
        self._by_id[token.id] = token
        self._by_digest[token.digest] = token.id
