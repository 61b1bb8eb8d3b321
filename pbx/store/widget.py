"""Keeps requests of web pages with the proof of consent: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from pbx.store.bulk import BulkInsert
from pbx.store.encode import micros, seconds
from pbx.store.schema_widget import widget_requests, widget_wordings
from pbx.widget.ports import WidgetRow

REQUESTS = BulkInsert(widget_requests)  # a known id is left as it is
WORDINGS = BulkInsert(widget_wordings)
TIMES = ("created", "slot", "rung", "connected")
MAX_LIST = 10_000
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredWidgets:
    """A pbx.widget.ports.WidgetStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    async def write(self, row: WidgetRow) -> None:
        values = _row(row)
        await self._run(lambda connection: REQUESTS.write(connection, [values]))

    async def get(self, request: str) -> WidgetRow | None:
        found = await self._some(widget_requests.c.id == request[:32], 1)
        return found[0] if found else None

    async def of_contact(self, contact: str) -> list[WidgetRow]:
        return await self._some(widget_requests.c.contact == contact, MAX_LIST)

    async def mark(self, contact: str, *, rung: float = 0.0, connected: float = 0.0) -> None:
        table = widget_requests

        def intent(connection: Connection) -> None:
            for column, at in ((table.c.rung_us, rung), (table.c.connected_us, connected)):
                if at:
                    first = (table.c.contact == contact) & (column == 0)
                    connection.execute(update(table).where(first).values({column: micros(at)}))

        await self._run(intent)

    async def keep_wording(self, version: str, language: str, text: str, now: float) -> None:
        row = (version, language, text, micros(now))
        await self._run(lambda connection: WORDINGS.write(connection, [row]))

    async def wording(self, version: str) -> str:
        query = select(widget_wordings.c.text).where(widget_wordings.c.version == version)
        return str(await self._run(lambda connection: connection.execute(query).scalar()) or "")

    async def latest(self, limit: int, before: float = 0.0) -> list[WidgetRow]:
        earlier = widget_requests.c.created_us < micros(before) if before else None
        return await self._some(earlier, min(limit, MAX_LIST))

    async def prune(self, site: str, before: float) -> int:
        return await self._delete((widget_requests.c.site == site) & (widget_requests.c.created_us < micros(before)))

    async def forget(self, number: str) -> int:
        return await self._delete(widget_requests.c.number == number)

    async def _delete(self, condition: ColumnElement[bool]) -> int:
        query = delete(widget_requests).where(condition)
        return int(await self._run(lambda connection: connection.execute(query).rowcount))

    async def _some(self, condition: ColumnElement[bool] | None, limit: int) -> list[WidgetRow]:
        query = select(widget_requests).order_by(widget_requests.c.created_us.desc()).limit(limit)
        if condition is not None:
            query = query.where(condition)
        found: list[WidgetRow] = await self._run(
            lambda connection: [_read(row) for row in connection.execute(query).mappings()]
        )
        return found

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise RuntimeError("the store is not started: start it before those who keep something in it")
        return await self._durable(intent)


def _row(row: WidgetRow) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    values = []
    for column in widget_requests.columns:
        name = column.name.removesuffix("_us")
        value = getattr(row, name)
        values.append(micros(value) if name in TIMES else _clean(value))
    return tuple(values)


def _clean(value: Any) -> Any:
    """PostgreSQL takes no zero byte, and no database a lone surrogate."""
    return value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _read(row: Any) -> WidgetRow:
    values: dict[str, Any] = {}
    for column, value in row.items():
        name = column.removesuffix("_us")
        values[name] = seconds(value) if name in TIMES else value
    return WidgetRow(**values)
