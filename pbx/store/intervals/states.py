"""How long agents were in each state, by quarter of an hour: entries of the log are cut where a quarter ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, literal, literal_column, select, union_all
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from pbx.store import schema
from pbx.store.intervals.bins import BIN_US, Moment, Moments, total
from pbx.store.schema_intervals import STATES

MOST_BINS = 288  # a state lasts for three days at most here; what it lasts for longer is left out
LEFT_OUT = "offline"  # nobody is there
# Written into the statement as the partial index has it: SQLite takes that index for no parameter and for no 900.0.
_LONG_S: ColumnElement[int] = literal_column(str(BIN_US // 1_000_000))


def bins_of(started_us: int, ended_us: int) -> range:
    """The numbers of the quarters in which an entry of the log counts."""
    first = started_us // BIN_US
    return range(first, min(max(ended_us - 1, started_us) // BIN_US, first + MOST_BINS) + 1)


def states(wanted: Sequence[Moments]) -> Select[Any]:
    """For the spans, which do not touch."""
    parts = union_all(*(part for start, end in wanted for part in _inside(start, end))).subquery().c
    known = STATES[:-1]
    other = parts.state.not_in(known)
    sums = [total(parts.spent_us, parts.state == state).label(f"{state}_us") for state in known]
    return select(parts.bin_us, parts.agent, *sums, total(parts.spent_us, other).label("other_us")).group_by(
        parts.bin_us, parts.agent
    )


def _inside(start_us: Moment, end_us: Moment) -> list[Select[Any]]:
    """(quarter, agent, state, microseconds) of each piece of the log's entries within one span.

    Most entries lie in one quarter or two; the few long ones have an index of their own.
    """
    log = schema.agent_log.c
    last = (log.ended_us - 1) // BIN_US
    first = log.started_us // BIN_US
    recent = and_(log.started_us >= start_us - 2 * BIN_US, log.started_us < end_us)
    long = _long(start_us, end_us)
    return [
        _piece(log, first, start_us, end_us).where(recent),
        _piece(log, first + 1, start_us, end_us).where(recent, last > first),
        _piece(long, long.n, start_us, end_us),
    ]


def _long(start_us: Moment, end_us: Moment) -> ReadOnlyColumnCollection[str, ColumnElement[Any]]:
    """The long entries once for each quarter of the span in which they go on, from their third quarter on.

    Counted up from entry to entry: a table of numbers joined to the log would cost the same for a quarter as for days.
    """
    log = schema.agent_log.c
    first, last = log.started_us // BIN_US, (log.ended_us - 1) // BIN_US
    begins = _later(first + 2, _sql(start_us) // BIN_US)
    ends = _earlier(_earlier(last, first + MOST_BINS), (_sql(end_us) - 1) // BIN_US)
    begun = (
        select(log.agent, log.state, log.started_us, log.ended_us, begins.label("n"), ends.label("until"))
        .where(log.duration_s >= _LONG_S)
        .where(log.started_us >= start_us - (MOST_BINS + 1) * BIN_US, log.started_us < end_us)
        .where(begins <= ends)
        .cte(recursive=True)
    )
    of = begun.c
    further = select(of.agent, of.state, of.started_us, of.ended_us, of.n + 1, of.until).where(of.n < of.until)
    return begun.union_all(further).c


def _piece(
    log: ReadOnlyColumnCollection[str, Any], number: ColumnElement[Any], start_us: Moment, end_us: Moment
) -> Select[Any]:
    """What of an entry lies in the quarter of that number and in the span."""
    at = number * BIN_US
    begun = _later(_later(log.started_us, at), _sql(start_us))
    ended = _earlier(_earlier(log.ended_us, at + BIN_US), _sql(end_us))
    spent = (ended - begun).label("spent_us")
    return select(at.label("bin_us"), log.agent, log.state, spent).where(log.state != LEFT_OUT, ended > begun)


def _sql(at: Moment) -> ColumnElement[Any]:
    return literal(at, BigInteger) if isinstance(at, int) else at


def _later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one > other, one), else_=other)


def _earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)
