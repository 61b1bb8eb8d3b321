"""Keeps the messages of voicemail boxes: every write is a durable intent. Their sound lies beside the recordings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select

from pbx.store import schema
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import clean, micros, seconds
from pbx.store.errors import StoreError
from pbx.voicemail.message import Message, MessageState

MESSAGES = BulkInsert(schema.voicemail_messages, replace=True)
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredMessages:
    """A pbx.voicemail.message.MessageStore."""

    def __init__(self) -> None:
        self._read: list[Message] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads all messages, for `load`."""
        self._read = read_messages(connection)

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[Message]:
        found, self._read = self._read, []
        return found

    async def write(self, message: Message) -> None:
        row = _row(message)
        await self._run(lambda connection: MESSAGES.write(connection, [row]))

    async def erase(self, message: str) -> None:
        table = schema.voicemail_messages
        await self._run(lambda connection: connection.execute(delete(table).where(table.c.id == message)) and None)

    async def _run(self, intent: Callable[[Connection], Any]) -> None:
        if self._durable is None:
            raise StoreError("the store is not started")
        await self._durable(intent)


def read_messages(connection: Connection) -> list[Message]:
    """All messages, the oldest first."""
    table = schema.voicemail_messages
    return [_message(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def _row(message: Message) -> Row:
    """In the order of the table's columns."""
    return (
        message.id,
        clean(message.box),
        clean(message.caller),
        clean(message.caller_name),
        message.call_id,
        micros(message.at),
        message.file,
        clean(message.language),
        message.state.value,
        message.duration_s,
        micros(message.heard),
        message.saved,
        micros(message.deleted),
        message.contact,
        message.recovered,
        clean(message.transcript),
    )


def _message(row: Mapping[Any, Any]) -> Message:
    return Message(
        id=row["id"],
        box=row["box"],
        caller=row["caller"],
        caller_name=row["caller_name"],
        call_id=row["call_id"],
        at=seconds(row["at_us"]),
        file=row["file"],
        language=row["language"],
        state=MessageState(row["state"]),
        duration_s=row["duration_s"],
        heard=seconds(row["heard_us"]),
        saved=bool(row["saved"]),
        deleted=seconds(row["deleted_us"]),
        contact=row["contact"],
        recovered=bool(row["recovered"]),
        transcript=row["transcript"],
    )
