"""Figures of agents: calls that they took, states that they were in, callers whom they lost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, exists, literal, literal_column, not_, or_, select
from sqlalchemy import union_all as union

from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.intervals.bins import BIN_US
from pbx.store.intervals.states import LEFT_OUT, MOST_BINS
from pbx.store.outliers import is_outlier

ANSWERED, CALLED_BACK = "answered", "called back"  # what is no state
WORKING = ("talking", "hold", "wrapup")
ABSENT = ("offline", "unreachable")
FOREVER = literal_column(str(2**62), BigInteger)  # the present state has no end yet
_visit, _try, _cdr = schema.queue_visits.c, schema.callback_calls.c, schema.cdrs.c
_log, _now, _offer = schema.agent_log.c, schema.agent_states.c, schema.queue_offers.c


def _visits() -> Select[Any]:
    what = case((_visit.contact == "", ANSWERED), else_=CALLED_BACK)
    return _row(_visit.joined_us, _visit.joined_us + 1, _visit.call_id, _visit.agent, what, _visit.talk_s).where(
        _visit.outcome == "answered"
    )


def _callbacks() -> Select[Any]:
    """Customers who were called back, where no visit of a queue tells it."""
    known = exists().where(_visit.call_id == _try.call_id, _visit.agent == _try.agent)
    began = _try.started_us
    row = _row(began, began + 1, _try.call_id, _try.agent, literal(CALLED_BACK), _cdr.talk_s, _cdr.hold_s)
    return row.join_from(schema.callback_calls, schema.cdrs, _cdr.id == _try.call_id).where(
        _try.agent != "", not_(known)
    )


def _states() -> Select[Any]:
    longest = (_log.started_us // BIN_US + MOST_BINS + 1) * BIN_US  # as the sums of quarters cut it
    ended = case((_log.ended_us > longest, longest), else_=_log.ended_us)
    return _row(_log.started_us, ended, _log.call_id, _log.agent, _log.state).where(_log.state != LEFT_OUT)


def _present() -> Select[Any]:
    return _row(_now.since_us, FOREVER, _now.call_id, _now.agent, _now.state).where(_now.state != LEFT_OUT)


def _row(at: Any, ended: Any, ident: Any, agent: Any, what: Any, talk_s: Any = None, hold_s: Any = None) -> Select[Any]:
    hold = hold_s if hold_s is not None else _visit.hold_s if talk_s is not None else literal(0.0)
    talk = talk_s if talk_s is not None else literal(0.0)
    columns = {
        "at_us": at,
        "ended_us": ended,
        "id": ident,
        "agent": agent,
        "what": what,
        "talk_s": talk,
        "hold_s": hold,
    }
    return select(*(column.label(name) for name, column in columns.items()))


_done = union(_visits(), _callbacks(), _states(), _present()).subquery("done")
_is = _done.c.what
DONE = Source(_done, "id", "at_us", keys={"agent": "agent"}, ends="ended_us", agent="agent")
_CALL = _is.in_((ANSWERED, CALLED_BACK))
_AVERAGED = and_(_CALL, not_(is_outlier(_done.c.talk_s, _done.c.hold_s)))


def _spent_s(asked: Request) -> ColumnElement[Any]:
    """How long a state lasted within the period, up to now."""
    end_us = min(asked.period.end_us, asked.now_us)
    begun = case((_done.c.at_us > asked.period.start_us, _done.c.at_us), else_=asked.period.start_us)
    ended = case((_done.c.ended_us < end_us, _done.c.ended_us), else_=end_us)
    logged = case((_done.c.ended_us < asked.period.end_us, _done.c.ended_us), else_=asked.period.end_us)
    until = case((_done.c.ended_us == FOREVER, ended), else_=logged)
    return case((until > begun, (until - begun) / 1e6), else_=0.0)


def _work_s(asked: Request) -> ColumnElement[Any]:
    return case((_CALL, _done.c.talk_s + _done.c.hold_s), else_=_spent_s(asked))


def _time(name: str, whole: ColumnElement[bool], part: ColumnElement[bool] | None = None) -> Figure:
    whole = and_(whole, not_(_CALL))
    return Figure(name, DONE, holds(whole), holds(whole if part is None else part), amount=_spent_s)


_other, _later = schema.queue_offers.alias("later"), schema.queue_visits.alias("its_visit")


def _in_vain(offer: Any, visit: Any) -> ColumnElement[bool]:
    """Nobody accepted the offer, and the caller gave up in that queue."""
    gave_up = and_(visit.call_id == offer.call_id, visit.visit == offer.visit, visit.contact == "")
    return and_(offer.outcome.not_in(("accepted", "lost")), exists().where(gave_up, visit.outcome == "abandoned"))


# Of a call that was offered to him several times in vain, the last offer counts.
_again = exists().where(
    _other.c.call_id == _offer.call_id,
    _other.c.agent == _offer.agent,
    _other.c.offer > _offer.offer,
    _in_vain(_other.c, _later.c),
)
LOST_CALLER: ColumnElement[bool] = and_(_in_vain(_offer, _visit), not_(_again))
LOST = Source(schema.queue_offers, "call_id", "offered_us", keys={"agent": "agent"}, agent="agent")

FIGURES: tuple[Figure, ...] = (
    Figure("AGENT.ANSWERED", DONE, holds(_is == ANSWERED), always, _done.c.talk_s),
    Figure("AGENT.CALLBACKS", DONE, holds(_is == CALLED_BACK), always, _done.c.talk_s),
    Figure("AGENT.TALK", DONE, holds(_CALL), always, _done.c.talk_s),
    Figure("AGENT.HOLD", DONE, holds(_CALL), always, _done.c.hold_s),
    # Wrap-up is added to what was handled, and is no call.
    Figure("AGENT.AHT", DONE, holds(or_(_AVERAGED, _is == "wrapup")), holds(_AVERAGED), amount=_work_s),
    _time("STATE.WRAPUP", _is == "wrapup"),
    _time("STATE.AVAILABLE", _is == "available"),
    _time("STATE.BREAK", _is == "break"),
    _time("STATE.SIGNED_IN", _is.not_in(ABSENT)),
    _time("OCC", or_(_is.in_(WORKING), _is == "available"), _is.in_(WORKING)),
    _time("UTIL", _is.not_in(ABSENT), _is.in_(WORKING)),
    Figure("LOST", LOST, always, holds(LOST_CALLER), _offer.alert_s),
)
