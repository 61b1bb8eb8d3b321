"""What became of missed contacts: how many customers were missed, and how many were spoken with afterwards.

A customer is a number, counted once a local day and queue. Recovered is a customer all of whose missed contacts of the
day ended in a talk, in either direction; the rest is the residual. He counts at the last contact of the day, so that
parts of a period add up to it. Test calls and short abandons, which end as
`not_a_customer`, do not count; withheld numbers count as customers that cannot be recovered, each for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, select

from pbx.contact.item import End, ItemKind
from pbx.reporting.arrivals import WallClock
from pbx.reporting.intervals import Interval, days_around
from pbx.reporting.opened.figure import ALL, Fact, Mark
from pbx.reporting.request import Request
from pbx.store import schema

MISSED = (ItemKind.ABANDONED.value, ItemKind.MISSED.value, ItemKind.LEAD.value)
STATES = ("reached", "came_back", "open", "lost")  # of a customer
SPOKEN_WITH = (End.REACHED.value, End.CUSTOMER_CAME_BACK.value)
NO_CUSTOMER = End.NOT_A_CUSTOMER.value
_SPOKEN = frozenset(SPOKEN_WITH)


@dataclass(slots=True)
class Recovery:
    """One queue ("" for contacts of extensions and groups), or all together."""

    queue: str
    contacts: int = 0  # missed, those that were merged included
    not_customers: int = 0  # of them
    customers: int = 0
    reached: int = 0  # by our call
    came_back: int = 0
    open: int = 0
    lost: int = 0  # closed without a talk
    ends: Counter[str] = field(default_factory=Counter)  # of contacts; "" is open

    @property
    def recovered(self) -> int:
        return self.reached + self.came_back

    @property
    def residual(self) -> int:
        """Missed customers nobody has spoken with."""
        return self.customers - self.recovered

    @property
    def rate(self) -> float | None:
        """Recovered / customers; None without customers."""
        return self.recovered / self.customers if self.customers else None


class _Missed(NamedTuple):
    """A contact; `end` is that of the one it was merged into."""

    queue: str
    customer: str
    id: str
    at_us: int
    end: str
    day: int  # the local one


def recovery(connection: Connection, interval: Interval, zone: ZoneInfo) -> list[Recovery]:
    """One line per queue, by name, for contacts that began in the interval; and the sum of all as the last."""
    rows = _read(connection, interval, zone)
    queues: dict[str, list[_Missed]] = {}
    for row in rows:
        queues.setdefault(row.queue, []).append(row)
    found = [_figures(name, queues[name], interval) for name in sorted(queues)]
    found = [one for one in found if one.contacts]
    return [*found, replace(found[0], queue=ALL) if len(queues) == len(found) == 1 else _figures(ALL, rows, interval)]


def recovery_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each contact, and of each customer the last one of the day."""
    rows = _read(connection, request.period, request.zone)
    queues = sorted({row.queue for row in rows})
    if len(queues) == 1:  # all of them are those of the queue
        keys = {"queue": queues[0]}
        for fact in _facts(ALL, rows, request.period):
            yield fact
            yield Fact(fact.at_us, fact.id, keys, fact.marks)
        return
    for name in queues:
        yield from _facts(name, [row for row in rows if row.queue == name], request.period)
    yield from _facts(ALL, rows, request.period)


def _facts(queue: str, rows: Sequence[_Missed], interval: Interval) -> Iterator[Fact]:
    keys = {"queue": queue}
    for row in rows:
        if interval.start_us <= row.at_us < interval.end_us:
            yield Fact(row.at_us, row.id, keys, _CONTACT[row.end == NO_CUSTOMER])
    for last, state in _customers(rows, interval):
        yield Fact(last.at_us, last.id, keys, _CUSTOMER[state])


def _customer_marks(state: str) -> Mapping[str, Mark]:
    marks: dict[str, Mark] = {f"MISSED.{one.upper()}": (one == state, None) for one in STATES}
    return marks | {"MISSED": (True, None), "RECOVERY": (state in ("reached", "came_back"), None)}


# There are many contacts, and few ways in which they can end.
_CUSTOMER = {state: _customer_marks(state) for state in STATES}
_CONTACT: dict[bool, Mapping[str, Mark]] = {
    none: {"MISSED.CONTACTS": (True, None), "MISSED.NO_CUSTOMER": (none, None)} for none in (False, True)
}


def _read(connection: Connection, interval: Interval, zone: ZoneInfo) -> list[_Missed]:
    """The contacts of the local days that the interval touches."""
    item, whole, clock = schema.contacts.c, days_around(interval, zone), WallClock(zone)
    mine = and_(item.kind.in_(MISSED), item.created_us >= whole.start_us, item.created_us < whole.end_us)
    query = select(item.queue, item.number, item.id, item.created_us, item.ended_as, item.merged_into).where(mine)
    survivors = _survivors(connection, mine)
    rows, onward = [], {}
    for queue, number, contact, at_us, ended, merged_into in connection.execute(query).all():  # at once: half the time
        if merged_into:
            ended, next_ = survivors.get(merged_into, ("", ""))
            if next_:
                onward[contact] = next_
        rows.append(_Missed(queue, number or contact, contact, at_us, ended, clock.at(at_us)[0]))
    ends = _last_ends(connection, onward)
    return [row._replace(end=ends.get(row.id, row.end)) for row in rows] if ends else rows


def _survivors(connection: Connection, mine: ColumnElement[bool]) -> dict[str, tuple[str, str]]:
    """(end, into which it was merged itself) of those into which contacts were merged, which are few."""
    item, other = schema.contacts.c, schema.contacts.alias("survivor").c
    merged = select(item.merged_into).where(mine, item.merged_into != "")
    query = select(other.id, other.ended_as, other.merged_into).where(other.id.in_(merged))
    return {contact: (ended, next_) for contact, ended, next_ in connection.execute(query)}


def _last_ends(connection: Connection, onward: dict[str, str]) -> dict[str, str]:
    """By contact the end of the last of those that were merged into one another, from the second on."""
    item, found = schema.contacts.c, {}
    for contact, second in onward.items():
        at, ended, seen = second, "", {contact}
        while at and at not in seen:
            seen.add(at)
            row = connection.execute(select(item.merged_into, item.ended_as).where(item.id == at)).first()
            at, ended = (row.merged_into, row.ended_as) if row is not None else ("", "")
        found[contact] = ended
    return found


def _customers(rows: Iterable[_Missed], interval: Interval) -> Iterator[tuple[_Missed, str]]:
    """The last contact of each day's customer, if it lies in the interval, and what became of him."""
    found: dict[tuple[str, int], list[_Missed]] = {}
    for row in rows:
        if row.end != NO_CUSTOMER:
            found.setdefault((row.customer, row.day), []).append(row)
    for mine in found.values():
        last = mine[0] if len(mine) == 1 else max(mine, key=lambda row: (row.at_us, row.id))
        if interval.start_us <= last.at_us < interval.end_us:
            yield last, _state(mine)


def _state(mine: Iterable[_Missed]) -> str:
    """What became of a customer: one of STATES."""
    ends = {row.end for row in mine}
    if "" in ends:
        return "open"
    if not ends <= _SPOKEN:
        return "lost"
    return "reached" if End.REACHED.value in ends else "came_back"


def _figures(queue: str, rows: Sequence[_Missed], interval: Interval) -> Recovery:
    found = Recovery(queue, ends=Counter(row.end for row in rows if interval.start_us <= row.at_us < interval.end_us))
    found.contacts, found.not_customers = found.ends.total(), found.ends[NO_CUSTOMER]
    for _, state in _customers(rows, interval):
        found.customers += 1
        setattr(found, state, getattr(found, state) + 1)
    return found
