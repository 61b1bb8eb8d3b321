"""Keeps short messages: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select

from pbx.sms.message import OPEN, Inbound, Message, SentPart, State
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import micros, seconds
from pbx.store.errors import StoreError
from pbx.store.places import Place, behind
from pbx.store.schema_sms import sms_inbox, sms_messages, sms_parts

PRUNED_AT_ONCE = 1000
MAX_LIST = 10_000
AT_ONCE = 500  # ids in one question

MESSAGES = BulkInsert(sms_messages, replace=True)
PARTS = BulkInsert(sms_parts, replace=True)
INBOX = BulkInsert(sms_inbox, replace=True)
TIMES = ("created", "expires", "not_before", "submitted", "accepted", "ended")
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


@dataclass(slots=True, kw_only=True)
class WantedSms:
    """Which messages to list: "" and 0 for all. Instants are UTC seconds of their creation."""

    state: str = ""
    number: str = ""
    source: str = ""
    template: str = ""
    since: float = 0.0
    until: float = 0.0
    limit: int = 100
    after: Place | None = None


class StoredSms:
    """A pbx.sms.ports.SmsStore."""

    def __init__(self) -> None:
        self._read: list[Message] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads the open messages, for `load`."""
        self._read = _messages(connection, [sms_messages.c.state.in_([state.value for state in OPEN])])

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[Message]:
        found, self._read = self._read, []
        return found

    async def write(self, message: Message, *, new: bool = False) -> Message | None:
        row, key = message_row(message), _clean(message.key)
        id_, gateway = message.id, _clean(message.gateway)
        parts: list[Row] = [
            (id_, index, gateway, _clean(part.id), part.state) for index, part in enumerate(message.sent, 1)
        ]

        def intent(connection: Connection) -> Message | None:
            if new:
                known = _messages(connection, [sms_messages.c.key == key], 1)
                if known:
                    return known[0]
            MESSAGES.write(connection, [row])
            PARTS.write(connection, parts)
            return None

        found: Message | None = await self._run(intent)
        return found

    async def by_key(self, key: str) -> Message | None:
        return await self._one(sms_messages.c.key == _clean(key))

    async def get(self, message: str) -> Message | None:
        return await self._one(sms_messages.c.id == _clean(message))

    async def of_part(self, gateway: str, gateway_id: str) -> Message | None:
        part = sms_parts.c
        wanted = select(part.message_id).where(part.gateway_id == _clean(gateway_id), part.gateway == _clean(gateway))
        return await self._one(sms_messages.c.id.in_(wanted))

    async def wanted(self, wanted: WantedSms) -> list[Message]:
        """Messages, the newest first."""
        conditions, limit = _conditions(wanted), min(wanted.limit, MAX_LIST)
        found: list[Message] = await self._run(lambda connection: _messages(connection, conditions, limit))
        return found

    async def received(self, inbound: Inbound) -> bool:
        row = _inbound_row(inbound)
        known = select(sms_inbox.c.id).where(sms_inbox.c.gateway == row[1], sms_inbox.c.gateway_id == row[2])

        def intent(connection: Connection) -> bool:
            if row[2] and connection.execute(known).first() is not None:
                return False
            INBOX.write(connection, [row])
            return True

        taken: bool = await self._run(intent)
        return taken

    async def note_contact(self, inbound: Inbound) -> None:
        row = _inbound_row(inbound)
        await self._run(lambda connection: INBOX.write(connection, [row]))

    async def inbox(self, number: str, limit: int, after: Place | None = None) -> list[Inbound]:
        """What came in, the newest first."""
        order = (sms_inbox.c.received_us.desc(), sms_inbox.c.id.desc())
        query = select(sms_inbox).order_by(*order).limit(min(limit, MAX_LIST))
        if after is not None:
            query = query.where(behind(sms_inbox.c.received_us, sms_inbox.c.id, after))
        if number:
            query = query.where(sms_inbox.c.number == _clean(number))

        def intent(connection: Connection) -> list[Inbound]:
            return [_inbound(dict(row)) for row in connection.execute(query).mappings()]

        found: list[Inbound] = await self._run(intent)
        return found

    async def prune(self, before: float) -> int:
        table, inbox = sms_messages.c, sms_inbox.c
        ended = table.ended_us.between(1, micros(before) - 1)
        old = select(table.id).where(ended).limit(PRUNED_AT_ONCE)
        heard = select(inbox.id).where(inbox.received_us < micros(before)).limit(PRUNED_AT_ONCE)

        def intent(connection: Connection) -> int:
            gone = list(connection.execute(old).scalars())
            for start in range(0, len(gone), AT_ONCE):
                part = gone[start : start + AT_ONCE]
                connection.execute(delete(sms_parts).where(sms_parts.c.message_id.in_(part)))
                connection.execute(delete(sms_messages).where(table.id.in_(part)))
            unheard = list(connection.execute(heard).scalars())
            for start in range(0, len(unheard), AT_ONCE):
                connection.execute(delete(sms_inbox).where(inbox.id.in_(unheard[start : start + AT_ONCE])))
            return len(gone) + len(unheard)

        count: int = await self._run(intent)
        return count

    async def _one(self, condition: ColumnElement[bool]) -> Message | None:
        found: list[Message] = await self._run(lambda connection: _messages(connection, [condition], 1))
        return found[0] if found else None

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _clean(text: str) -> str:
    """Text as every database takes it; a message's is longer than names are, and is not cut."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def message_row(message: Message) -> Row:
    """In the order of the table's columns."""
    one = message
    return (
        *(one.id, _clean(one.key), _clean(one.number), _clean(one.text), _clean(one.coding), one.parts),
        *(micros(one.created), micros(one.expires), _clean(one.sender), _clean(one.template), _clean(one.language)),
        *(_clean(one.source), _clean(one.reason), _clean(one.origin_call), _clean(one.contact)),
        *(micros(one.not_before), one.state.value, _clean(one.gateway), one.pinned, one.attempts),
        *(micros(one.submitted), micros(one.accepted), micros(one.ended), _clean(one.error), one.cost),
        _clean(one.currency),
    )


def _message(row: Mapping[str, Any]) -> Message:
    given: dict[str, Any] = {}
    for column, value in row.items():
        name = column.removesuffix("_us")
        given[name] = seconds(value) if name in TIMES else value
    given["state"], given["pinned"] = State(given["state"]), bool(given["pinned"])
    return Message(**given)


def _messages(
    connection: Connection, conditions: Iterable[ColumnElement[bool]], limit: int | None = None
) -> list[Message]:
    order = (sms_messages.c.created_us.desc(), sms_messages.c.id.desc())
    query = select(sms_messages).where(*conditions).order_by(*order).limit(limit)
    found = {row["id"]: _message(dict(row)) for row in connection.execute(query).mappings()}
    names = list(found)
    for start in range(0, len(names), AT_ONCE):
        part = select(sms_parts).where(sms_parts.c.message_id.in_(names[start : start + AT_ONCE]))
        for row in connection.execute(part.order_by(sms_parts.c.message_id, sms_parts.c.part)).mappings():
            found[row["message_id"]].sent.append(SentPart(row["gateway_id"], row["state"]))
    return list(found.values())


def _conditions(wanted: WantedSms) -> list[ColumnElement[bool]]:
    table = sms_messages.c
    found: list[ColumnElement[bool]] = []
    for name in ("state", "number", "source", "template"):
        value = getattr(wanted, name)
        if value:
            found.append(table[name] == _clean(value))
    if wanted.since:
        found.append(table.created_us >= micros(wanted.since))
    if wanted.until:
        found.append(table.created_us < micros(wanted.until))
    if wanted.after is not None:
        found.append(behind(table.created_us, table.id, wanted.after))
    return found


def _inbound_row(inbound: Inbound) -> Row:
    texts = (inbound.id, inbound.gateway, inbound.gateway_id, inbound.number, inbound.to, inbound.text)
    return (*map(_clean, texts), micros(inbound.received), inbound.what, _clean(inbound.contact))


def _inbound(row: Mapping[str, Any]) -> Inbound:
    return Inbound(
        row["id"],
        row["gateway"],
        row["gateway_id"],
        row["number"],
        row["to_number"],
        row["text"],
        seconds(row["received_us"]),
        row["what"],
        row["contact"],
    )
