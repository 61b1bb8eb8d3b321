"""Keeps the interval tables: what has become stale is summed anew a while later, what came before them bit by bit.

Everything happens within the transaction of whoever writes, so that a reader sees the sums of what he sees. A quarter
is marked in the transaction that changes it and is settled when it is over: while calls come in, it is left to reports
to add them up. So keeping the tables costs a quarter's sums once or twice, however many calls there are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import BigInteger, Connection, Delete, Insert, bindparam, delete, func, insert, select

from pbx.events import Kind
from pbx.store import schema
from pbx.store.bulk import BulkInsert
from pbx.store.intervals.bins import BIN_US, Span, begin, spans
from pbx.store.intervals.families import FAMILIES
from pbx.store.schema_intervals import interval_stale

DAY_BINS = 96
QUIET_US = 60_000_000  # a quarter has been over for so long when it is settled
SETTLE_S = 60.0  # between two looks for what is stale
SOON_S = 1.0  # while there is more to do
ENOUGH_S = 0.05  # of work at a time
MARK = BulkInsert(interval_stale)


def settle(connection: Connection, span: Span) -> None:
    """Sums the quarters anew; the span begins and ends with quarters."""
    values = dict(zip(("begin_us", "end_us"), span, strict=True))
    for statement in _settling():
        connection.execute(statement, values)


@cache
def _settling() -> Sequence[Delete | Insert]:
    """The statements, built once: that costs more than to run them for a quiet quarter."""
    between = bindparam("begin_us", type_=BigInteger), bindparam("end_us", type_=BigInteger)
    found: list[Delete | Insert] = []
    for table in (*(family.table for family in FAMILIES), interval_stale):
        at = table.c.bin_us
        found.append(delete(table).where(at >= between[0], at < between[1]))
    for family in FAMILIES:
        names = [column.name for column in family.table.columns]
        found.append(insert(family.table).from_select(names, family.made([between])))
    return found


def mark(connection: Connection, bins: Iterable[int]) -> None:
    """These quarters (their numbers) are not what the tables say any more."""
    MARK.write(connection, [(number * BIN_US,) for number in sorted(bins)])


def known_from(connection: Connection) -> int | None:
    """From where on the tables hold every quarter that is not marked; None when they hold nothing."""
    query = select(schema.meta.c.value).where(schema.meta.c.key == schema.META_INTERVALS)
    found = connection.execute(query).scalar()
    try:
        return None if found is None else int(json.loads(found)["from"])
    except (ValueError, TypeError, KeyError):
        return None


def set_known_from(connection: Connection, from_us: int) -> None:
    connection.execute(delete(schema.meta).where(schema.meta.c.key == schema.META_INTERVALS))
    value = json.dumps({"from": from_us})
    connection.execute(insert(schema.meta).values(key=schema.META_INTERVALS, value=value))


def earliest_us(connection: Connection) -> int | None:
    """The first instant that a sum could count; None in a database without calls and agents."""
    step = schema.journey.c
    firsts = (
        select(func.min(schema.cdrs.c.started_us)),
        select(func.min(schema.agent_log.c.started_us)),
        select(step.at_us).order_by(step.seq).limit(1),
    )
    found = [at for query in firsts if (at := connection.execute(query).scalar()) is not None]
    return min(found) if found else None


def latest_us(connection: Connection) -> int:
    """The last instant that a sum could count."""
    step = schema.journey.c
    lasts = (
        select(func.max(schema.cdrs.c.started_us)),
        select(func.max(schema.queue_visits.c.joined_us)),
        select(func.max(schema.trunk_calls.c.started_us)),
        select(func.max(schema.queue_offers.c.offered_us)),
        select(func.max(schema.agent_log.c.ended_us)),
        select(func.max(step.at_us)).where(step.kind == str(Kind.FLOW_BLOCK.value)),
    )
    return max(connection.execute(query).scalar() or 0 for query in lasts)


def settle_all(connection: Connection) -> None:
    """Drops the tables' contents and sums all anew, a day at a time."""
    for family in FAMILIES:
        connection.execute(delete(family.table))
    connection.execute(delete(interval_stale))
    first = earliest_us(connection)
    if first is not None:
        for start in range(begin(first), latest_us(connection) + 1, DAY_BINS * BIN_US):
            settle(connection, (start, start + DAY_BINS * BIN_US))
    set_known_from(connection, 0)


class Settler:
    """Used by the writer's thread between its batches: `run` when it is `due`."""

    def __init__(self) -> None:
        self._next = 0.0
        self.settled = 0  # quarters
        self.spent_s = 0.0

    def due(self, now: float) -> bool:
        """`now` is monotonic seconds."""
        return now >= self._next

    def run(self, connection: Connection, now: float, now_us: int) -> None:
        """Some of what is to be done, within the caller's transaction; `now_us` is UTC."""
        began = time.perf_counter()
        more = self._stale(connection, now_us, began) or self._before(connection, now_us)
        self.spent_s += time.perf_counter() - began
        self._next = now + (SOON_S if more else SETTLE_S)

    def postpone(self, now: float) -> None:
        """The transaction did not come about."""
        self._next = now + SETTLE_S

    def _stale(self, connection: Connection, now_us: int, began: float) -> bool:
        """Whether there may be more."""
        table = interval_stale.c
        query = (
            select(table.bin_us)
            .where(table.bin_us <= now_us - QUIET_US - BIN_US)
            .order_by(table.bin_us)
            .limit(DAY_BINS)
        )
        bins = list(connection.execute(query).scalars())
        for span in spans(bins):
            settle(connection, span)
            self.settled += (span[1] - span[0]) // BIN_US
            if time.perf_counter() - began > ENOUGH_S:
                return True
        return len(bins) == DAY_BINS

    def _before(self, connection: Connection, now_us: int) -> bool:
        """A day more into the past; whether there is another one."""
        known = known_from(connection)
        if known == 0:
            return False
        first = earliest_us(connection)
        if first is None:
            set_known_from(connection, 0)
            return False
        if known is None:
            known = begin(now_us)
            mark(connection, [known // BIN_US])
        earlier = max(known - DAY_BINS * BIN_US, begin(first))
        if earlier < known:
            settle(connection, (earlier, known))
            self.settled += (known - earlier) // BIN_US
        done = earlier <= first
        set_known_from(connection, 0 if done else earlier)
        return not done
