"""Keeps what people set from their phones, among the kept states: one row per extension that has set anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert

from pbx.store import schema
from pbx.store.encode import json_text
from pbx.store.errors import StoreError
from pbx.store.kept import Kept

ROOM = "phone"
Durable = Callable[[Callable[[Connection], None]], Awaitable[None]]


class StoredPhoneSettings:
    """A pbx.call.phone_settings.SettingsStore. `save` returns after the commit: what a phone was told holds."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._durable: Durable | None = None

    def attach(self, durable: Durable) -> None:
        """From now on settings are saved through `durable`, the store's."""
        self._durable = durable

    def load(self) -> Mapping[str, Mapping[str, Any]]:
        """All that was kept when the store was started."""
        return self._kept.load(ROOM)

    async def save(self, extension: str, settings: Mapping[str, Any]) -> None:
        """From now on `settings` are those of `extension`; {} removes the row. Raises StoreError."""
        if self._durable is None:
            raise StoreError("the store is not started")
        table, data = schema.kept, json_text(dict(settings))

        def intent(connection: Connection) -> None:
            connection.execute(delete(table).where(table.c.room == ROOM, table.c.key == extension))
            if settings:
                connection.execute(insert(table).values(room=ROOM, key=extension, data=data))

        await self._durable(intent)
