"""At random what reports of web sites, pools, partners and other systems are made of."""

from __future__ import annotations

import json
import random
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from pbx.store import schema
from pbx.store.schema_ledger import ledger_marks
from pbx.store.schema_tracking import call_sources, number_guard, number_leases, pool_hours, web_events

HOUR_US = 3_600_000_000
POOL = [f"+4822300000{number}" for number in range(5)]


def write_row(connection: Connection, table: Table, **given: Any) -> None:
    """A row; what is not given is empty."""
    row = {}
    for column in table.columns:
        kind = column.type.python_type
        row[column.name] = given.get(column.name, None if column.nullable else kind())
    connection.execute(insert(table).values(row))


def enrich_tracking(connection: Connection, rng: random.Random) -> None:
    """Some of each, about calls that are there; sources of calls were written before."""
    cdr = schema.cdrs.c
    calls = connection.execute(select(cdr.id, cdr.did, cdr.started_us).where(cdr.direction == "inbound")).all()
    for number, call in enumerate(rng.sample(calls, min(200, len(calls)))):
        if number % 2:
            _overflow(connection, rng, number, call.id)
        _page(connection, rng, number, call)
        _told(connection, rng, call)
    _pool(connection, rng, [call.id for call in calls])
    hours = sorted({call.started_us // HOUR_US * HOUR_US for call in calls})
    for hour_us in hours:
        for pool in ("city", "land"):
            visits = rng.randrange(30)
            short = rng.randrange(visits + 1) // 4
            seen = {"visits": visits, "short": short, "given": visits - short, "most_held": rng.randrange(9), "size": 9}
            stays = {"stays": visits, "stay_s": visits * 100.5, "load": rng.random() * 9, "needed": rng.randrange(12)}
            write_row(connection, pool_hours, pool=pool, hour_us=hour_us, **seen, **stays)


def _overflow(connection: Connection, rng: random.Random, number: int, call_id: str) -> None:
    result = rng.choice(("answered", "answered", "no_answer", "cap", "closed", "not_worth"))
    data: dict[str, Any] = {"partner": rng.choice(("Outside", "Night")), "result": result, "currency": "PLN"}
    if result == "answered":
        data |= {"talk_s": rng.choice((4.0, 70.0)), "cost": 1.25} | ({"loss": 3.5} if rng.random() < 0.6 else {})
    step = {"kind": "overflow.tried", "leg": "", "call_id": call_id, "at_us": 1}
    write_row(connection, schema.journey, seq=3 * 10**9 + number, data=json.dumps(data), **step)


def _page(connection: Connection, rng: random.Random, number: int, call: Any) -> None:
    """A reveal of the number that this call dialled, and a report of the guard."""
    visit, at_us = f"{rng.randrange(99):032x}", call.started_us - 60_000_000
    there = {"visit": visit, "site": "shop", "page": rng.choice(("/", "/contact")), "at_us": at_us}
    masked = {"subject": rng.choice(("north", "south")), "dealer": rng.choice(("Nowak", "")), "number": call.did}
    write_row(connection, web_events, key=f"k{number}", kind="reveal", **there, **masked)
    verdict = rng.choice(("number_ok", "number_short", "number_other"))
    shown = {"shown": "22 300", "assigned": "+48223000001", "verdict": verdict}
    write_row(connection, number_guard, id=f"{number:032x}", **there, **shown)


def _told(connection: Connection, rng: random.Random, call: Any) -> None:
    """What the CRM was told of the call."""
    skipped = rng.random() < 0.4
    given = {"state": "skipped" if skipped else "sent", "reason": "no_client" if skipped else ""}
    marked = {"call_id": call.id, "target": "crm:main", "event": "call", "at_us": call.started_us}
    write_row(connection, ledger_marks, **marked, **given)


def _pool(connection: Connection, rng: random.Random, calls: list[str]) -> None:
    """Numbers that were given out, and calls of them by one visitor or one of two."""
    source, cdr = call_sources.c, schema.cdrs.c
    known = set(connection.execute(select(source.call_id)).scalars()) & set(calls)
    for number, call_id in enumerate(rng.sample(sorted(known), min(40, len(known)))):
        at_us = connection.execute(select(cdr.started_us).where(cdr.id == call_id)).scalar_one()
        visit, dialled = f"{number:032x}", rng.choice(POOL)
        held = {"pool": rng.choice(("city", "land")), "since_us": at_us - 90_000_000, "seen_us": at_us}
        write_row(connection, number_leases, visit=visit, number=dialled, **held)
        rivals = [
            {"source": "ads", "medium": "cpc", "campaign": "", "probability": 0.5},
            {"source": "mail", "medium": "", "campaign": "may", "probability": 0.25},
        ]
        change = {"number": dialled, "visit": visit, "method": "pool", "probability": 0.5}
        change["candidates"] = json.dumps(rivals if number % 3 else rivals[:1])
        connection.execute(update(call_sources).where(source.call_id == call_id).values(change))
