"""What tracking takes up at the start: visits and numbers of the last hours, visitors, callers, hours of the pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, and_, func, select

from pbx.store import schema as calls
from pbx.store import schema_tracking as schema
from pbx.store.encode import micros, seconds
from pbx.tracking.callers import Known
from pbx.tracking.ports import Loaded, Window
from pbx.tracking.sources import Source, group_of
from pbx.tracking.visit import Consent, Device, GuardReport, Lease, PoolHour, RegionBy, Visit

if TYPE_CHECKING:
    from pbx.config_web import Channel

MAX_VISITS = 500_000
MAX_BAD_PAGES = 5000
GOOD = "number_ok"


def load(connection: Connection, window: Window) -> Loaded:
    """Everything that pbx.tracking.service asks for."""
    since_us = micros(window.visits_since)
    return Loaded(
        visits=_visits(connection, since_us),
        leases=_leases(connection, since_us),
        visitors=_visitors(connection, window.visitors),
        wishes=_wishes(connection, window.visitors),
        callers=_callers(connection, micros(window.callers_since), window.callers),
        hours=_hours(connection, micros(window.hours_since)),
        bad_pages=_bad_pages(connection, micros(window.hours_since)),
    )


def _visits(connection: Connection, since_us: int) -> list[Visit]:
    table = schema.visits
    query = select(table).where(table.c.started_us >= since_us).order_by(table.c.started_us.desc()).limit(MAX_VISITS)
    return [read_visit(row) for row in connection.execute(query).mappings()][::-1]


def read_visit(row: Mapping[Any, Any]) -> Visit:
    """A visit of one row."""
    given = row["consent"].split(",")
    return Visit(
        id=row["id"],
        site=row["site"],
        started=seconds(row["started_us"]),
        seen=seconds(row["seen_us"]),
        source=_source(row),
        visitor=row["visitor"],
        consent=Consent("tracking" in given, "analytics" in given, "ads" in given),
        referrer=row["referrer"],
        landing=row["landing"],
        page=row["page"],
        pages=row["pages"],
        device=cast("Device", row["device"]),
        city=row["city"],
        ga_client=row["ga_client"],
        ga_session=row["ga_session"],
        ym_uid=row["ym_uid"],
        first_source=row["first_source"],
        first_medium=row["first_medium"],
        first_campaign=row["first_campaign"],
        first_at=seconds(row["first_us"]),
        ended=bool(row["ended"]),
        region=row["region"],
        region_by=cast("RegionBy", row["region_by"]),
    )


def _source(row: Mapping[Any, Any]) -> Source:
    host = row["referrer"].partition("://")[2].partition("/")[0]
    said = "utm_source=" in row["landing"] or bool(row["click_kind"])
    names = ("source", "medium", "campaign", "term", "content", "click_id", "click_kind")
    texts = {name: row[name] for name in names}
    return Source(**texts, group=group_of(host), channel=cast("Channel", row["channel"]), said=said)


def _leases(connection: Connection, since_us: int) -> list[Lease]:
    table = schema.number_leases
    query = select(table).where(table.c.seen_us >= since_us).order_by(table.c.since_us).limit(MAX_VISITS)
    return [_lease(row) for row in connection.execute(query).mappings()]


def _lease(row: Mapping[Any, Any]) -> Lease:
    names = ("number", "visit", "visitor", "pool", "site", "line")
    texts = {name: row[name] for name in names}
    return Lease(**texts, since=seconds(row["since_us"]), seen=seconds(row["seen_us"]))


def _visitors(connection: Connection, limit: int) -> list[Visit]:
    """The latest visits with a visitor, the oldest first: of each visitor the last one counts."""
    table = schema.visits
    query = select(table).where(table.c.visitor != "").order_by(table.c.started_us.desc()).limit(limit)
    return [read_visit(row) for row in connection.execute(query).mappings()][::-1]


def _wishes(connection: Connection, limit: int) -> list[Lease]:
    table = schema.number_leases
    query = select(table).where(table.c.visitor != "").order_by(table.c.since_us.desc()).limit(limit)
    return [_lease(row) for row in connection.execute(query).mappings()][::-1]


def _callers(connection: Connection, since_us: int, limit: int) -> list[tuple[str, Known]]:
    """Who called within the window, in the order of the last call; and whom he meant, where that is known."""
    cdr, source = calls.cdrs.c, schema.call_sources.c
    wanted = and_(cdr.direction == "inbound", cdr.started_us >= since_us, cdr.test == "", cdr.caller != "")
    last = func.max(cdr.started_us)
    counted = (
        select(cdr.caller, func.count(), last).where(wanted).group_by(cdr.caller).order_by(last.desc()).limit(limit)
    )
    known = {caller: Known(count, seconds(at)) for caller, count, at in connection.execute(counted).all()[::-1]}
    joined = schema.call_sources.join(calls.cdrs, cdr.id == source.call_id)
    meant = (
        select(cdr.caller, source.number, source.visit, source.probability)
        .select_from(joined)
        .where(wanted, source.visit != "")
        .order_by(cdr.started_us)
    )
    for caller, number, visit, probability in connection.execute(meant):
        entry = known.get(caller)
        if entry is not None:
            entry.number, entry.visit, entry.probability = number.removeprefix("+"), visit, probability
    return list(known.items())


def _hours(connection: Connection, since_us: int) -> list[PoolHour]:
    table = schema.pool_hours
    query = select(table).where(table.c.hour_us >= since_us).order_by(table.c.hour_us)
    names = ("visits", "given", "short", "most_held", "size", "stay_s", "stays", "load", "needed")
    return [
        PoolHour(row["pool"], row["hour_us"] // 1_000_000, *(row[name] for name in names))
        for row in connection.execute(query).mappings()
    ]


def _bad_pages(connection: Connection, since_us: int) -> list[GuardReport]:
    """Places of pages whose last report was a bad one."""
    table = schema.number_guard
    query = select(table).where(table.c.at_us >= since_us).order_by(table.c.at_us.desc()).limit(20 * MAX_BAD_PAGES)
    latest: dict[tuple[str, str, str, str], GuardReport] = {}
    for row in connection.execute(query).mappings():
        latest.setdefault((row["site"], row["page"], row["line"], row["selector"]), read_guard(row))
    return [report for report in reversed(latest.values()) if report.verdict != GOOD][:MAX_BAD_PAGES]


def read_guard(row: Mapping[Any, Any]) -> GuardReport:
    """A report of one row."""
    names = ("site", "visit", "page", "line", "selector", "shown", "assigned", "href", "verdict", "user_agent")
    return GuardReport(row["id"], seconds(row["at_us"]), *(row[name] for name in names))
