"""The derived records as plain data; the fields of each stand in the order of the table's columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any


@dataclass(slots=True)
class Cdr:
    """One call, from its first INVITE to its end. Columns and units: pbx.store.schema.cdrs."""

    id: str
    started_us: int
    answered_us: int | None
    ended_us: int
    zone: str
    direction: str
    caller: str
    callee: str
    did: str
    trunk: str
    source: str
    application: str
    forwarded_to: str
    queue: str
    agent: str
    wait_s: float
    talk_s: float
    hold_s: float
    duration_s: float
    billed_s: float
    setup_s: float | None
    cause: str
    sip_status: int
    ended_by: str
    abandoned: bool
    recording: str
    recording_s: float
    legs: int
    rx_packets: int
    lost_packets: int
    jitter_ms: float
    tag: str = ""
    campaign: str = ""
    medium: str = ""
    caller_country: str = ""
    caller_region: str = ""
    caller_type: str = ""
    cost: float = 0.0
    contact: str = ""
    bridged_us: int | None = None
    test: str = ""
    mos: float | None = None


@dataclass(slots=True)
class QueueVisit:
    """One stay of a call in a queue; a call that overflows into another queue makes two."""

    call_id: str
    visit: int
    queue: str
    joined_us: int
    ended_us: int
    outcome: str
    agent: str
    position: int
    wait_s: float
    talk_s: float
    hold_s: float
    offers: int
    offers_missed: int
    contact: str = ""
    wrapup_s: float = 0.0
    wrapup_code: str = ""
    wrapup_note: str = ""


@dataclass(slots=True)
class QueueOffer:
    """One agent's phone that rang, or should have, for one caller."""

    call_id: str
    offer: int
    visit: int
    queue: str
    agent: str
    offered_us: int
    ended_us: int
    alert_s: float
    outcome: str


@dataclass(slots=True)
class WaitPromise:
    """A wait that was said to a caller, and what became of it."""

    call_id: str
    promise: int
    visit: int
    queue: str
    told_us: int
    position: int
    low_s: float
    high_s: float
    quantile: float
    waited_s: float
    outcome: str


@dataclass(slots=True)
class TrunkCall:
    """One seizure of a trunk: an outgoing leg that was sent to a carrier."""

    call_id: str
    leg: str
    trunk: str
    target: str
    started_us: int
    ringing_us: int | None
    answered_us: int | None
    ended_us: int
    sip_status: int
    outcome: str
    pdd_s: float | None
    billed_s: float
    cost: float = 0.0
    mos: float | None = None


@dataclass(slots=True)
class CallbackCall:
    """One attempt to reach a customer who is called back; None: it did not come so far."""

    call_id: str
    contact: str
    queue: str
    mode: str
    attempt: int
    agent: str
    started_us: int
    reach_s: float | None
    hold_s: float | None
    speed_s: float | None
    age_s: float | None
    silent: bool
    outcome: str
    wrapup_s: float = 0.0
    wrapup_code: str = ""
    wrapup_note: str = ""


def columns(record: type[Any]) -> tuple[str, ...]:
    """The column names of a record class, in order."""
    return tuple(field.name for field in fields(record))


Record = Cdr | QueueVisit | QueueOffer | WaitPromise | TrunkCall | CallbackCall
Part = QueueOffer | WaitPromise | CallbackCall
_RECORDS = (Cdr, QueueVisit, QueueOffer, WaitPromise, TrunkCall, CallbackCall)
_READERS = {record: attrgetter(*columns(record)) for record in _RECORDS}
_TABLES: dict[type[Part], str] = {
    QueueOffer: "queue_offers",
    WaitPromise: "wait_promises",
    CallbackCall: "callback_calls",
}


def keyed(record: Part) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """Table, key and row of a part of a stay in a queue, or of a callback."""
    values = row(record)
    return _TABLES[type(record)], values[:2], values


def row(record: Record) -> tuple[Any, ...]:
    """The values of a record, in the order of `columns`."""
    values: tuple[Any, ...] = _READERS[type(record)](record)
    return values
