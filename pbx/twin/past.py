"""A past day of a queue as its journey tells it: who came when, how long he waited and was handled, and how many were
at work in each quarter hour.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx.events import Kind
from pbx.reporting.demo_note import TEXTS, demo_note
from pbx.reporting.intervals import Interval, local
from pbx.store import schema
from pbx.store.encode import from_json
from pbx.twin.found import Reading
from pbx.twin.record import CallRecord, TwinError, Way

QUARTER_S = 900.0
NOT_AT_WORK = frozenset({"offline", "break", "not_responding", "unreachable"})
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`at` is seconds from the beginning of the day; `wait_s` to the answer or until he went. `handled_s` of the
    answered: talk, hold, wrap-up. `gave_up`: it was he who ended it, so that `wait_s` is his patience.
    """

    at: float
    wait_s: float
    answered: bool
    gave_up: bool
    talk_s: float = 0.0
    wrapup_s: float = 0.0
    call_id: str = ""
    priority: int = 0  # and what else was asked for him as he joined
    skills: tuple[str, ...] = ()
    preferred: str = ""


@dataclass(slots=True)
class PastDay:
    """`agents` is people at work by quarter hour of the day (92, 96 or 100 of them)."""

    queue: str
    day: date
    length_s: float
    visitors: list[Visitor] = field(default_factory=list)
    agents: list[int] = field(default_factory=list)

    @property
    def answered(self) -> list[Visitor]:
        return [one for one in self.visitors if one.answered]


def read_day(connection: Connection, queue: str, when: date, interval: Interval, members: Collection[str]) -> PastDay:
    """Callbacks and test calls are left out; `members` are the queue's agents."""
    found = PastDay(queue, when, interval.duration_s)
    visit, cdr = schema.queue_visits.c, schema.cdrs.c
    columns = (visit.joined_us, visit.wait_s, visit.outcome, visit.talk_s, visit.hold_s, visit.wrapup_s, visit.call_id)
    query = (
        select(*columns)
        .join(schema.cdrs, cdr.id == visit.call_id)
        .where(visit.queue == queue, visit.contact == "", cdr.test == "")
        .where(visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us)
        .order_by(visit.joined_us, visit.call_id)
    )
    wishes = read_wishes(connection, queue, interval)
    for joined_us, wait_s, outcome, talk_s, hold_s, wrapup_s, call_id in connection.execute(query):
        at = (joined_us - interval.start_us) / 1e6
        answered = outcome == "answered"
        talked, wrapup = (talk_s + hold_s, wrapup_s) if answered else (0.0, 0.0)
        one = Visitor(at, wait_s, answered, outcome == "abandoned", talked, wrapup, call_id)
        if call_id in wishes:
            priority, skills, preferred = wishes[call_id]
            one = replace(one, priority=priority, skills=skills, preferred=preferred)
        found.visitors.append(one)
    found.agents = at_work(read_log(connection, interval, members), interval)
    return found


def read_wishes(connection: Connection, queue: str, interval: Interval) -> dict[str, tuple[int, tuple[str, ...], str]]:
    """(priority, skills, preferred agent) by call, of those for whom anything was asked."""
    table, visit = schema.journey.c, schema.queue_visits.c
    came = select(visit.call_id).where(
        visit.queue == queue, visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us
    )
    query = select(table.call_id, table.data).where(table.call_id.in_(came), table.kind == Kind.QUEUE_JOINED.value)
    found: dict[str, tuple[int, tuple[str, ...], str]] = {}
    for call_id, text in connection.execute(query):
        data = from_json(text)
        if data.get("queue") == queue and not data.get("overflowed_from"):
            skills = tuple(str(one) for one in data.get("skills", ()))
            asked = (int(data.get("priority", 0)), skills, str(data.get("preferred", "")))
            if asked != (0, (), ""):
                found.setdefault(call_id, asked)
    return found


def at_work(log: Sequence[tuple[int, int]], interval: Interval) -> list[int]:
    """Spans of work, UTC microseconds, as people by quarter hour, rounded."""
    count = round(interval.duration_s / QUARTER_S)
    seconds = [0.0] * count
    for started_us, ended_us in log:
        begin = max((started_us - interval.start_us) / 1e6, 0.0)
        end = min((ended_us - interval.start_us) / 1e6, interval.duration_s)
        while begin < end:
            slot = min(int(begin // QUARTER_S), count - 1)
            until = min(end, (slot + 1) * QUARTER_S)
            seconds[slot] += until - begin
            begin = until
    return [round(one / QUARTER_S) for one in seconds]


def read_database(path: Path, read: Connection) -> Reading:
    """The calls in of our own database, for a twin of another office."""
    found = Reading(f"Centrala's own journey ({path.name})")
    found.mapping = {
        "at": "cdrs.started_us",
        "number": "cdrs.caller",
        "wait_s": "cdrs.wait_s",
        "talk_s": "cdrs.talk_s + cdrs.hold_s",
    }
    found.mapping["wrapup_s"] = "queue_visits.wrapup_s"
    if demo_note(read):
        found.demo = {language: demo_note(read, language) for language in TEXTS}
    table = schema.cdrs.c
    columns = (table.id, table.started_us, table.direction, table.caller, table.did, table.callee, table.wait_s)
    query = select(*columns, table.talk_s, table.hold_s, table.queue, table.agent, table.test, table.contact)
    sent_away = _sent_away(read)
    for number, row in enumerate(read.execute(query.order_by(table.started_us)), 1):
        if row.test or row.contact:
            found.skip("test calls" if row.test else "callbacks", number, row.id)
            continue
        if row.direction == "internal":
            found.skip("internal calls", number, row.id)
            continue
        answered = row.talk_s > 0
        found.worked += answered and row.direction != "outbound"
        found.records.append(
            CallRecord(
                row.started_us / 1e6,
                Way.OUT if row.direction == "outbound" else Way.IN,
                row.callee if row.direction == "outbound" else row.caller,
                row.did or row.callee,
                answered,
                row.wait_s if row.queue else None,
                row.talk_s + row.hold_s,
                row.queue,
                row.agent,
                row.id,
                sent_away=not answered and row.id in sent_away,
            )
        )
    found.wrapup_s = _wrapup_s(read) if found.worked else 0.0
    return found


def _sent_away(read: Connection) -> set[str]:
    """Calls that left a queue by a limit, a key, a callback or the like, and whose caller gave up in none: what they
    waited is not their patience.
    """
    visit = schema.queue_visits.c
    outcomes = select(visit.call_id, visit.outcome).where(visit.outcome != "answered", visit.contact == "")
    left: set[str] = set()
    gave_up: set[str] = set()
    for call, outcome in read.execute(outcomes):
        (gave_up if outcome == "abandoned" else left).add(call)
    return left - gave_up


def _wrapup_s(read: Connection) -> float:
    """Of all calls in together, after whichever of their queues; callbacks and test calls are none."""
    visit, cdr = schema.queue_visits.c, schema.cdrs.c
    query = (
        select(func.sum(visit.wrapup_s))
        .join(schema.cdrs, cdr.id == visit.call_id)
        .where(visit.outcome == "answered", visit.contact == "", cdr.contact == "", cdr.test == "")
        .where(cdr.direction.not_in(("internal", "outbound")))
    )
    return float(read.execute(query).scalar() or 0.0)


def is_database(path: Path) -> bool:
    """Whether it is a file of SQLite. Raises TwinError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from None


def quarters(per_hour: Sequence[int], interval: Interval, zone: ZoneInfo) -> list[int]:
    """Agents by hour of the wall clock as quarter hours of a day, which may have 23 or 25 hours."""
    count = round(interval.duration_s / QUARTER_S)
    step_us = int(QUARTER_S * 1e6)
    return [per_hour[local(interval.start_us + slot * step_us, zone).hour] for slot in range(count)]


def read_log(connection: Connection, interval: Interval, members: Collection[str]) -> list[tuple[int, int]]:
    table = schema.agent_log.c
    query = select(table.agent, table.state, table.started_us, table.ended_us).where(
        table.started_us < interval.end_us, table.ended_us > interval.start_us
    )
    return [
        (started_us, ended_us)
        for agent, state, started_us, ended_us in connection.execute(query)
        if agent in members and state not in NOT_AT_WORK
    ]
