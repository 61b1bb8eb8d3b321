"""Keeps second factors: every write is a durable intent, all is in memory from the start on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, delete, select

from pbx.accounts.second_factor import Factor
from pbx.store.bulk import BulkInsert
from pbx.store.encode import from_json, json_text, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema_second_factors import second_factors as table

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
ROWS = BulkInsert(table, replace=True)


class StoredFactors:
    """A pbx.accounts.second_factor.FactorStore."""

    def __init__(self) -> None:
        self._read: list[Factor] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads everything, for `load`."""
        self._read = [
            Factor(row.person, row.secret, seconds(row.since_us), row.step, tuple(from_json(row.recovery)))
            for row in connection.execute(select(table))
        ]

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[Factor]:
        found, self._read = self._read, []
        return found

    async def put(self, factor: Factor) -> None:
        row = (factor.person, factor.secret, micros(factor.since), factor.step, json_text(list(factor.recovery)))
        await self._run(lambda connection: ROWS.write(connection, [row]))

    async def remove(self, person: str) -> None:
        await self._run(lambda connection: connection.execute(delete(table).where(table.c.person == person)))

    async def _run(self, intent: Callable[[Connection], Any]) -> None:
        if self._durable is None:
            raise StoreError("the store is not started")
        await self._durable(intent)
