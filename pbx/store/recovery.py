"""Closes what a killed process left open."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from pbx.events import Kind
from pbx.store import schema
from pbx.store.batch import JOURNEY
from pbx.store.bulk import Row
from pbx.store.derived import DerivedRows
from pbx.store.encode import KIND_TEXT, from_json, json_text, seconds
from pbx.store.fold import CallFold
from pbx.store.journey import calls_since, read_fold

log = logging.getLogger("centrala.store")

INTERRUPTED = "interrupted"
_MAX_SEQ = 2**63 - 1  # what the column holds


@dataclass(slots=True)
class Recovered:
    """What `recover` found and where the next rows go."""

    interrupted: int  # calls that were running when the process died
    derived: int  # calls that had ended, but whose CDR was missing
    next_seq: int
    next_log_seq: int


def recover(connection: Connection, *, zone: str, now: float) -> Recovered:
    """Gives every call of the journey an end and a CDR. `now` is UTC seconds. Runs within the caller's transaction.

    A call that was running gets a `call.ended` of cause "interrupted" at its last sign of life: what came after is
    unknown.
    """
    next_seq = (connection.execute(select(func.max(schema.journey.c.seq))).scalar() or 0) + 1
    next_log = (connection.execute(select(func.max(schema.agent_log.c.seq))).scalar() or 0) + 1
    found = Recovered(0, 0, next_seq, next_log)
    records = DerivedRows()
    ends: list[Row] = []
    for call_id in _candidates(connection):
        if connection.execute(select(schema.cdrs.c.id).where(schema.cdrs.c.id == call_id)).first():
            continue
        fold = read_fold(connection, call_id, zone)
        if fold is None:
            continue
        if fold.ended:
            found.derived += 1
        else:
            found.interrupted += 1
            ends.append(_close(fold, found.next_seq, now))
            found.next_seq += 1
        records.add(fold)
    JOURNEY.write(connection, ends)
    records.write(connection)
    return found


def last_sign_us(connection: Connection) -> int:
    """When the last event was written, UTC microseconds; 0 in an empty database."""
    newest = (
        select(schema.journey.c.at_us).order_by(schema.journey.c.seq.desc()).limit(1),
        select(schema.agent_log.c.ended_us).order_by(schema.agent_log.c.seq.desc()).limit(1),
        select(func.max(schema.agent_states.c.since_us)),
    )
    return max(connection.execute(query).scalar() or 0 for query in newest)


def _candidates(connection: Connection) -> list[str]:
    """Calls that may lack their CDR: open at the last checkpoint, or with a row since."""
    query = select(schema.meta.c.value).where(schema.meta.c.key == schema.META_CHECKPOINT)
    found = connection.execute(query).scalar()
    if found is None:
        return list(calls_since(connection, 0))
    checkpoint = _checkpoint(found)
    if checkpoint is None:
        log.warning("the journey's checkpoint cannot be understood (%.100s): the whole journey is read instead", found)
        return list(calls_since(connection, 0))
    open_calls, next_seq = checkpoint
    return list(dict.fromkeys((*open_calls, *calls_since(connection, next_seq))))


def _checkpoint(text: str) -> tuple[list[str], int] | None:
    """The open calls and the next row's number; None for a text of any other shape than `Deriver.checkpoint` writes."""
    try:
        value = from_json(text)
        open_calls, next_seq = value["open"], value["next"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if type(next_seq) is not int or not 0 <= next_seq <= _MAX_SEQ or not isinstance(open_calls, list):
        return None
    return (open_calls, next_seq) if all(isinstance(call, str) for call in open_calls) else None


def _close(fold: CallFold, seq: int, now: float) -> Row:
    data = {
        "cause": INTERRUPTED,
        "sip_status": 0,
        "ended_by": "pbx",
        "found_after_s": round(now - seconds(fold.last_us), 3),
    }
    at_us = fold.last_us
    kind = KIND_TEXT[Kind.CALL_ENDED]
    fold.add(kind, "a", at_us, data)
    return (seq, fold.call_id, at_us, kind, "a", json_text(data))
