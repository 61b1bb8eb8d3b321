"""Keeps the audit log: entries are added and grow old, nothing changes one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from pbx.accounts.audit import Entry, Filter
from pbx.store import schema_accounts as schema
from pbx.store.bulk import BulkInsert
from pbx.store.encode import clean, from_json, json_text, micros, seconds
from pbx.store.errors import StoreError

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
AUDIT = BulkInsert(schema.audit)
WAIT_S = 1.0
MAX_WAITING = 10_000  # entries kept in memory while the database cannot be written
PART = 200  # of them in one transaction
_C = schema.audit.c


class StoredAudit:
    """A pbx.accounts.audit.AuditStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None
        self._waiting: deque[Entry] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.lost = 0  # for want of memory

    def attach(self, durable: Durable) -> None:
        """From now on everything goes through `durable`, the store's."""
        self._durable = durable

    @property
    def waiting(self) -> int:
        """Entries that are not committed."""
        return len(self._waiting)

    async def append(self, entry: Entry) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(entry)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._flush())
        # Not for ever: whoever acts while the database is stuck gets his answer, and the entry waits.
        await asyncio.wait({self._writing}, timeout=WAIT_S)

    async def _flush(self) -> None:
        """Writes what waits. An entry that is sent twice is written once."""
        while self._waiting and self._durable is not None:
            part = [self._waiting[at] for at in range(min(PART, len(self._waiting)))]
            rows = [_row(entry) for entry in part]
            try:
                await self._durable(lambda connection, rows=rows: AUDIT.write(connection, rows))  # type: ignore[misc]
            except StoreError:
                return
            done = {entry.id for entry in part}
            while self._waiting and self._waiting[0].id in done:
                self._waiting.popleft()

    async def find(self, wanted: Filter, before_id: str, limit: int) -> Sequence[Entry]:
        query = select(schema.audit).order_by(_C.id.desc()).limit(limit)
        if before_id:
            query = query.where(_C.id < clean(before_id))
        if wanted.actor:
            actor = clean(wanted.actor)
            query = query.where(or_(_C.actor == actor, _C.actor_name == actor))
        if wanted.object:
            query = query.where(_C.object.startswith(clean(wanted.object), autoescape=True))
        if wanted.action:
            query = query.where(_C.action.startswith(clean(wanted.action), autoescape=True))
        if wanted.since:
            query = query.where(_C.at_us >= micros(wanted.since))
        if wanted.until:
            query = query.where(_C.at_us < micros(wanted.until))
        found: list[Entry] = await self._run(lambda connection: [_entry(row) for row in connection.execute(query)])
        return found

    async def prune(self, before: float) -> int:
        def intent(connection: Connection) -> int:
            return connection.execute(delete(schema.audit).where(_C.at_us < micros(before))).rowcount

        count: int = await self._run(intent)
        return count

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.id,
        micros(entry.at),
        entry.actor_kind,
        *(clean(text) for text in (entry.actor, entry.actor_name, entry.address, entry.action, entry.object)),
        entry.result,
        entry.before,
        entry.after,
        json_text(list(entry.fields)),
    )


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        at=seconds(row.at_us),
        actor_kind=row.actor_kind,
        actor=row.actor,
        actor_name=row.actor_name,
        address=row.address,
        action=row.action,
        object=row.object,
        result=row.result,
        before=row.before,
        after=row.after,
        fields=tuple(from_json(row.fields)),
    )
