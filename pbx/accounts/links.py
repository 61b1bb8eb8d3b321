"""Links that work once: for the first admin, and for whoever needs a password."""

from __future__ import annotations

from collections.abc import Iterable

from pbx.accounts.account import AccountStore, Link, Person
from pbx.accounts.errors import AccountError
from pbx.accounts.secrets import digest, new_secret
from pbx.clock import Clock

GONE = "the link was used, has expired, or was replaced by a newer one; ask for another"


class Links:
    """All in memory; a link counts when it is committed."""

    def __init__(self, store: AccountStore, clock: Clock, lasts_s: float) -> None:
        self._store, self._clock, self._lasts_s = store, clock, lasts_s
        self._links: dict[str, Link] = {}

    def restore(self, links: Iterable[Link]) -> None:
        self._links = {link.digest: link for link in links}

    async def for_first_admin(self) -> str:
        """The secret of a link that makes an admin, while there is none; earlier ones open nothing any more."""
        return await self._make("first_admin", "", "centrala")

    async def for_password(self, person: Person, by: str) -> str:
        """The secret of a link by which `person` chooses a password."""
        return await self._make("password", person.id, by)

    def get(self, secret: str) -> Link:
        """Raises AccountError for a link that opens nothing."""
        link = self._links.get(digest(secret))
        if link is None or self._clock.unix() >= link.expires:
            raise AccountError("wrong", GONE)
        return link

    async def use(self, link: Link, person: Person) -> None:
        """Once: the second of two at the same moment gets AccountError."""
        if self._links.pop(link.digest, None) is None:
            raise AccountError("wrong", GONE)
        try:
            await self._store.use_link(link, person)
        except BaseException:
            self._links[link.digest] = link
            raise

    def forget(self, person: str) -> None:
        """Those of a person who was removed."""
        self._links = {key: link for key, link in self._links.items() if link.person != person}

    async def _make(self, purpose: str, person: str, by: str) -> str:
        secret, now = new_secret(), self._clock.unix()
        kind = "first_admin" if purpose == "first_admin" else "password"
        link = Link(digest(secret), kind, person, by, now, now + self._lasts_s)  # type: ignore[arg-type]
        await self._store.put_link(link)
        old = [key for key, each in self._links.items() if each.person == person and each.purpose == kind]
        for key in old:
            del self._links[key]
        self._links[link.digest] = link
        return secret
