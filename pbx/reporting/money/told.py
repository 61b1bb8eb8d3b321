"""What GA and CRM systems were told of calls, as marks and the outbox have it together."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, and_, select

from pbx.ledger.ga4.deliverer import LATE
from pbx.ledger.ga4.event import CALL
from pbx.ledger.mark import State, Why
from pbx.ledger.reconcile.records import System
from pbx.outbox.entry import State as Sent
from pbx.reporting.intervals import Interval
from pbx.store import schema_ledger
from pbx.store.schema_outbox import outbox

_mark = schema_ledger.ledger_marks.c
SENT, DEAD, WAITING = "sent", "dead", "waiting"
LATER_US = 8 * 86_400_000_000  # a call is told of at most so long after it
EVENTS = (CALL, "call", "lead")
_ORDER = (SENT, WAITING, Why.LATE.value, DEAD)  # of several targets of one system the best counts


def told_states(connection: Connection, interval: Interval) -> dict[str, dict[str, str]]:
    """By call and system: "sent", "waiting", "dead", "late", or why it was not told."""
    key = _mark.call_id + ":" + _mark.event
    query = (
        select(_mark.call_id, _mark.target, _mark.state, _mark.reason, outbox.c.state, outbox.c.error)
        .outerjoin_from(schema_ledger.ledger_marks, outbox, and_(outbox.c.target == _mark.target, outbox.c.key == key))
        .where(_mark.at_us >= interval.start_us, _mark.at_us < interval.end_us + LATER_US, _mark.event.in_(EVENTS))
    )
    found: dict[str, dict[str, str]] = {}
    for call_id, target, state, reason, sent, error in connection.execute(query):
        system = (System.GA if target.startswith("ga4:") else System.CRM).value
        now = _state(state, reason, sent, error or "")
        systems = found.setdefault(call_id, {})
        systems[system] = _better((systems.get(system, ""), now))
    return found


def _state(state: str, reason: str, sent: str | None, error: str) -> str:
    if state == State.SENT or sent == Sent.DELIVERED:
        return SENT
    if state == State.SKIPPED:
        return reason
    if sent in (Sent.DEAD, Sent.DROPPED) or (state == State.DEAD and sent != Sent.PENDING):
        return Why.LATE.value if LATE in (reason, error[: len(LATE)]) else DEAD
    return WAITING


def _better(states: Iterable[str]) -> str:
    some = [state for state in states if state]
    return min(some, key=lambda state: _ORDER.index(state) if state in _ORDER else len(_ORDER))
