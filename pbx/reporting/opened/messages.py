"""Figures of messages: what flows and queues sent by themselves, and what customers did after it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, true

from pbx.reporting.opened.figure import Condition, Figure, Source, always, holds
from pbx.reporting.people import written
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.schema_sms import sms_messages

WEEK_US = 7 * 86_400_000_000
SENT = ("accepted", "delivered", "in_doubt")
TOLD = ("delivered", "failed", "expired")
_message, _cdr = sms_messages.c, schema.cdrs.c
_KEYS = {"source": "source", "template": "template"}
BY_ITSELF: ColumnElement[bool] = or_(_message.source.like("flow:%"), _message.source.like("queue:%"))
MESSAGES = Source(sms_messages, "id", "created_us", "message", _KEYS)
AUTOMATIC = Source(sms_messages, "id", "created_us", "message", _KEYS, BY_ITSELF)
_TAKES_S = (_message.ended_us - _message.accepted_us) / 1e6


def again(asked: Request) -> ColumnElement[bool]:
    """The number rang in the week after, not counting the call that the message was sent in."""
    return exists().where(
        _cdr.caller.in_(written(_message.number, asked.money.country)),
        _cdr.started_us > _message.created_us,
        _cdr.started_us <= _message.created_us + WEEK_US,
        _cdr.direction == "inbound",
        _cdr.test == "",
        _cdr.id != _message.origin_call,
    )


def week_over(asked: Request) -> ColumnElement[bool]:
    """A gateway took it, and there was a week to see what the customer does."""
    return and_(_message.state.in_(SENT), _message.created_us + WEEK_US <= asked.now_us)


def _quiet(asked: Request) -> ColumnElement[bool]:
    return and_(week_over(asked), ~again(asked))


def _all(name: str, part: ColumnElement[bool] | None = None, whole: Condition = always) -> Figure:
    return Figure(name, MESSAGES, whole, holds(true() if part is None else part), _message.cost)


FIGURES: tuple[Figure, ...] = (
    Figure("SMS.AUTO", AUTOMATIC, always, always),
    Figure("SMS.AUTO.DELIVERED", AUTOMATIC, always, holds(_message.state == "delivered")),
    Figure("SMS.WEEK_OVER", AUTOMATIC, always, week_over),
    Figure("SMS.DEFLECTED", AUTOMATIC, week_over, _quiet),
    _all("SMS"),
    *(_all(f"SMS.{state.upper()}", _message.state == state) for state in (*TOLD, "refused")),
    _all("SMS.OPEN", _message.state.not_in((*TOLD, "refused"))),
    _all("SMS.DELIVERED.SHARE", _message.state == "delivered", holds(_message.state.in_(TOLD))),
    Figure("SMS.DELIVERY", MESSAGES, always, holds(_message.state == "delivered"), _TAKES_S),
    Figure("SMS.PARTS", MESSAGES, always, holds(_message.state.in_(("accepted", "in_doubt", *TOLD))), _message.parts),
    _all("SMS.COST", _message.state.in_(("accepted", "in_doubt", *TOLD))),
)
