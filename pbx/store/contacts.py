"""Keeps contacts and the attempts to reach their customers: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select

from pbx.contact.item import Attempt, ContactItem, ItemKind, ItemState
from pbx.store import schema
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import clean, from_json, json_text, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.places import Place, behind

CLOSED = ItemState.CLOSED.value
PRUNED_AT_ONCE = 1000  # closed items that one step deletes
MAX_LIST = 10_000

CONTACTS = BulkInsert(schema.contacts, replace=True)
ATTEMPTS = BulkInsert(schema.contact_attempts, replace=True)
_KNOWN = select(schema.contacts.c.id).where(schema.contacts.c.key == bindparam("wanted"))
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


@dataclass(slots=True, kw_only=True)
class Wanted:
    """Which contacts to list: "" and 0 for all. Instants are UTC seconds of the contact's creation."""

    states: Sequence[str] = ()
    queue: str = ""
    number: str = ""
    owner: str = ""
    end: str = ""
    kind: str = ""
    since: float = 0.0
    until: float = 0.0
    limit: int = 1000
    after: Place | None = None


class StoredContacts:
    """A pbx.contact.ports.ContactStore."""

    def __init__(self) -> None:
        self._read: list[ContactItem] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads the open items, for `load`."""
        self._read = _items(connection, [schema.contacts.c.state != CLOSED])

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[ContactItem]:
        found, self._read = self._read, []
        return found

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        rows = [row_of(item) for item in items]
        attempts = [row for item in items for row in _last_attempt(item)]
        key = clean(items[0].key)

        def intent(connection: Connection) -> ContactItem | None:
            if new and connection.execute(_KNOWN, {"wanted": key}).first() is not None:
                return _items(connection, [schema.contacts.c.key == key])[0]
            CONTACTS.write(connection, rows)
            ATTEMPTS.write(connection, attempts)
            return None

        found: ContactItem | None = await self._run(intent)
        return found

    async def get(self, contact: str) -> ContactItem | None:
        found: list[ContactItem] = await self._run(
            lambda connection: _items(connection, [schema.contacts.c.id == clean(contact)])
        )
        return found[0] if found else None

    async def known(self, keys: Sequence[str]) -> set[str]:
        table = schema.contacts.c
        cleaned = {clean(key): key for key in keys}

        def intent(connection: Connection) -> set[str]:
            found: set[str] = set()
            wanted = list(cleaned)
            for start in range(0, len(wanted), 500):
                part = select(table.key).where(table.key.in_(wanted[start : start + 500]))
                found.update(connection.execute(part).scalars())
            return found

        stored: set[str] = await self._run(intent)
        return {cleaned[key] for key in stored}

    async def wanted(self, wanted: Wanted) -> list[ContactItem]:
        """Contacts, the newest first."""
        conditions = _conditions(wanted)
        limit = min(wanted.limit, MAX_LIST)
        found: list[ContactItem] = await self._run(lambda connection: _items(connection, conditions, limit))
        return found

    async def prune(self, before: float) -> int:
        """Deletes items that were closed before (UTC seconds), a bounded number at a time; returns how many."""
        table = schema.contacts.c
        old = select(table.id).where(table.state == CLOSED, table.ended_us < micros(before)).limit(PRUNED_AT_ONCE)

        def intent(connection: Connection) -> int:
            gone = list(connection.execute(old).scalars())
            for start in range(0, len(gone), 500):
                part = gone[start : start + 500]
                attempts = schema.contact_attempts
                connection.execute(delete(attempts).where(attempts.c.contact_id.in_(part)))
                connection.execute(delete(schema.contacts).where(table.id.in_(part)))
            return len(gone)

        count: int = await self._run(intent)
        return count

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def row_of(item: ContactItem) -> Row:
    """The item as a row of `contacts`, in the order of its columns."""
    return (
        clean(item.id),
        item.kind.value,
        clean(item.queue),
        clean(item.number),
        clean(item.name),
        micros(item.since),
        micros(item.created),
        micros(item.promise),
        micros(item.not_before),
        micros(item.not_after),
        item.priority,
        json_text(item.skills),
        clean(item.language),
        clean(item.preferred_agent),
        clean(item.owner),
        json_text(item.source),
        clean(item.origin_call),
        clean(item.key),
        clean(item.mode),
        item.automatic,
        item.times,
        item.state.value,
        item.end,
        micros(item.ended),
        clean(item.ended_by),
        clean(item.reason),
        clean(item.merged_into),
        clean(item.claimed_by),
        micros(item.claimed),
        micros(item.breached),
    )


def read_contacts(connection: Connection, wanted: Wanted) -> list[ContactItem]:
    """Contacts, the newest first; for reports, which have a connection of their own."""
    return _items(connection, _conditions(wanted), min(wanted.limit, MAX_LIST))


def _last_attempt(item: ContactItem) -> list[Row]:
    """Only the last one ever changes."""
    return attempt_rows(item)[-1:]


def attempt_rows(item: ContactItem) -> list[Row]:
    """The attempts as rows of `contact_attempts`, in the order of its columns."""
    return [
        (
            clean(item.id),
            number,
            micros(attempt.at),
            micros(attempt.ended),
            clean(attempt.outcome),
            clean(attempt.call_id),
            clean(attempt.by),
        )
        for number, attempt in enumerate(item.attempts, 1)
    ]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table = schema.contacts.c
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(table.state.in_(list(wanted.states)))
    for column, value in (
        (table.queue, wanted.queue),
        (table.number, wanted.number),
        (table.owner, wanted.owner),
        (table.ended_as, wanted.end),
        (table.kind, wanted.kind),
    ):
        if value:
            found.append(column == clean(value))
    if wanted.since:
        found.append(table.created_us >= micros(wanted.since))
    if wanted.until:
        found.append(table.created_us < micros(wanted.until))
    if wanted.after is not None:
        found.append(behind(table.created_us, table.id, wanted.after))
    return found


def _items(
    connection: Connection, conditions: Iterable[ColumnElement[bool]], limit: int | None = None
) -> list[ContactItem]:
    table = schema.contacts
    query = select(table).where(*conditions).order_by(table.c.created_us.desc(), table.c.id.desc()).limit(limit)
    items = {row["id"]: _item(dict(row)) for row in connection.execute(query).mappings()}
    attempts = schema.contact_attempts
    names = list(items)
    for start in range(0, len(names), 500):
        part = select(attempts).where(attempts.c.contact_id.in_(names[start : start + 500]))
        for row in connection.execute(part.order_by(attempts.c.contact_id, attempts.c.attempt)).mappings():
            at, ended = seconds(row["at_us"]), seconds(row["ended_us"])
            items[row["contact_id"]].attempts.append(Attempt(at, row["call_id"], row["outcome"], ended, row["made_by"]))
    return list(items.values())


def _item(row: Mapping[str, Any]) -> ContactItem:
    return ContactItem(
        id=row["id"],
        kind=ItemKind(row["kind"]),
        queue=row["queue"],
        number=row["number"],
        name=row["name"],
        since=seconds(row["since_us"]),
        created=seconds(row["created_us"]),
        promise=seconds(row["promise_us"]),
        not_before=seconds(row["not_before_us"]),
        not_after=seconds(row["not_after_us"]),
        priority=row["priority"],
        skills=list(from_json(row["skills"])),
        language=row["language"],
        preferred_agent=row["preferred_agent"],
        owner=row["owner"],
        source=dict(from_json(row["source"])),
        origin_call=row["origin_call"],
        key=row["key"],
        mode=row["mode"],
        automatic=bool(row["automatic"]),
        times=row["times"],
        state=ItemState(row["state"]),
        end=row["ended_as"],
        ended=seconds(row["ended_us"]),
        ended_by=row["ended_by"],
        reason=row["reason"],
        merged_into=row["merged_into"],
        claimed_by=row["claimed_by"],
        claimed=seconds(row["claimed_us"]),
        breached=seconds(row["breached_us"]),
    )
