"""Keeps which recordings of humans stand for which prompts: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from pbx.store import schema
from pbx.store.errors import StoreError

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredTakes:
    """A pbx.media.takes.TakeStore. `save` and `remove` return after the commit and raise StoreError."""

    def __init__(self) -> None:
        self._read: list[Mapping[str, Any]] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads all, for `load`."""
        self._read = [dict(row._mapping) for row in connection.execute(select(schema.prompt_takes))]

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    async def load(self) -> Iterable[Mapping[str, Any]]:
        found, self._read = self._read, []
        return found

    async def save(self, row: Mapping[str, Any]) -> None:
        values = dict(row)

        def intent(connection: Connection) -> None:
            connection.execute(_gone(values["language"], values["text"]))
            connection.execute(insert(schema.prompt_takes).values(**values))

        await self._commit(intent)

    async def remove(self, language: str, text: str) -> None:
        def intent(connection: Connection) -> None:
            connection.execute(_gone(language, text))

        await self._commit(intent)

    async def _commit(self, intent: Callable[[Connection], None]) -> None:
        if self._durable is None:
            raise StoreError("the store is not started")
        await self._durable(intent)


def _gone(language: str, text: str) -> Any:
    table = schema.prompt_takes
    return delete(table).where(table.c.language == language, table.c.text == text)
