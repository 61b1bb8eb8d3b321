"""Some days of the made-up year as a database of their own, written by the same derivation as a real one.

Rows are written without the indexes that only readers need, which are made at the end: sorted at once they cost a
fraction. Days are quarters' whole numbers, so that each part can have its own sums.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.demodata.bare import drop_indexes, fast_engine, make_indexes, needed_for_sums
from pbx.demodata.beside import Beside
from pbx.demodata.office import Backlog
from pbx.demodata.promises import write_contacts
from pbx.demodata.year import Lived, Year
from pbx.events import CallEvent
from pbx.store.batch import Pending
from pbx.store.database import prepare
from pbx.store.deriver import LINGER_S, Deriver
from pbx.store.intervals.settling import settle_all

Told = Callable[[int], None]  # so many days of the part are written


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

    def __add__(self, other: Made) -> Made:
        return Made(
            *(self.days + other.days, self.inbound + other.inbound, self.outbound + other.outbound),
            *(self.abandoned + other.abandoned, self.events + other.events, self.contacts + other.contacts),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """The days from number `first` up to `end` (not included) of a year."""

    year: Year
    first: int
    end: int

    @property
    def last(self) -> bool:
        return self.end == self.year.days


def write_part(path: Path, part: Part, told: Told) -> Made:
    """Makes the database, without the indexes that are for readers only. StoreError, OSError."""
    for name in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        name.unlink(missing_ok=True)
    prepare(URL.create("sqlite", database=str(path)))
    with fast_engine(path) as engine, engine.connect() as connection, _no_collection():
        kept = drop_indexes(connection)
        made = _write(connection, part, told)
        make_indexes(connection, [one for one in kept if needed_for_sums(one)])
        with connection.begin():
            settle_all(connection)
    return made


@contextmanager
def _no_collection() -> Iterator[None]:
    """Folds and events hold no circles: looking for some among millions of objects is a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _write(connection: Connection, part: Part, told: Told) -> Made:
    made, backlog, pending = Made(), Backlog(), Pending()
    zone = part.year.agency.zone
    deriver = Deriver(pending, zone=zone, next_seq=1, next_log_seq=1, reload=lambda _call: None)
    clock = 0.0
    for number, lived in enumerate(part.year.lived(backlog)):
        if number >= part.end:
            break
        if number < part.first:
            continue
        clock += 2 * LINGER_S  # the day before is over for the deriver
        beside = Beside(part.year, lived, part.year.days - 1 - number, pending)
        _tell(deriver, clock, lived, beside.before(), made)
        with connection.begin():
            beside.write(connection)
        if number == part.end - 1:
            deriver.checkpoint()
        _commit(connection, pending)
        told(made.days)
    if part.last:
        made.contacts = write_contacts(connection, backlog, part.year.agency)
    return made


def _tell(deriver: Deriver, clock: float, lived: Lived, clicks: list[CallEvent], made: Made) -> None:
    teller, calls = lived.teller, lived.calls
    events = [event for call in calls for event in teller.tell(call)]
    events += clicks
    events.sort(key=lambda event: event.at)
    _derive(deriver, events, clock)
    for duty in lived.office.duties:
        for change in teller.states(duty):
            deriver.take_agent(change, clock)
    made.days += 1
    made.events += len(events)
    made.outbound += sum(call.outbound for call in calls)
    made.inbound += sum(not call.outbound for call in calls)
    made.abandoned += sum(not (call.outbound or call.answered or call.closed) for call in calls)


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
