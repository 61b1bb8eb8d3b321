"""Small states that outlive the process (spend, lists, bans): rows by room and key, written with the next batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, delete, select

from pbx.store import schema
from pbx.store.bulk import Row
from pbx.store.encode import from_json, json_text

Durable = Callable[[Callable[[Connection], None]], Awaitable[None]]
GONE = ""  # the data of an entry that was taken back; such rows go at the next start


class Kept:
    """A pbx.call.keeping.Keeper."""

    def __init__(self) -> None:
        self._read: dict[str, dict[str, Any]] = {}
        self._puts: list[tuple[str, Row, Row]] | None = None
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads what was kept, for `load`."""
        table = schema.kept.c
        connection.execute(delete(schema.kept).where(table.data == GONE))
        for room, key, data in connection.execute(select(table.room, table.key, table.data)):
            self._read.setdefault(room, {})[key] = from_json(data)

    def attach(self, puts: list[tuple[str, Row, Row]], durable: Durable) -> None:
        """From now on rows go into `puts`, the writer's list; `durable` is the store's."""
        self._puts = puts
        self._durable = durable

    def load(self, room: str) -> dict[str, Any]:
        """What `room` held when the store was started, by key."""
        return dict(self._read.get(room, {}))

    def put(self, room: str, key: str, value: Any) -> None:
        """From now on `key` of `room` is `value` (JSON-ready); None takes it back. Does not block."""
        if self._puts is None:
            raise RuntimeError("the store is not started: start it before those who keep something in it")
        data = GONE if value is None else json_text(value)
        self._puts.append((schema.kept.name, (room, key), (room, key, data)))

    async def keep(self, room: str, key: str, value: Any) -> None:
        """As `put`; returns after the commit. Raises StoreError."""
        self.put(room, key, value)
        assert self._durable is not None
        await self._durable(_nothing_more)


def _nothing_more(_connection: Connection) -> None:
    """An intent is committed with all that was put before it."""
