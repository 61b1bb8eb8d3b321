"""Reads what other systems export: one record a call, with as much as the export tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from pbx.ledger.columns import Bad, Field, read
from pbx.ledger.dates import DateError, day_order, read_instant
from pbx.ledger.reconcile.records import Call, Export, Record, Span, System
from pbx.numbers.plan import NumberPlan
from pbx.numbers.table import TableError

MOST = 500_000
TAPS = ("click", "phone_click", "click_to_call", "tel_click", "call_click", "tap", "клик")  # events that are no call
FIELDS = (
    Field(
        "at",
        (
            *("at", "when", "time", "date_time", "datetime", "start", "started", "call_start_date", "timestamp"),
            *("datehourminute", "date_hour_and_minute", "date_+_hour_+_minute", "event_time", "date", "data", "дата"),
            *("время", "дата_и_время", "дата_звонка", "data_połączenia"),
        ),
        needed=True,
    ),
    Field("call_id", ("call_id", "customevent_call_id", "callid", "uniq", "id_звонка", "id_połączenia", "contact_id")),
    Field(
        "number", ("number", "phone", "caller", "phone_number", "caller_number", "numer", "telefon", "телефон", "номер")
    ),
    Field("client", ("client_id", "ga_client", "clientid", "customuser_client_id")),
    Field("session", ("session_id", "ga_session_id", "ga_session", "sessionid")),
    Field("event", ("event_name", "event", "eventname", "type", "тип", "zdarzenie")),
)


def read_export(
    system: System, text: str, name: str, span: Span, zone: ZoneInfo, plan: NumberPlan, mapping: Mapping[str, str]
) -> Export:
    """The records of a CSV text that lie in `span`, by the export's own clock. Raises TableError, with every row whose
    time cannot be read: nothing is left out in silence.
    """
    table = read(text, name, FIELDS, mapping)
    order = day_order(table.cells("at"))
    records, bad = [], []
    for line, cells in table.rows:
        try:
            at_us = read_instant(cells.get("at", ""), zone, order)
        except DateError as error:
            bad.append(Bad(line, str(error)))
            continue
        if span.holds(at_us):
            records.append(_record(cells, at_us, line, plan))
    if len(records) > MOST:
        bad.append(Bad(1, f"{len(records)} records in the period; {MOST} can be compared"))
    if bad:
        raise TableError(name, [f"line {one.line}: {one.reason}" for one in bad])
    return Export(system, records, span, by_session=system is System.GA)


def completed(records: Iterable[Record], calls: Iterable[Call]) -> list[Record]:
    """Records that name their session without its client are given the client that our calls of that session have."""
    known: dict[str, set[str]] = {}
    for call in calls:
        if call.session:
            known.setdefault(call.session.rpartition("/")[2], set()).add(call.session)
    found = []
    for record in records:
        some = known.get(record.session.rpartition("/")[2], set()) if record.session.startswith("/") else set()
        found.append(replace(record, session=next(iter(some))) if len(some) == 1 else record)
    return found


def _record(cells: Mapping[str, str], at_us: int, line: int, plan: NumberPlan) -> Record:
    written = "".join(mark for mark in cells.get("number", "") if mark not in " -()./\u00a0\u2011\u2013")
    client, session = cells.get("client", ""), cells.get("session", "")
    tap = cells.get("event", "").strip().casefold().replace(" ", "_") in TAPS
    return Record(
        at_us,
        plan.e164(written) or written,
        cells.get("call_id", "").strip().lower(),
        f"{client}/{session}" if session else "",
        f"line {line}",
        no_call=tap and not cells.get("call_id"),
    )
