"""Who is logged in: sessions on the server, of which the browser holds a random name alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pbx.accounts.account import AccountStore, How, Person, Session
from pbx.accounts.secrets import digest, new_secret
from pbx.clock import Clock
from pbx.config_accounts import Accounts as Settings
from pbx.ids import new_id

MAX_OF_PERSON = 20  # the longest unused goes
TOUCH_S = 30.0  # how exact `seen` is
MAX_AGENT = 200  # characters of a User-Agent


class Sessions:
    """All in memory; a session counts when it is committed, and survives a restart."""

    def __init__(self, store: AccountStore, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._by_digest: dict[str, Session] = {}
        self._of_person: dict[str, dict[str, str]] = {}  # person -> session id -> digest
        self._touched: set[str] = set()  # digests of those whose `seen` is newer than on disk
        self._doomed: set[str] = set()  # ids of those that are over and still on disk

    def restore(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self._keep(session)

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, secret: str) -> Session | None:
        """The session that a cookie names, marked as used; None when there is none or it has ended."""
        key = digest(secret)
        session = self._by_digest.get(key)
        if session is None or self._has_ended(session):
            return None
        now = self._clock.unix()
        if now - session.seen > TOUCH_S:
            session = self._by_digest[key] = replace(session, seen=now)
            self._touched.add(key)
        return session

    def get(self, person: str, session: str) -> Session | None:
        """By its id, while it lasts."""
        found = self._by_digest.get(self._of_person.get(person, {}).get(session, ""))
        return None if found is None or self._has_ended(found) else found

    def of(self, person: str) -> list[Session]:
        """Those that last, the newest use first."""
        found = [self._by_digest[key] for key in self._of_person.get(person, {}).values()]
        return sorted((each for each in found if not self._has_ended(each)), key=lambda each: -each.seen)

    async def begin(self, person: Person, how: How, address: str, agent: str) -> tuple[Session, str]:
        """A new session, and the secret for the cookie."""
        secret, now = new_secret(), self._clock.unix()
        ends = now + self._settings.session_max_s
        session = Session(new_id(now), digest(secret), person.id, how, address, agent[:MAX_AGENT], now, now, ends)
        await self._store.put_session(session)
        self._keep(session)
        older = self.of(person.id)[MAX_OF_PERSON:]
        if older:
            await self.end(older)
        return session, secret

    async def end(self, sessions: Iterable[Session]) -> list[Session]:
        """From now on they are none, whether or not the database can be written; which they were."""
        gone = list(sessions)
        for session in gone:
            self._by_digest.pop(session.digest, None)
            self._touched.discard(session.digest)
            mine = self._of_person.get(session.person, {})
            mine.pop(session.id, None)
            if not mine:
                self._of_person.pop(session.person, None)
        self._doomed.update(session.id for session in gone)
        await self._remove()
        return gone

    async def end_old(self) -> list[Session]:
        """Forgets those that have ended by themselves, and those that could not be removed from disk."""
        return await self.end([session for session in self._by_digest.values() if self._has_ended(session)])

    async def _remove(self) -> None:
        doomed = sorted(self._doomed)
        if doomed:
            await self._store.remove_sessions(doomed)
            self._doomed.difference_update(doomed)

    def take_touched(self) -> list[Session]:
        """Those whose last use is to be written."""
        found = [self._by_digest[key] for key in self._touched]
        self._touched.clear()
        return found

    def _has_ended(self, session: Session) -> bool:
        now = self._clock.unix()
        return now >= session.ends or now - session.seen >= self._settings.session_idle_s

    def _keep(self, session: Session) -> None:
        self._by_digest[session.digest] = session
        self._of_person.setdefault(session.person, {})[session.id] = session.digest
