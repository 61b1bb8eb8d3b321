"""What became of missed contacts: how many customers were missed, and how many were spoken with afterwards.

A customer is a number, counted once per interval and queue. Recovered is a customer all of whose missed contacts of the
interval ended in a talk, in either direction; the rest is the residual. Test calls and short abandons, which end as
`not_a_customer`, do not count; withheld numbers count as customers that cannot be recovered, each for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from pbx.contact.item import End, ItemKind
from pbx.reporting.intervals import Interval
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


def recovery(connection: Connection, interval: Interval) -> list[Recovery]:
    """One line per queue, by name, for contacts that began in the interval; and the sum of all as the last."""
    rows = _read(connection, interval)
    queues: dict[str, list[_Missed]] = {}
    for row in rows:
        queues.setdefault(row.queue, []).append(row)
    found = [_figures(name, queues[name]) for name in sorted(queues)]
    return [*found, replace(found[0], queue=ALL) if len(found) == 1 else _figures(ALL, rows)]


def recovery_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each contact, and of each customer the last one."""
    rows = _read(connection, request.period)
    queues = sorted({row.queue for row in rows})
    if len(queues) == 1:  # all of them are those of the queue
        keys = {"queue": queues[0]}
        for fact in _facts(ALL, rows):
            yield fact
            yield Fact(fact.at_us, fact.id, keys, fact.marks)
        return
    for name in queues:
        yield from _facts(name, [row for row in rows if row.queue == name])
    yield from _facts(ALL, rows)


def _facts(queue: str, rows: Sequence[_Missed]) -> Iterator[Fact]:
    keys = {"queue": queue}
    customers = _customers(rows)
    for row in rows:
        yield Fact(row.at_us, row.id, keys, _CONTACT[row.end == NO_CUSTOMER])
    for mine in customers.values():
        last = mine[0] if len(mine) == 1 else max(mine, key=lambda row: (row.at_us, row.id))
        yield Fact(last.at_us, last.id, keys, _CUSTOMER[_state(mine)])


def _customer_marks(state: str) -> Mapping[str, Mark]:
    marks: dict[str, Mark] = {f"MISSED.{one.upper()}": (one == state, None) for one in STATES}
    return marks | {"MISSED": (True, None), "RECOVERY": (state in ("reached", "came_back"), None)}


# There are many contacts, and few ways in which they can end.
_CUSTOMER = {state: _customer_marks(state) for state in STATES}
_CONTACT: dict[bool, Mapping[str, Mark]] = {
    none: {"MISSED.CONTACTS": (True, None), "MISSED.NO_CUSTOMER": (none, None)} for none in (False, True)
}


def _read(connection: Connection, interval: Interval) -> list[_Missed]:
    item, other = schema.contacts.c, schema.contacts.alias("survivor")
    survivor = other.c
    joined = schema.contacts.outerjoin(other, item.merged_into == survivor.id)
    end = case((item.merged_into != "", func.coalesce(survivor.ended_as, "")), else_=item.ended_as)
    query = (
        select(item.queue, item.number, item.id, item.created_us, end)
        .select_from(joined)
        .where(item.kind.in_(MISSED), item.created_us >= interval.start_us, item.created_us < interval.end_us)
    )
    return [
        _Missed(queue, number or contact, contact, at_us, ended)
        for queue, number, contact, at_us, ended in connection.execute(query)
    ]


def _customers(rows: Iterable[_Missed]) -> dict[str, list[_Missed]]:
    found: dict[str, list[_Missed]] = {}
    for row in rows:
        if row.end != NO_CUSTOMER:
            found.setdefault(row.customer, []).append(row)
    return found


def _state(mine: Iterable[_Missed]) -> str:
    """What became of a customer: one of STATES."""
    ends = {row.end for row in mine}
    if "" in ends:
        return "open"
    if not ends <= _SPOKEN:
        return "lost"
    return "reached" if End.REACHED.value in ends else "came_back"


def _figures(queue: str, rows: Sequence[_Missed]) -> Recovery:
    customers = _customers(rows)
    found = Recovery(queue, len(rows), customers=len(customers), ends=Counter(row.end for row in rows))
    found.not_customers = found.ends[NO_CUSTOMER]
    for mine in customers.values():
        state = _state(mine)
        setattr(found, state, getattr(found, state) + 1)
    return found
