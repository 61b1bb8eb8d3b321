"""Keeps the keys of repeated requests, and what was answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from pbx.accounts.repeats import Kept, TooMany
from pbx.clock import Clock
from pbx.store.encode import micros
from pbx.store.errors import StoreError
from pbx.store.schema_accounts import idempotency_keys as table

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
KEPT_S = 86_400.0
MAX_KEYS = 10_000  # of one owner within KEPT_S
PRUNE_EVERY = 64  # new keys
_C = table.c


class StoredKeys:
    """A pbx.accounts.repeats.KeyStore."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._durable: Durable | None = None
        self._new = 0

    def attach(self, durable: Durable) -> None:
        """From now on everything goes through `durable`, the store's."""
        self._durable = durable

    async def begin(self, owner: str, key: str, fingerprint: str) -> Kept | None:
        now = self._clock.unix()
        prune, self._new = self._new % PRUNE_EVERY == 0, self._new + 1

        def intent(connection: Connection) -> Kept | None:
            if prune:
                connection.execute(delete(table).where(_C.created_us < micros(now - KEPT_S)))
            row = connection.execute(select(table).where(_C.owner == owner, _C.key == key)).first()
            if row is not None:
                return Kept(row.fingerprint, row.state, row.status, row.content_type, bytes(row.body))
            if connection.execute(select(func.count()).where(_C.owner == owner)).scalar_one() >= MAX_KEYS:
                raise TooMany(f"{MAX_KEYS} keys within a day are all that are kept; send requests without one")
            connection.execute(
                insert(table).values(
                    owner=owner,
                    key=key,
                    fingerprint=fingerprint,
                    state="begun",
                    status=0,
                    content_type="",
                    body=b"",
                    created_us=micros(now),
                )
            )
            return None

        found: Kept | None = await self._run(intent)
        return found

    async def finish(self, owner: str, key: str, kept: Kept) -> None:
        values = {"state": kept.state, "status": kept.status, "content_type": kept.content_type, "body": kept.body}
        await self._run(lambda connection: connection.execute(update(table).where(_one(owner, key)).values(values)))

    async def release(self, owner: str, key: str) -> None:
        await self._run(lambda connection: connection.execute(delete(table).where(_one(owner, key))))

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _one(owner: str, key: str) -> Any:
    return (_C.owner == owner) & (_C.key == key)
