"""What became of each missed call: exactly one of reached, came back, lost, not a customer; open while it has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, select

from pbx.contact.item import End
from pbx.reporting.intervals import Interval
from pbx.store import schema

_item = schema.contacts.c
PART = 500
DEEPEST = 64  # items that were merged into one another
LATE_US = 86_400_000_000  # an item is opened at the end of its call


class Outcome(StrEnum):
    """The four ends, and the two of calls that have none."""

    REACHED = "reached"  # we called, and spoke with the customer
    CAME_BACK = "came_back"  # rang again and was served
    LOST = "lost"
    NOT_A_CUSTOMER = "not_a_customer"
    OPEN = "open"
    UNKEPT = "unkept"  # no contact was kept of the call: nobody owes an answer


LOST = frozenset({Outcome.LOST, Outcome.OPEN, Outcome.UNKEPT})  # nobody has spoken with the customer
_ENDS = {
    End.REACHED.value: Outcome.REACHED,
    End.CUSTOMER_CAME_BACK.value: Outcome.CAME_BACK,
    End.NOT_A_CUSTOMER.value: Outcome.NOT_A_CUSTOMER,
    "": Outcome.OPEN,
}


@dataclass(slots=True)
class MissedEnd:
    """Instants are UTC microseconds, 0 for none."""

    outcome: Outcome = Outcome.UNKEPT
    contact: str = ""
    owner: str = ""
    since_us: int = 0
    deadline_us: int = 0
    ended_us: int = 0

    @property
    def recovered(self) -> bool:
        """Somebody has spoken with the customer since."""
        return self.outcome in (Outcome.REACHED, Outcome.CAME_BACK)

    def age_s(self, now_us: int) -> float:
        """How long the customer waited for an answer, or waits."""
        return max((self.ended_us or now_us) - self.since_us, 0) / 1e6 if self.since_us else 0.0


NONE = MissedEnd()


def ends_of(connection: Connection, interval: Interval, calls: Sequence[str]) -> list[MissedEnd]:
    """For each call id its end; "" (a call that was answered) has none. The calls began in the interval."""
    wanted = {call for call in calls if call}
    if not wanted:
        return [NONE] * len(calls)
    query = (
        select(schema.contacts)
        .where(
            _item.created_us >= interval.start_us,
            _item.created_us < interval.end_us + LATE_US,
            _item.origin_call != "",
        )
        .order_by(_item.created_us.desc(), _item.id.desc())
    )
    rows = {row.origin_call: row for row in connection.execute(query) if row.origin_call in wanted}
    survivors = _survivors(connection, list(rows.values()))
    found = {call: _end(row, survivors) for call, row in rows.items()}
    return [found.get(call, NONE) for call in calls]


def _end(row: Row[tuple[object, ...]], survivors: dict[str, Row[tuple[object, ...]]]) -> MissedEnd:
    last = row
    for _ in range(DEEPEST):
        if not last.merged_into or last.merged_into not in survivors:
            break
        last = survivors[last.merged_into]
    outcome = _ENDS.get(last.ended_as, Outcome.LOST)
    return MissedEnd(outcome, row.id, last.owner, row.since_us, row.promise_us, last.ended_us)


def _survivors(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> dict[str, Row[tuple[object, ...]]]:
    """The items that others were merged into, and those that they were merged into, by id."""
    found: dict[str, Row[tuple[object, ...]]] = {}
    wanted = {row.merged_into for row in rows if row.merged_into}
    for _ in range(DEEPEST):
        wanted -= found.keys()
        if not wanted:
            break
        for part in _parts(sorted(wanted)):
            found.update((row.id, row) for row in connection.execute(select(schema.contacts).where(_item.id.in_(part))))
        wanted = {row.merged_into for row in found.values() if row.merged_into}
    return found


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[at : at + PART] for at in range(0, len(ids), PART))
