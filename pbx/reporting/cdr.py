"""Reads call records: the newest, those of an interval, or one with its journey."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pbx.events import CallEvent
from pbx.reporting.intervals import Interval
from pbx.store import schema
from pbx.store.journey import read_events
from pbx.store.records import Cdr


def list_cdrs(connection: Connection, interval: Interval | None = None, *, limit: int = 100) -> list[Cdr]:
    """Call records, the newest first, at most `limit` of them."""
    query = select(schema.cdrs).order_by(schema.cdrs.c.started_us.desc(), schema.cdrs.c.id.desc()).limit(limit)
    if interval is not None:
        started = schema.cdrs.c.started_us
        query = query.where(started >= interval.start_us, started < interval.end_us)
    return [Cdr(*row) for row in connection.execute(query)]


def find_cdr(connection: Connection, call_id: str) -> Cdr | None:
    """The record of one call; None while it runs, and when there is no such call."""
    row = connection.execute(select(schema.cdrs).where(schema.cdrs.c.id == call_id)).first()
    return None if row is None else Cdr(*row)


def journey(connection: Connection, call_id: str) -> list[CallEvent]:
    """Every step of one call in order; empty when there is no such call."""
    return read_events(connection, call_id)
