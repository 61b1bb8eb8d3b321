"""Visits, reveals and reports of the number guard as lists, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, select

from pbx.store import schema as calls
from pbx.store import schema_tracking as schema
from pbx.store.encode import micros, seconds

MAX_LIST = 1000


@dataclass(slots=True, frozen=True)
class VisitQuery:
    """`before`: only visits with a smaller id, which is an older one."""

    site: str = ""
    visitor: str = ""
    before: str = ""
    limit: int = 50


def visit_list(connection: Connection, query: VisitQuery) -> list[dict[str, Any]]:
    """The newest first."""
    table = schema.visits
    wanted = select(table).order_by(table.c.id.desc()).limit(min(query.limit, MAX_LIST))
    for name in ("site", "visitor"):
        if getattr(query, name):
            wanted = wanted.where(table.c[name] == getattr(query, name))
    if query.before:
        wanted = wanted.where(table.c.id < query.before)
    return [_plain(row) for row in connection.execute(wanted).mappings()]


def visit_whole(connection: Connection, visit: str) -> dict[str, Any] | None:
    """One visit with its pages, numbers, events and calls; None when there is none."""
    row = connection.execute(select(schema.visits).where(schema.visits.c.id == visit)).mappings().first()
    if row is None:
        return None
    pages, leases, events = schema.visit_pages, schema.number_leases, schema.web_events
    cdr, source = calls.cdrs.c, schema.call_sources.c
    called = (
        select(cdr.id, cdr.started_us, cdr.caller, cdr.wait_s, cdr.talk_s, source.number, source.probability)
        .select_from(schema.call_sources.join(calls.cdrs, cdr.id == source.call_id))
        .where(source.visit == visit)
        .order_by(cdr.started_us)
    )
    found = {
        "page_list": select(pages.c.at_us, pages.c.page).where(pages.c.visit == visit).order_by(pages.c.page_number),
        "numbers": select(leases).where(leases.c.visit == visit),
        "events": select(events).where(events.c.visit == visit).order_by(events.c.at_us),
        "calls": called,
    }
    return _plain(row) | {
        name: [_plain(entry) for entry in connection.execute(query.limit(MAX_LIST)).mappings()]
        for name, query in found.items()
    }


def reveal_list(connection: Connection, since: float, until: float) -> list[dict[str, Any]]:
    """Per masked number and dealer: how often it was asked for, and what its calls came to."""
    events, cdr = schema.web_events, calls.cdrs.c
    wanted = and_(events.c.kind == "reveal", events.c.at_us >= micros(since), events.c.at_us < micros(until))
    counted = (
        select(events.c.subject, events.c.dealer, events.c.number, func.count().label("reveals"))
        .where(wanted)
        .group_by(events.c.subject, events.c.dealer, events.c.number)
    )
    rows = [dict(row) for row in connection.execute(counted).mappings()]
    for row in rows:
        number = row["number"].removeprefix("+")
        mine = and_(
            cdr.did.in_([number, f"+{number}"]),
            cdr.direction == "inbound",
            cdr.test == "",
            cdr.started_us >= micros(since),
            cdr.started_us < micros(until),
        )
        columns = (func.count(), func.count(cdr.bridged_us), func.coalesce(func.sum(cdr.talk_s), 0.0))
        row["calls"], row["answered"], row["talk_s"] = connection.execute(select(*columns).where(mine)).one()
    return sorted(rows, key=lambda row: (-row["reveals"], row["subject"]))


def guard_list(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Reports, the newest first."""
    table = schema.number_guard
    query = select(table).order_by(table.c.at_us.desc()).limit(min(limit, MAX_LIST))
    return [_plain(row) for row in connection.execute(query).mappings()]


def _plain(row: Any) -> dict[str, Any]:
    """Instants in seconds."""
    return {name.removesuffix("_us"): seconds(value) if name.endswith("_us") else value for name, value in row.items()}
