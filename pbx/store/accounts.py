"""Keeps accounts: every write is a durable intent, all is in memory from the start on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from pbx.accounts.account import Link, Person, Session, Token
from pbx.accounts.rights import Permission, Role
from pbx.store import schema_accounts as schema
from pbx.store.bulk import BulkInsert
from pbx.store.encode import clean, from_json, json_text, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema_second_factors import second_factors

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
PEOPLE = BulkInsert(schema.people, replace=True)
SESSIONS = BulkInsert(schema.sessions, replace=True)
TOKENS = BulkInsert(schema.tokens, replace=True)
LINKS = BulkInsert(schema.account_links, replace=True)
PART = 500  # ids in one statement


class StoredAccounts:
    """A pbx.accounts.account.AccountStore."""

    def __init__(self) -> None:
        self._read: tuple[list[Person], list[Session], list[Token], list[Link]] = ([], [], [], [])
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads everything, for `load`."""
        self._read = (
            [_person(row) for row in connection.execute(select(schema.people))],
            [_session(row) for row in connection.execute(select(schema.sessions))],
            [_token(row) for row in connection.execute(select(schema.tokens))],
            [_link(row) for row in connection.execute(select(schema.account_links))],
        )

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> tuple[list[Person], list[Session], list[Token], list[Link]]:
        found, self._read = self._read, ([], [], [], [])
        return found

    async def put_person(self, person: Person) -> None:
        await self._run(lambda connection: PEOPLE.write(connection, [_person_row(person)]))

    async def remove_person(self, person: str) -> None:
        def intent(connection: Connection) -> None:
            for table in (schema.sessions, schema.tokens, schema.account_links, second_factors):
                connection.execute(delete(table).where(table.c.person == person))
            connection.execute(delete(schema.people).where(schema.people.c.id == person))

        await self._run(intent)

    async def put_session(self, session: Session) -> None:
        await self._run(lambda connection: SESSIONS.write(connection, [_session_row(session)]))

    async def remove_sessions(self, ids: Sequence[str]) -> None:
        def intent(connection: Connection) -> None:
            for at in range(0, len(ids), PART):
                part = list(ids[at : at + PART])
                connection.execute(delete(schema.sessions).where(schema.sessions.c.id.in_(part)))

        await self._run(intent)

    async def put_token(self, token: Token) -> None:
        await self._run(lambda connection: TOKENS.write(connection, [_token_row(token)]))

    async def put_link(self, link: Link) -> None:
        table = schema.account_links.c
        earlier = (table.person == link.person) & (table.purpose == link.purpose)

        def intent(connection: Connection) -> None:
            gone = or_(earlier, table.expires_us < micros(link.created))
            connection.execute(delete(schema.account_links).where(gone))
            LINKS.write(connection, [_link_row(link)])

        await self._run(intent)

    async def use_link(self, link: Link, person: Person) -> None:
        table = schema.account_links.c

        def intent(connection: Connection) -> None:
            connection.execute(delete(schema.account_links).where(table.digest == link.digest))
            PEOPLE.write(connection, [_person_row(person)])

        await self._run(intent)

    async def touch(self, sessions: Sequence[Session], tokens: Sequence[Token]) -> None:
        session, token = schema.sessions.c, schema.tokens.c

        def intent(connection: Connection) -> None:  # never brings back what was removed meanwhile
            for each in sessions:
                seen = update(schema.sessions).where(session.id == each.id).values(seen_us=micros(each.seen))
                connection.execute(seen)
            for one in tokens:
                used = {"used_us": micros(one.used), "used_from": clean(one.used_from)}
                connection.execute(update(schema.tokens).where(token.id == one.id).values(used))

        await self._run(intent)

    async def _run(self, intent: Callable[[Connection], None]) -> None:
        if self._durable is None:
            raise StoreError("the store is not started")
        await self._durable(intent)


def _person(row: Row[Any]) -> Person:
    queues = from_json(row.queues)
    return Person(
        id=row.id,
        login=row.login,
        role=Role(row.role),
        name=row.name,
        email=row.email,
        language=row.language,
        extension=row.extension,
        queues=None if queues is None else tuple(queues),
        disabled=row.disabled,
        password=row.password,
        subject=row.subject,
        created=seconds(row.created_us),
        changed=seconds(row.changed_us),
        login_at=seconds(row.login_us),
    )


def _person_row(person: Person) -> tuple[Any, ...]:
    """In the order of the table's columns, as all below."""
    texts = (person.login, person.role.value, person.name, person.email, person.language, person.extension)
    return (
        person.id,
        *(clean(text) for text in texts),
        json_text(None if person.queues is None else list(person.queues)),
        person.disabled,
        person.password,
        clean(person.subject),
        micros(person.created),
        micros(person.changed),
        micros(person.login_at),
    )


def _session(row: Row[Any]) -> Session:
    instants = (seconds(row.created_us), seconds(row.seen_us), seconds(row.ends_us))
    return Session(row.id, row.digest, row.person, row.how, row.address, row.agent, *instants)


def _session_row(session: Session) -> tuple[Any, ...]:
    instants = (micros(session.created), micros(session.seen), micros(session.ends))
    texts = (session.how, clean(session.address), clean(session.agent))
    return (session.id, session.digest, session.person, *texts, *instants)


def _token(row: Row[Any]) -> Token:
    known = {permission.value for permission in Permission}
    return Token(
        id=row.id,
        digest=row.digest,
        prefix=row.prefix,
        name=row.name,
        person=row.person,
        # A right of another version of the program is none.
        permissions=frozenset(Permission(text) for text in from_json(row.permissions) if text in known),
        created=seconds(row.created_us),
        expires=seconds(row.expires_us),
        used=seconds(row.used_us),
        used_from=row.used_from,
        revoked=seconds(row.revoked_us),
    )


def _token_row(token: Token) -> tuple[Any, ...]:
    return (
        token.id,
        token.digest,
        token.prefix,
        clean(token.name),
        token.person,
        json_text(sorted(permission.value for permission in token.permissions)),
        micros(token.created),
        micros(token.expires),
        micros(token.used),
        clean(token.used_from),
        micros(token.revoked),
    )


def _link(row: Row[Any]) -> Link:
    return Link(row.digest, row.purpose, row.person, row.by, seconds(row.created_us), seconds(row.expires_us))


def _link_row(link: Link) -> tuple[Any, ...]:
    return (link.digest, link.purpose, link.person, clean(link.by), micros(link.created), micros(link.expires))
