"""Whoever wants to be forgotten, or to know what is kept of him."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from pbx.events import Kind
from pbx.ids import new_id
from pbx.store import schema as calls
from pbx.store import schema_tracking as schema
from pbx.store.encode import clean, from_json, json_text, micros, seconds
from pbx.tracking.ports import Erased

# What leads from a call to a person; source, medium and campaign stay, for the reports.
COLUMNS = ("visit", "session", "visitor", "click_id", "landing", "page", "ga_client", "ga_session", "candidates")
PERSONAL = (*COLUMNS, "region", "region_by", "region_probability")
MAX_CALLS = 10_000
PART = 500  # keys in one statement


def forget(connection: Connection, kind: str, subjects: Sequence[str], proof: str, by: str, at: float) -> Erased:
    """Deletes visits, takes what is personal out of the attributions (in the journey too), and leaves the proof."""
    visit, source = schema.visits.c, schema.call_sources.c
    visitors: set[str] = set(subjects) if kind == "visitor" else set()
    call_ids = _calls_of(connection, subjects) if kind == "number" else set()
    visits = _values(connection, source.visit, source.call_id, call_ids)
    visitors |= _values(connection, visit.visitor, visit.id, visits)
    visits |= _values(connection, visit.id, visit.visitor, visitors)
    call_ids |= _values(connection, source.call_id, source.visit, visits)
    call_ids |= _values(connection, source.call_id, source.visitor, visitors)
    for part in _parts(visits):
        for table, column in (
            (schema.visit_pages, "visit"),
            (schema.number_leases, "visit"),
            (schema.web_events, "visit"),
            (schema.visits, "id"),
        ):
            connection.execute(delete(table).where(table.c[column].in_(part)))
        guard = schema.number_guard
        connection.execute(update(guard).where(guard.c.visit.in_(part)).values(visit=""))
    for part in _parts(call_ids):
        blank = dict.fromkeys(COLUMNS, "")
        connection.execute(update(schema.call_sources).where(source.call_id.in_(part)).values(**blank))
        _blank_journey(connection, part)
    row = {"id": new_id(at), "at_us": micros(at), "kind": kind, "proof": proof, "by": clean(by)}
    connection.execute(insert(schema.erasures).values(**row, visits=len(visits), calls=len(call_ids)))
    return Erased(len(visits), len(call_ids), frozenset(visits))


def export_caller(connection: Connection, numbers: Sequence[str]) -> dict[str, Any]:
    """Everything that is kept of a caller: his calls, where they came from, his visits with their pages."""
    cdr, source = calls.cdrs.c, schema.call_sources.c
    call_ids = _calls_of(connection, numbers)
    visits = _values(connection, source.visit, source.call_id, call_ids)
    visitors = _values(connection, schema.visits.c.visitor, schema.visits.c.id, visits)
    visits |= _values(connection, schema.visits.c.id, schema.visits.c.visitor, visitors)
    columns = (cdr.id, cdr.started_us, cdr.caller, cdr.callee, cdr.talk_s, cdr.wait_s, cdr.recording)
    found: dict[str, Any] = {
        "calls": [
            dict(row)
            for part in _parts(call_ids)
            for row in _rows(connection, select(*columns).where(cdr.id.in_(part)))
        ],
        "sources": _rows_of(connection, schema.call_sources, "call_id", call_ids),
        "visits": _rows_of(connection, schema.visits, "id", visits),
        "pages": _rows_of(connection, schema.visit_pages, "visit", visits),
        "numbers": _rows_of(connection, schema.number_leases, "visit", visits),
        "events": _rows_of(connection, schema.web_events, "visit", visits),
    }
    for rows in found.values():
        for row in rows:
            for name in [name for name in row if name.endswith("_us")]:
                row[name.removesuffix("_us")] = seconds(row.pop(name))
    return found


def _calls_of(connection: Connection, numbers: Sequence[str]) -> set[str]:
    cdr = calls.cdrs.c
    query = select(cdr.id).where(or_(cdr.caller.in_(numbers), cdr.callee.in_(numbers))).limit(MAX_CALLS)
    return set(connection.execute(query).scalars())


def _values(connection: Connection, wanted: Any, column: Any, keys: Iterable[str]) -> set[str]:
    """What is in `wanted` of the rows whose `column` is one of `keys`, without empty texts."""
    found: set[str] = set()
    for part in _parts(keys):
        found.update(connection.execute(select(wanted).where(column.in_(part))).scalars())
    return found - {""}


def _blank_journey(connection: Connection, call_ids: Sequence[str]) -> None:
    table = calls.journey
    kind = str(Kind.CALL_ATTRIBUTED.value)
    query = select(table.c.seq, table.c.data).where(table.c.call_id.in_(call_ids), table.c.kind == kind)
    for seq, data in connection.execute(query).all():
        kept = {name: value for name, value in from_json(data).items() if name not in PERSONAL}
        connection.execute(update(table).where(table.c.seq == seq).values(data=json_text(kept)))


def _rows_of(connection: Connection, table: Any, column: str, keys: Iterable[str]) -> list[dict[str, Any]]:
    return [row for part in _parts(keys) for row in _rows(connection, select(table).where(table.c[column].in_(part)))]


def _rows(connection: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _parts(keys: Iterable[str]) -> Iterable[list[str]]:
    listed = sorted(key for key in keys if key)
    return (listed[at : at + PART] for at in range(0, len(listed), PART))
