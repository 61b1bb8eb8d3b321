"""Keeps imported ranges of numbers. The name of a table whose import goes on ends with a line feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from pbx.numbers.ranges import Place, RangeTable
from pbx.store import schema_customers as schema
from pbx.store.bulk import BulkInsert
from pbx.store.encode import clean
from pbx.store.errors import StoreError

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
Row = tuple[int, int, str, str]
RANGES = BulkInsert(schema.number_ranges)
_COMING = "\n"
_table = schema.number_ranges.c


class StoredRanges:
    """A pbx.call.range_book.RangeStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None
        self._tables: dict[str, RangeTable] = {}

    def read(self, connection: Connection) -> None:
        """Reads the tables, for `load`; what is left of imports that did not end goes."""
        connection.execute(delete(schema.number_ranges).where(_table.source.like(f"%{_COMING}")))
        order = (_table.imported, _table.source, _table.first)
        query = select(_table.source, _table.first, _table.last, _table.region, _table.operator).order_by(*order)
        for source, first, last, region, operator in connection.execute(query):
            self._tables.setdefault(source, RangeTable()).append(first, last, Place(region, operator))

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> dict[str, RangeTable]:
        found, self._tables = self._tables, {}
        return found

    async def add(self, name: str, rows: Sequence[Row]) -> None:
        table = [(name + _COMING, first, last, clean(region), clean(op), 0) for first, last, region, op in rows]
        await self._run(lambda connection: RANGES.write(connection, table))

    async def finish(self, name: str) -> None:
        def intent(connection: Connection) -> None:
            newest = select(_table.imported).order_by(_table.imported.desc()).limit(1)
            number = (connection.execute(newest).scalar() or 0) + 1
            connection.execute(delete(schema.number_ranges).where(_table.source == name))
            mine = update(schema.number_ranges).where(_table.source == name + _COMING)
            connection.execute(mine.values(source=name, imported=number))

        await self._run(intent)

    async def remove(self, name: str) -> None:
        await self._run(
            lambda connection: connection.execute(delete(schema.number_ranges).where(_table.source == name)) and None
        )

    async def _run(self, intent: Callable[[Connection], Any]) -> None:
        if self._durable is None:
            raise StoreError("the store is not started")
        await self._durable(intent)
