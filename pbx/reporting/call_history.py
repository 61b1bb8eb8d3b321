"""Calls of the past by what people know of them: when, who, which queue, how it ended. Pages of any depth in the same
time, at a million calls as well: each way of looking has an index that is in the order of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from sqlalchemy import ColumnElement, Connection, and_, literal_column, or_, select
from sqlalchemy import true as always

from pbx.store import schema
from pbx.store.outcome import BUSY, REJECTED, UNANSWERED
from pbx.store.places import Place, behind
from pbx.store.records import Cdr, QueueVisit, TrunkCall

INBOUND: ColumnElement[str] = literal_column(
    "'inbound'"
)  # as the partial index says it, or SQLite does not take that index
EMPTY: ColumnElement[str] = literal_column("''")
KEYED = ("queue", "agent", "trunk", "did", "tag")  # each has an index together with the start, of the rows that have it

cdr = schema.cdrs.c


class Ending(StrEnum):
    """How a call ended for the caller: one word, the first that fits."""

    TALKED = "talked"  # two people heard each other
    ABANDONED = "abandoned"  # hung up while waiting in a queue
    SERVED = "served"  # answered by the PBX, and by nobody else: a menu, a mailbox, an announcement
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCalls:
    """All of it has to fit; "" and None ask for nothing. Instants are UTC microseconds, `until_us` is outside."""

    since_us: int | None = None
    until_us: int | None = None
    numbers: tuple[str, ...] = ()  # one of them called, or was called
    queue: str = ""
    agent: str = ""
    trunk: str = ""
    did: str = ""
    tag: str = ""
    direction: str = ""
    ending: Ending | None = None
    missed: bool | None = None
    recorded: bool = False
    tests: bool = False  # the PBX's own test calls as well
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody may see at all: the calls of his extension and of his queues."""

    extension: str = ""
    queues: tuple[str, ...] = ()


def ending_of(record: Cdr) -> Ending:
    """The same words that `WantedCalls.ending` looks for."""
    if record.bridged_us is not None:
        return Ending.TALKED
    if record.abandoned:
        return Ending.ABANDONED
    if record.answered_us is not None:
        return Ending.SERVED
    for statuses, ending in _UNANSWERED.items():
        if record.sip_status in statuses:
            return ending
    return Ending.FAILED


def is_missed(record: Cdr) -> bool:
    """A call from outside that was for people, and nobody spoke with the caller; no test call."""
    if record.direction != "inbound" or record.bridged_us is not None or record.test:
        return False
    return bool(record.queue) or record.legs > 0 or record.answered_us is None


def find_calls(connection: Connection, wanted: WantedCalls, limit: int, after: Place | None = None) -> list[Cdr]:
    """At most `limit` calls, the newest first, from behind `after` on.

    A call that is recorded in between is on no page twice, and none that was there before is left out.
    """
    conditions = [*_filters(wanted), *([behind(cdr.started_us, cdr.id, after)] if after is not None else [])]
    found: dict[str, Cdr] = {}
    for number, scope in product(_numbers(wanted.numbers), _scope(wanted.scope)):
        query = (
            select(schema.cdrs)
            .where(*conditions, *number, *scope)
            .order_by(cdr.started_us.desc(), cdr.id.desc())
            .limit(limit)
        )
        found.update((row[0], Cdr(*row)) for row in connection.execute(query))
    return sorted(found.values(), key=lambda record: (record.started_us, record.id), reverse=True)[:limit]


def find_parts(connection: Connection, call_id: str) -> tuple[list[QueueVisit], list[TrunkCall]]:
    """A call's stays in queues, and the trunks that were seized for it."""
    visits, seizures = schema.queue_visits, schema.trunk_calls
    stays = connection.execute(select(visits).where(visits.c.call_id == call_id).order_by(visits.c.visit))
    legs = connection.execute(select(seizures).where(seizures.c.call_id == call_id).order_by(seizures.c.started_us))
    return [QueueVisit(*row) for row in stays], [TrunkCall(*row) for row in legs]


_UNANSWERED = {BUSY: Ending.BUSY, REJECTED: Ending.REJECTED, UNANSWERED: Ending.NO_ANSWER}


def _filters(wanted: WantedCalls) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since_us is not None:
        found.append(cdr.started_us >= wanted.since_us)
    if wanted.until_us is not None:
        found.append(cdr.started_us < wanted.until_us)
    for name in KEYED:
        if value := getattr(wanted, name):
            found += _keyed(name, value)
    if wanted.direction:
        found.append(cdr.direction == wanted.direction)
    if wanted.ending is not None:
        found.append(_ended(wanted.ending))
    if wanted.missed is not None:
        missed = _missed()
        found += missed if wanted.missed else [~and_(*missed)]
    if wanted.recorded:
        found += [cdr.recording != EMPTY]
    if not wanted.tests:
        found.append(cdr.test == "")
    return found


def _keyed(name: str, value: str) -> list[ColumnElement[bool]]:
    """The second condition follows from the first; it tells SQLite that the partial index has all that is wanted."""
    column = cdr[name]
    return [column == value, column != EMPTY]


def _missed() -> list[ColumnElement[bool]]:
    return [
        cdr.direction == INBOUND,
        cdr.bridged_us.is_(None),
        cdr.test == "",
        or_(cdr.queue != EMPTY, cdr.legs > 0, cdr.answered_us.is_(None)),
    ]


def _ended(ending: Ending) -> ColumnElement[bool]:
    alone = cdr.bridged_us.is_(None)
    if ending is Ending.TALKED:
        return cdr.bridged_us.is_not(None)
    if ending is Ending.ABANDONED:
        return and_(alone, cdr.abandoned)
    if ending is Ending.SERVED:
        return and_(alone, ~cdr.abandoned, cdr.answered_us.is_not(None))
    unanswered = and_(alone, ~cdr.abandoned, cdr.answered_us.is_(None))
    for statuses, word in _UNANSWERED.items():
        if word is ending:
            return and_(unanswered, cdr.sip_status.in_(sorted(statuses)))
    known = sorted(status for statuses in _UNANSWERED for status in statuses)
    return and_(unanswered, cdr.sip_status.not_in(known))


def _numbers(numbers: Sequence[str]) -> list[tuple[ColumnElement[bool], ...]]:
    """Each way is a query of its own: an OR over two indexes would have to sort all that it finds."""
    if not numbers:
        return [()]
    return [(column == number,) for number in numbers for column in (cdr.caller, cdr.callee)]


def _scope(scope: Scope | None) -> list[tuple[ColumnElement[bool], ...]]:
    if scope is None:
        return [()]
    ways = [tuple(_keyed("queue", queue)) for queue in scope.queues]
    if scope.extension:
        ways += [tuple(_keyed("agent", scope.extension)), (cdr.caller == scope.extension,)]
        ways += [(cdr.callee == scope.extension,)]
    return ways or [(~always(),)]
