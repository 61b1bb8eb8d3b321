"""Accounts in memory: a store, a directory of phones and queues, passwords that cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pbx.accounts.account import Link, Person, Session, Token
from pbx.accounts.audit import Entry, Filter
from pbx.accounts.audit_log import AuditLog
from pbx.accounts.service import Accounts
from pbx.clock import VirtualClock
from pbx.config_accounts import Accounts as Settings
from pbx.store.errors import StoreUnavailable

CHEAP = Settings(argon2_memory_kib=8, argon2_time=1)
PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.1"


class MemoryAccounts:
    """A pbx.accounts.account.AccountStore. While `broken`, nothing is saved."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, Token] = {}
        self.links: dict[str, Link] = {}
        self.broken = False

    def load(self) -> tuple[list[Person], list[Session], list[Token], list[Link]]:
        rows = (self.people, self.sessions, self.tokens, self.links)
        return tuple(list(table.values()) for table in rows)  # type: ignore[return-value]

    async def put_person(self, person: Person) -> None:
        self._check()
        self.people[person.id] = person

    async def remove_person(self, person: str) -> None:
        self._check()
        self.people.pop(person)
        for table in (self.sessions, self.tokens, self.links):
            for key in [key for key, row in table.items() if row.person == person]:
                del table[key]

    async def put_session(self, session: Session) -> None:
        self._check()
        self.sessions[session.id] = session

    async def remove_sessions(self, ids: Sequence[str]) -> None:
        self._check()
        for each in ids:
            self.sessions.pop(each, None)

    async def put_token(self, token: Token) -> None:
        self._check()
        self.tokens[token.id] = token

    async def put_link(self, link: Link) -> None:
        self._check()
        self.links = {link.digest: link}

    async def use_link(self, link: Link, person: Person) -> None:
        self._check()
        del self.links[link.digest]
        self.people[person.id] = person

    async def touch(self, sessions: Sequence[Session], tokens: Sequence[Token]) -> None:
        self._check()
        self.sessions |= {each.id: each for each in sessions if each.id in self.sessions}
        self.tokens |= {each.id: each for each in tokens}

    def _check(self) -> None:
        if self.broken:
            raise StoreUnavailable("the disk is full")


class MemoryAudit(list[Entry]):
    """A pbx.accounts.audit.AuditStore."""

    async def find(self, wanted: Filter, before_id: str, limit: int) -> Sequence[Entry]:
        rows = [entry for entry in reversed(self) if not before_id or entry.id < before_id]
        return [entry for entry in rows if entry.action.startswith(wanted.action)][:limit]

    async def prune(self, before: float) -> int:
        return 0

    async def append(self, entry: Entry) -> None:  # type: ignore[override]
        super().append(entry)


class Directory:
    """Phones 201 and 202; 201 serves sales."""

    def extensions(self) -> set[str]:
        return {"201", "202"}

    def queues(self) -> set[str]:
        return {"sales", "service"}

    def queues_of(self, extension: str) -> frozenset[str]:
        return frozenset({"sales"}) if extension == "201" else frozenset()


class World:
    """Accounts that a test may restart."""

    def __init__(self, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.store, self.entries = MemoryAccounts(), MemoryAudit()
        self.settings = CHEAP.model_copy(update=settings)
        self.accounts = self.build()

    def build(self, **more: Any) -> Accounts:
        audit = AuditLog(self.entries, self.clock, 30)
        return Accounts(self.store, audit, self.clock, self.settings, Directory(), b"k" * 32, **more)

    async def __aenter__(self) -> World:
        self.accounts.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.accounts.stop()

    async def restart(self) -> None:
        await self.accounts.stop()
        self.accounts = self.build()
        self.accounts.start()

    async def person(self, login: str, role: str = "agent", password: str = PASSWORD, **fields: Any) -> Person:
        person = await self.accounts.add({"login": login, "role": role, **fields})
        if password:
            await self.accounts.set_password(person, password)
        return self.accounts.people.find(login)

    async def login(self, login: str, password: str = PASSWORD, address: str = ADDRESS, mark: str = "") -> Any:
        return await self.accounts.login(login, password, address, "curl/8", mark)
