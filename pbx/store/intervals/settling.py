"""Keeps the interval tables: what has become stale is summed anew a while later, what came before them bit by bit.

Everything happens within the transaction of whoever writes, so that a reader sees the sums of what he sees. A quarter
is marked in the transaction that changes it and is settled when it is over: while calls come in, it is left to reports
to add them up. So keeping the tables costs a quarter's sums once or twice, however many calls there are.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Delete, Insert, bindparam, delete, func, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from pbx.store import schema
from pbx.store.bulk import BulkInsert
from pbx.store.intervals.bins import BIN_US, Span, begin, spans
from pbx.store.intervals.families import BLOCK_KIND, FAMILIES
from pbx.store.intervals.states import MOST_BINS
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
    if connection.dialect.name == "sqlite":
        _settle_sqlite(connection, values)
        return
    for statement in _settling():
        connection.execute(statement, values)


def _settle_sqlite(connection: Connection, values: dict[str, int]) -> None:
    """By the driver's own cursor: for a quiet quarter SQLAlchemy's way around it costs more than SQLite."""
    cursor = connection.connection.cursor()
    try:
        for text, fixed in _settling_sqlite():
            cursor.execute(text, {**fixed, **values})
    except sqlite3.Error as error:
        raise DBAPIError.instance("settle", None, error, sqlite3.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


@cache
def _settling_sqlite() -> Sequence[tuple[str, dict[str, Any]]]:
    """The statements' texts, each with the parameters that are always the same."""
    named = sqlite.dialect(paramstyle="named")
    options = {"render_postcompile": True}
    compiled = [one.compile(dialect=named, compile_kwargs=options) for one in _settling()]
    moments = {"begin_us", "end_us"}
    return [(str(one), {k: v for k, v in one.params.items() if k not in moments}) for one in compiled]


@cache
def _settling() -> Sequence[Delete | Insert]:
    """The statements, built once: that costs more than to run them for a quiet quarter."""
    between = bindparam("begin_us", 0, type_=BigInteger), bindparam("end_us", 0, type_=BigInteger)
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
        # Before its call where the clock was set back meanwhile.
        select(func.min(schema.queue_visits.c.joined_us)),
        select(func.min(schema.queue_offers.c.offered_us)),
        select(func.min(schema.trunk_calls.c.started_us)),
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
        select(func.max(step.at_us)).where(step.kind == BLOCK_KIND),
    )
    return max(connection.execute(query).scalar() or 0 for query in lasts)


def latest_before(connection: Connection, before_us: int) -> int | None:
    """An instant before the given one after which no sum counts anything until then; None when none does before it."""
    step = schema.journey.c
    firsts = (schema.cdrs.c.started_us, schema.queue_visits.c.joined_us, schema.trunk_calls.c.started_us)
    columns = (*firsts, schema.queue_offers.c.offered_us)
    lasts = [select(func.max(at)).where(at < before_us) for at in columns]
    lasts.append(select(func.max(step.at_us)).where(step.kind == BLOCK_KIND, step.at_us < before_us))
    found = [connection.execute(query).scalar() for query in lasts]
    log = schema.agent_log.c.started_us
    state = connection.execute(select(func.max(log)).where(log < before_us)).scalar()
    if state is not None:  # it may have lasted for days
        found.append(min(state + (MOST_BINS + 1) * BIN_US, before_us - 1))
    return max((at for at in found if at is not None), default=None)


def settle_all(connection: Connection) -> None:
    """Drops the tables' contents and sums all anew, a day at a time; spans in which nothing happened are passed by."""
    for family in FAMILIES:
        connection.execute(delete(family.table))
    connection.execute(delete(interval_stale))
    if earliest_us(connection) is not None:
        end = begin(latest_us(connection)) + BIN_US
        while (last := latest_before(connection, end)) is not None:
            end = begin(last) + BIN_US
            start = end - DAY_BINS * BIN_US
            settle(connection, (start, end))
            end = start
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
        last = latest_before(connection, known)
        end = begin(first) if last is None else min(known, begin(last) + BIN_US)  # no sum counts anything after it
        earlier = max(end - DAY_BINS * BIN_US, begin(first))
        if earlier < end:
            settle(connection, (earlier, end))
            self.settled += (end - earlier) // BIN_US
        done = earlier <= first
        set_known_from(connection, 0 if done else earlier)
        return not done
