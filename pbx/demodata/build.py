"""Writes the made-up year into a database of its own, by the same derivation as a real one.

The database says of itself that it is made up (`meta`, key "demo"), so that every report can. It is written beside
its final place and moved there when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.contact.item import Attempt, ContactItem, ItemKind, ItemState
from pbx.demodata.agency import Agency, Source
from pbx.demodata.arrivals import Calendar, DayPlan
from pbx.demodata.office import Backlog, Call, Missed, Office
from pbx.demodata.telling import Teller
from pbx.events import CallEvent
from pbx.store import schema
from pbx.store.batch import Pending
from pbx.store.contacts import ATTEMPTS, CONTACTS, attempt_rows, row_of
from pbx.store.database import prepare, writer_engine
from pbx.store.deriver import LINGER_S, Deriver
from pbx.store.intervals.settling import settle_all

NOON_S = 12 * 3600.0
PROMISED_S = 3 * 3600.0  # to call a missed customer back
Progress = Callable[[int, int], None]


class DemoDataError(Exception):
    """It cannot be written; the text says what to do."""


@dataclass(slots=True)
class Made:
    """What was written."""

    days: int = 0
    inbound: int = 0
    outbound: int = 0
    abandoned: int = 0
    events: int = 0
    contacts: int = 0


class Year:
    """`days` days of the agency up to and with `last`, the same for the same `seed`."""

    def __init__(self, agency: Agency, *, last: date, days: int, seed: int) -> None:
        self.agency = agency
        self.days = days
        self.seed = seed
        self.first = date.fromordinal(last.toordinal() - days + 1)
        self._random = np.random.default_rng(seed)
        self._zone = ZoneInfo(agency.zone)
        self._ids = np.random.default_rng(seed + 1)
        self._sources: dict[str, Source] = _Sources(agency, self._random)

    def lived(self, backlog: Backlog) -> Iterator[tuple[DayPlan, Office, Teller, list[tuple[Call, str]]]]:
        """Each day with its calls and their ids."""
        for plan in Calendar(self.agency, self.first, self.days).plans(self._random):
            zero = datetime.combine(plan.day, time(12), self._zone).timestamp() - NOON_S
            office = Office(self.agency, plan, self._random, backlog, zero)
            calls = [(call, self._id(zero + call.at)) for call in office.live()]
            for call, call_id in calls:
                if call.missed is not None and not call.outbound and not call.missed.origin:
                    call.missed.origin, call.missed.did = call_id, self._sources[call.number].did
                    call.missed.item = self._id(call.missed.at)
            yield plan, office, Teller(self.agency, zero, self._sources), calls

    def _id(self, at: float) -> str:
        """A version 7 UUID of that instant, RFC 9562; the same for the same seed."""
        low, high = (int(part) for part in self._ids.integers(0, 1 << 62, 2))
        return f"{int(at * 1000):012x}7{low & 0xFFF:03x}{0x8000_0000_0000_0000 | high:016x}"


class _Sources(dict[str, Source]):
    """By number: a customer has one source, chosen when he is first seen."""

    def __init__(self, agency: Agency, random: np.random.Generator) -> None:
        super().__init__()
        self._all = agency.sources
        self._random = random
        self._bounds = np.cumsum([source.share for source in agency.sources])

    def __missing__(self, number: str) -> Source:
        at = int(np.searchsorted(self._bounds, self._random.random() * self._bounds[-1]))
        source = self[number] = self._all[min(at, len(self._all) - 1)]
        return source


def build(path: Path, year: Year, progress: Progress | None = None) -> Made:
    """Makes the database at `path`. Raises DemoDataError when there is one, StoreError or OSError when it cannot be."""
    if path.exists():
        raise DemoDataError(f"{path} is there already: remove it, or name another folder by --dir")
    draft = path.with_name(path.name + ".part")
    for name in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm"))):
        name.unlink(missing_ok=True)
    url = URL.create("sqlite", database=str(draft))
    prepare(url)
    engine = writer_engine(url)
    try:
        with engine.connect() as connection:
            # Nothing is promised to anybody before the file is moved to its place.
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA synchronous=OFF")
            made = _write(connection, year, progress)
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.rename(path)
    return made


def _write(connection: Connection, year: Year, progress: Progress | None) -> Made:
    made, backlog, pending = Made(), Backlog(), Pending()
    deriver = Deriver(pending, zone=year.agency.zone, next_seq=1, next_log_seq=1, reload=lambda _call: None)
    clock = 0.0
    for _plan, office, teller, calls in year.lived(backlog):
        events = sorted(
            (event for call, call_id in calls for event in teller.tell(call, call_id)), key=lambda event: event.at
        )
        clock += 2 * LINGER_S  # the day before is over for the deriver
        _derive(deriver, events, clock)
        ids = dict(calls)
        for duty in office.duties:
            for change in teller.states(duty, ids):
                deriver.take_agent(change, clock)
        made.days += 1
        made.events += len(events)
        made.outbound += sum(call.outbound for call, _ in calls)
        made.inbound += sum(not call.outbound for call, _ in calls)
        made.abandoned += sum(not (call.outbound or call.answered or call.closed) for call, _ in calls)
        if made.days == year.days:
            deriver.checkpoint()
        _commit(connection, pending)
        if progress is not None:
            progress(made.days, year.days)
    made.contacts = _write_contacts(connection, backlog, year.agency)
    with connection.begin():
        settle_all(connection)
    _mark(connection, year, made)
    return made


def _derive(deriver: Deriver, events: list[CallEvent], clock: float) -> None:
    for event in events:
        deriver.take(event, clock)
    deriver.derive(clock, lambda: None)


def _commit(connection: Connection, pending: Pending) -> None:
    while pending.rows:
        with connection.begin():
            forget = pending.write(connection)
        forget()
    if pending.dropped or pending.refused:
        raise DemoDataError(f"{pending.dropped + pending.refused} rows could not be written: this is a fault of ours")


def _write_contacts(connection: Connection, backlog: Backlog, agency: Agency) -> int:
    items = [_item(missed, agency) for missed in backlog.all]
    with connection.begin():
        CONTACTS.write(connection, [row_of(item) for item in items])
        ATTEMPTS.write(connection, [row for item in items for row in attempt_rows(item)])
    return len(items)


def _item(missed: Missed, agency: Agency) -> ContactItem:
    attempts = [
        Attempt(at, "", "reached" if reached else "no_answer", at + call.wait_s, f"agent:{call.agent}")
        for at, reached, call in missed.tries
    ]
    return ContactItem(
        id=missed.item,
        kind=ItemKind.LEAD if missed.lead else ItemKind.ABANDONED,
        queue=agency.queue,
        number=missed.number,
        since=missed.at,
        created=missed.at,
        promise=missed.at + PROMISED_S,
        owner=f"queue:{agency.queue}",
        source={"did": missed.did},
        origin_call=missed.origin,
        key=f"call:{missed.origin}",
        times=missed.times,
        state=ItemState.CLOSED if missed.end else ItemState.OPEN,
        end=missed.end,
        ended=missed.ended,
        ended_by=attempts[-1].by if missed.end and attempts else "",
        attempts=attempts,
    )


def _mark(connection: Connection, year: Year, made: Made) -> None:
    note = {"seed": year.seed, "first": year.first.isoformat(), "days": made.days}
    with connection.begin():
        connection.execute(schema.meta.insert().values(key=schema.META_DEMO, value=orjson.dumps(note).decode()))
