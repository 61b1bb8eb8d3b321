"""Reads the steps of flows back from the journey: of a span of time, and of whole calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from pbx.events import Kind
from pbx.store import schema
from pbx.store.encode import from_json

_STEP = str(Kind.FLOW_BLOCK.value)
SLACK_US = 60_000_000  # rows are written in the order of the events, but a few are told late


def steps_between(connection: Connection, flow: str, from_us: int, to_us: int) -> Iterator[dict[str, Any]]:
    """The data of every step of `flow` (all flows for "") in the span [from_us, to_us), UTC microseconds."""
    for _call_id, data in _rows(connection, from_us, to_us):
        step: dict[str, Any] = from_json(data)
        if not flow or step.get("flow") == flow:
            yield step


def calls_through(connection: Connection, flow: str, from_us: int, to_us: int) -> list[str]:
    """Ids of the calls that were in a block of `flow` in that span, in the order of their first step."""
    found: dict[str, None] = {}
    for call_id, data in _rows(connection, from_us, to_us):
        if call_id not in found and from_json(data).get("flow") == flow:
            found[call_id] = None
    return list(found)


def _rows(connection: Connection, from_us: int, to_us: int) -> Iterator[tuple[str, str]]:
    table = schema.journey.c
    first = _first_seq(connection, from_us - SLACK_US)
    last = _first_seq(connection, to_us + SLACK_US)
    if first is None:
        return
    query = select(table.call_id, table.data).where(
        table.seq >= first, table.kind == _STEP, table.at_us >= from_us, table.at_us < to_us
    )
    if last is not None:
        query = query.where(table.seq <= last)
    for row in connection.execute(query.order_by(table.seq)):
        yield row.call_id, row.data


def _first_seq(connection: Connection, at_us: int) -> int | None:
    """The first row at or after `at_us`, by halving: the journey has no index on time. None when all are earlier."""
    table = schema.journey.c
    ends = connection.execute(_row().order_by(table.seq).limit(1)).first()
    newest = connection.execute(_row().order_by(table.seq.desc()).limit(1)).first()
    if ends is None or newest is None or newest.at_us < at_us:
        return None
    low, high = ends.seq, newest.seq  # the row sought lies within
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(_row().where(table.seq >= middle).order_by(table.seq).limit(1)).first()
        if row is None or row.at_us >= at_us:
            high = middle
        else:
            low = row.seq + 1
    return int(low)


def _row() -> Select[Any]:
    return select(schema.journey.c.seq, schema.journey.c.at_us)
