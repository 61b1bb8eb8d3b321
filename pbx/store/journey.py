"""Reads journeys back: one call's, or all that are not yet closed by a CDR."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from pbx.events import CallEvent, Kind
from pbx.store import schema
from pbx.store.encode import CONTACT_PREFIXES, from_json, seconds
from pbx.store.fold import CallFold

_KINDS = {str(kind.value): kind for kind in Kind}
_COLUMNS = (
    schema.journey.c.seq,
    schema.journey.c.at_us,
    schema.journey.c.kind,
    schema.journey.c.leg,
    schema.journey.c.data,
)


def read_fold(connection: Connection, call_id: str, zone: str) -> CallFold | None:
    """The fold of a call from its rows, None when it has none."""
    query = select(*_COLUMNS).where(schema.journey.c.call_id == call_id).order_by(schema.journey.c.seq)
    fold: CallFold | None = None
    for _seq, at_us, kind, leg, data in connection.execute(query):
        if fold is None:
            fold = CallFold(call_id, zone=zone)
        fold.add(kind, leg, at_us, from_json(data))
    return fold


def read_events(connection: Connection, call_id: str) -> list[CallEvent]:
    """The journey of a call in order; a kind that this version does not know is left out."""
    query = select(*_COLUMNS).where(schema.journey.c.call_id == call_id).order_by(schema.journey.c.seq)
    return [
        CallEvent(_KINDS[kind], call_id, leg, seconds(at_us), from_json(data))
        for _seq, at_us, kind, leg, data in connection.execute(query)
        if kind in _KINDS
    ]


def calls_since(connection: Connection, seq: int) -> Iterator[str]:
    """Ids of the calls with a row at or after `seq`."""
    table = schema.journey.c
    others = [table.kind.not_like(f"{prefix}%") for prefix in CONTACT_PREFIXES]
    query = select(table.call_id).where(table.seq >= seq, *others).distinct()
    for (call_id,) in connection.execute(query).all():
        yield call_id


def ended_last(connection: Connection, rows: int) -> list[str]:
    """Ids of the calls that ended within the last `rows` rows."""
    table = schema.journey.c
    newest = connection.execute(select(func.max(table.seq))).scalar() or 0
    query = select(table.call_id).where(table.seq > newest - rows, table.kind == str(Kind.CALL_ENDED.value)).distinct()
    return list(connection.execute(query).scalars())
