"""What became of missed contacts: how many customers were missed, and how many were spoken with afterwards.

A customer is a number, counted once per interval and queue. Recovered is a customer all of whose missed contacts of the
interval ended in a talk, in either direction; the rest is the residual. Test calls and short abandons, which end as
`not_a_customer`, do not count; withheld numbers count as customers that cannot be recovered, each for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, case, func, select

from pbx.contact.item import End, ItemKind
from pbx.reporting.intervals import Interval
from pbx.store import schema

MISSED = (ItemKind.ABANDONED.value, ItemKind.MISSED.value, ItemKind.LEAD.value)
SPOKEN_WITH = (End.REACHED.value, End.CUSTOMER_CAME_BACK.value)


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


def recovery(connection: Connection, interval: Interval) -> list[Recovery]:
    """One line per queue, by name, for contacts that began in the interval; and the sum of all as the last."""
    item, other = schema.contacts.c, schema.contacts.alias("survivor")
    survivor = other.c
    joined = schema.contacts.outerjoin(other, item.merged_into == survivor.id)
    end = case((item.merged_into != "", func.coalesce(survivor.ended_as, "")), else_=item.ended_as)
    query = (
        select(item.queue, item.number, item.id, end)
        .select_from(joined)
        .where(item.kind.in_(MISSED), item.created_us >= interval.start_us, item.created_us < interval.end_us)
    )
    rows = [(queue, number or contact, ended) for queue, number, contact, ended in connection.execute(query)]
    queues = sorted({queue for queue, _, _ in rows})
    found = [_figures(queue, ((number, end) for name, number, end in rows if name == queue)) for queue in queues]
    whole = found[0] if len(found) == 1 else _figures("all", ((number, end) for _, number, end in rows))
    return [*found, replace(whole, queue="all")]


def _figures(queue: str, rows: Iterable[tuple[str, str]]) -> Recovery:
    found = Recovery(queue)
    customers: dict[str, list[str]] = {}
    for number, end in rows:
        found.contacts += 1
        found.ends[end] += 1
        if end == End.NOT_A_CUSTOMER:
            found.not_customers += 1
        else:
            customers.setdefault(number, []).append(end)
    found.customers = len(customers)
    for ends in customers.values():
        if "" in ends:
            found.open += 1
        elif any(end not in SPOKEN_WITH for end in ends):
            found.lost += 1
        elif End.REACHED in ends:
            found.reached += 1
        else:
            found.came_back += 1
    return found
