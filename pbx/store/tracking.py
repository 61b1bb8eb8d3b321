"""Keeps visits and what belongs to them: rows go with the writer's next batch, as those of calls do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select

from pbx.store import schema_tracking as schema
from pbx.store.bulk import Row
from pbx.store.encode import clean, micros
from pbx.store.errors import StoreError
from pbx.store.tracking_erase import export_caller, forget
from pbx.store.tracking_read import load
from pbx.tracking.ports import Erased, Loaded, Window
from pbx.tracking.visit import GuardReport, Lease, PageView, PoolHour, Visit, WebEvent

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
SWEEP_ROWS = 2000  # deleted in one transaction


class StoredTracking:
    """A pbx.tracking.ports.TrackingStore."""

    def __init__(self) -> None:
        self._puts: list[tuple[str, Row, Row]] | None = None
        self._durable: Durable | None = None

    def attach(self, puts: list[tuple[str, Row, Row]], durable: Durable) -> None:
        """From now on rows go into `puts`, the writer's list; `durable` is the store's."""
        self._puts, self._durable = puts, durable

    async def load(self, window: Window) -> Loaded:
        found: Loaded = await self._run(lambda connection: load(connection, window))
        return found

    def visit(self, visit: Visit) -> None:
        self._put(schema.visits.name, (visit.id,), visit_row(visit))

    def page(self, view: PageView) -> None:
        row = (view.visit, view.number, micros(view.at), view.page)
        self._put(schema.visit_pages.name, row[:2], row)

    def lease(self, lease: Lease) -> None:
        row = (
            lease.visit, lease.number, lease.visitor, lease.pool, lease.site, lease.line, micros(lease.since),
            micros(lease.seen),
        )  # fmt: skip
        self._put(schema.number_leases.name, row[:2], row)

    def event(self, event: WebEvent) -> None:
        row = (
            event.key, micros(event.at), event.kind, event.site, event.visit, event.subject, clean(event.dealer),
            clean(event.number), clean(event.page),
        )  # fmt: skip
        self._put(schema.web_events.name, row[:1], row)

    def guard(self, report: GuardReport) -> None:
        texts = (
            report.site, report.visit, report.page, report.line, report.selector, report.shown, report.assigned,
            report.href, report.verdict, report.user_agent,
        )  # fmt: skip
        row = (report.id, micros(report.at), *map(clean, texts))
        self._put(schema.number_guard.name, row[:1], row)

    def hour(self, hour: PoolHour) -> None:
        row = (
            hour.pool, hour.hour * 1_000_000, hour.visits, hour.given, hour.short, hour.most_held, hour.size,
            hour.stay_s, hour.stays, hour.load, hour.needed,
        )  # fmt: skip
        self._put(schema.pool_hours.name, row[:2], row)

    async def sweep(self, before: float) -> int:
        """A few rows a transaction, so that calls are written in between."""
        count = 0
        while True:
            gone: int = await self._run(lambda connection: _sweep(connection, micros(before)))
            count += gone
            if gone < SWEEP_ROWS:
                return count

    async def forget(self, kind: str, subjects: Sequence[str], proof: str, by: str, at: float) -> Erased:
        erased: Erased = await self._run(lambda connection: forget(connection, kind, subjects, proof, by, at))
        return erased

    async def export(self, numbers: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = await self._run(lambda connection: export_caller(connection, numbers))
        return found

    def _put(self, table: str, key: Row, row: Row) -> None:
        if self._puts is None:
            raise RuntimeError("the store is not started: start it before tracking")
        self._puts.append((table, key, row))

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def visit_row(visit: Visit) -> Row:
    """In the order of the table's columns."""
    source = visit.source
    return (
        visit.id, visit.site, visit.visitor, micros(visit.started), micros(visit.seen), visit.ended,
        visit.consent.text, clean(source.source), clean(source.medium), clean(source.campaign), clean(source.term),
        clean(source.content), clean(source.click_id), source.click_kind, source.channel, clean(visit.referrer),
        clean(visit.landing), clean(visit.page), visit.pages, visit.device, clean(visit.city), clean(visit.ga_client),
        clean(visit.ga_session), clean(visit.ym_uid), clean(visit.first_source), clean(visit.first_medium),
        clean(visit.first_campaign), micros(visit.first_at), clean(visit.region), visit.region_by,
    )  # fmt: skip


def _sweep(connection: Connection, before_us: int) -> int:
    table = schema.visits
    old = select(table.c.id).where(table.c.started_us < before_us).order_by(table.c.started_us).limit(SWEEP_ROWS)
    visits = list(connection.execute(old).scalars())
    if visits:
        for kept, column in ((schema.visit_pages, "visit"), (schema.number_leases, "visit"), (table, "id")):
            connection.execute(delete(kept).where(kept.c[column].in_(visits)))
    for kept in (schema.web_events, schema.number_guard):
        connection.execute(delete(kept).where(kept.c.at_us < before_us))
    connection.execute(delete(schema.pool_hours).where(schema.pool_hours.c.hour_us < before_us))
    return len(visits)


def count_visits(connection: Connection) -> int:
    """How many are kept."""
    return int(connection.execute(select(func.count()).select_from(schema.visits)).scalar_one())
