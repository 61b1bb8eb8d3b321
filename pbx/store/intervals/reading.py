"""Reads sums of any span of time: from the interval tables where they hold it, else from what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, literal, select, union_all

from pbx.store.intervals.bins import BIN_US, Span, at_most, begin, begin_after, spans
from pbx.store.intervals.families import Family
from pbx.store.intervals.settling import known_from
from pbx.store.schema_intervals import interval_stale

MOST_SPANS = 6  # that are summed anew, one by one; more of them are joined, with what lies between them
FOREVER_US = 2**62


@dataclass(slots=True)
class Plan:
    """`stored` quarters without those of `fresh`, which are to be summed anew."""

    stored: Span | None
    fresh: list[Span]


def plan(connection: Connection, start_us: int, end_us: int) -> Plan:
    """Where the sums of a span come from."""
    known = known_from(connection)
    if known is None:
        return Plan(None, [(start_us, end_us)])
    first, last = max(begin_after(start_us), known), begin(end_us)
    if first >= last:
        return Plan(None, [(start_us, end_us)])
    table = interval_stale.c
    query = select(table.bin_us).where(table.bin_us >= first, table.bin_us < last)
    fresh = spans(connection.execute(query).scalars())
    fresh += [(start, end) for start, end in ((start_us, first), (last, end_us)) if start < end]
    return Plan((first, last), at_most(_joined(fresh), MOST_SPANS))


def _joined(found: list[Span]) -> list[Span]:
    """Neighbours in one."""
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def sums(connection: Connection, family: Family, start_us: int, end_us: int) -> Subquery:
    """Rows of a family's table, each with the quarter that it belongs to; several may have one key: add them up."""
    found = plan(connection, max(start_us, 0), min(end_us, FOREVER_US))
    parts: list[Select[Any]] = []
    if found.stored is not None:
        at = family.table.c.bin_us
        wanted = select(*family.table.columns).where(at >= found.stored[0], at < found.stored[1])
        for start, end in found.fresh:
            wanted = wanted.where((at < begin(start)) | (at >= begin_after(end)))
        parts.append(wanted)
    if found.fresh:
        parts.append(family.made(found.fresh))
    if not parts:
        parts.append(select(*family.table.columns).where(literal(1) == 0))
    return (union_all(*parts) if len(parts) > 1 else parts[0]).subquery()


def quarter(at_us: int) -> int:
    """The number of an instant's quarter."""
    return at_us // BIN_US
