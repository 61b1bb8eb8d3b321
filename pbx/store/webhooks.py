"""Keeps the subscriptions of webhooks: every write is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select

from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema_webhooks import webhooks
from pbx.webhooks.subscription import Subscription

ROWS = BulkInsert(webhooks, replace=True)
TIMES = ("created", "previous_until", "failing_since", "disabled")
LISTS = ("events", "queues")
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredWebhooks:
    """A pbx.webhooks.ports.SubscriptionStore."""

    def __init__(self) -> None:
        self._read: list[Subscription] = []
        self._durable: Durable | None = None

    def read(self, connection: Connection) -> None:
        """Reads all, for `load`."""
        query = select(webhooks).order_by(webhooks.c.created_us)
        self._read = [_subscription(dict(row)) for row in connection.execute(query).mappings()]

    def attach(self, durable: Durable) -> None:
        """From now on writes go through `durable`, the store's."""
        self._durable = durable

    def load(self) -> list[Subscription]:
        found, self._read = self._read, []
        return found

    async def write(self, subscription: Subscription) -> None:
        row = _row(subscription)
        await self._run(lambda connection: ROWS.write(connection, [row]))

    async def remove(self, subscription: str) -> None:
        gone = delete(webhooks).where(webhooks.c.id == subscription)
        await self._run(lambda connection: connection.execute(gone) and None)

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _row(subscription: Subscription) -> Row:
    values: list[Any] = []
    for column in webhooks.columns:
        name = column.name.removesuffix("_us")
        value = getattr(subscription, name)
        if name in TIMES:
            value = micros(value)
        elif name in LISTS:
            value = orjson.dumps(value).decode()
        values.append(value)
    return tuple(values)


def _subscription(row: dict[str, Any]) -> Subscription:
    given: dict[str, Any] = {}
    for column, value in row.items():
        name = column.removesuffix("_us")
        given[name] = seconds(value) if name in TIMES else orjson.loads(value) if name in LISTS else value
    given["enabled"] = bool(given["enabled"])
    return Subscription(**given)
