"""Figures of queues: visits of callers, offers to agents, promised waits, patience."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, not_, or_, select

from pbx.reporting.opened.figure import Condition, Figure, Source, always, holds
from pbx.reporting.opened.origins import origins
from pbx.reporting.queries import DEFAULT_THRESHOLDS
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.outliers import is_outlier

_visit, _offer, _said = schema.queue_visits.c, schema.queue_offers.c, schema.wait_promises.c
_BOTH = {"queue": "queue", "agent": "agent"}
VISITS = Source(
    schema.queue_visits,
    "call_id",
    "joined_us",
    keys=_BOTH,
    base=_visit.contact == "",
    agent="agent",
    told=origins(_visit.call_id, _visit.joined_us),
)
OFFERS = Source(schema.queue_offers, "call_id", "offered_us", keys=_BOTH, agent="agent")
SAID = Source(schema.wait_promises, "call_id", "told_us", keys={"queue": "queue", "at_most_s": "high_s"})
# Of the callers of queues: an offer counts where its visit does, which may have begun in the interval before.
_offered = (
    select(_offer.call_id, _visit.agent, _offer.outcome, _offer.alert_s, _visit.queue, _visit.joined_us)
    .join_from(
        schema.queue_offers,
        schema.queue_visits,
        and_(_visit.call_id == _offer.call_id, _visit.visit == _offer.visit, _visit.contact == ""),
    )
    .subquery("visit_offers")
)
_made = _offered.c
VISIT_OFFERS = Source(
    _offered, "call_id", "joined_us", keys=_BOTH, agent="agent", told=origins(_made.call_id, _made.joined_us)
)
_TAKEN = ("accepted", "lost")


def limit_s(asked: Request, which: int) -> ColumnElement[Any]:
    """T (0) or S (1) of a visit's queue."""
    default = literal(DEFAULT_THRESHOLDS[which])
    kept = {name: pair[which] for name, pair in asked.thresholds.items()}
    return case(kept, value=_visit.queue, else_=default) if kept else default


def _early(which: int) -> Condition:
    """Waited for no longer than T (0) or S (1)."""
    return lambda asked: _visit.wait_s <= limit_s(asked, which)


_ANS, _AB = _visit.outcome == "answered", _visit.outcome == "abandoned"
_EITHER = or_(_ANS, _AB)


def _served(*early: int) -> Condition:
    """Answered within T, and those who gave up within each of the limits."""
    return lambda given: or_(and_(_ANS, _early(0)(given)), *(and_(_AB, _early(which)(given)) for which in early))


def _without(which: int) -> Condition:
    """Answered or given up, but for those who gave up early."""
    return lambda given: or_(_ANS, and_(_AB, _visit.wait_s > limit_s(given, which)))


def _visits(name: str, whole: Condition, part: Condition | None = None, value: Any = None) -> Figure:
    return Figure(name, VISITS, whole, part or whole, value)


def _said_as(name: str, outcome: str) -> Figure:
    return Figure(name, SAID, always, holds(_said.outcome == outcome), _said.waited_s)


_HANDLED = _visit.talk_s + _visit.hold_s + _visit.wrapup_s
_SHORT = and_(_ANS, _visit.talk_s < 10)
_OUT = is_outlier(_visit.talk_s, _visit.hold_s, _visit.wrapup_s)
_AVERAGED = and_(_ANS, not_(_OUT))

FIGURES: tuple[Figure, ...] = (
    _visits("OFF", always),
    _visits("ANS", holds(_ANS)),
    _visits("AB", holds(_AB), value=_visit.wait_s),
    _visits("AB<=S", holds(_AB), lambda given: and_(_AB, _early(1)(given)), _visit.wait_s),
    _visits("FO", holds(~_EITHER)),
    _visits("SL1", holds(_EITHER), _served(0), _visit.wait_s),
    _visits("SL2", holds(_ANS), _served(), _visit.wait_s),
    _visits("SL3", holds(_EITHER), _served(), _visit.wait_s),
    _visits("SL4", _without(0), _served(), _visit.wait_s),
    _visits("SL5", holds(_EITHER), _served(1), _visit.wait_s),
    _visits("SL6", _without(1), _served(), _visit.wait_s),
    _visits("ASA", holds(_ANS), value=_visit.wait_s),
    _visits("MAXWAIT", always, value=_visit.wait_s),
    _visits("ATA", holds(_AB), value=_visit.wait_s),
    _visits("AR", always, holds(_AB), _visit.wait_s),
    _visits(
        "AR.ADJ",
        lambda given: or_(~_AB, _visit.wait_s > limit_s(given, 1)),
        lambda given: and_(_AB, _visit.wait_s > limit_s(given, 1)),
        _visit.wait_s,
    ),
    _visits("AHT", holds(_AVERAGED), value=_HANDLED),
    _visits("TALK", holds(_AVERAGED), value=_visit.talk_s),
    _visits("HOLD", holds(_AVERAGED), value=_visit.hold_s),
    _visits("ACW", holds(_AVERAGED), value=_visit.wrapup_s),
    _visits("AHT.LEFT_OUT", holds(_ANS), holds(and_(_ANS, _OUT)), _HANDLED),
    _visits("PATIENCE.WAITED", holds(_visit.wait_s > 0), value=_visit.wait_s),
    _visits("PATIENCE", holds(_visit.wait_s > 0), holds(_AB), _visit.wait_s),
    _visits("TALKS", holds(_ANS), value=_visit.talk_s),
    _visits("TALKS.SHORT", holds(_ANS), holds(_SHORT), _visit.talk_s),
    Figure("VISIT.OFFERS", VISIT_OFFERS, always, always, _made.alert_s),
    Figure("VISIT.RONA", VISIT_OFFERS, always, holds(_made.outcome.not_in(_TAKEN)), _made.alert_s),
    Figure("OFFERS", OFFERS, always, always, _offer.alert_s),
    Figure("OFFERS.MISSED", OFFERS, always, holds(_offer.outcome.not_in(_TAKEN)), _offer.alert_s),
    Figure("RONA", OFFERS, always, holds(_offer.outcome.not_in(_TAKEN)), _offer.alert_s),
    Figure("ALERT", OFFERS, always, holds(_offer.outcome == "accepted"), _offer.alert_s),
    Figure("PROMISE.SAID", SAID, always, always, _said.waited_s),
    _said_as("PROMISE.KEPT", "kept"),
    _said_as("PROMISE.BROKEN", "broken"),
    _said_as("PROMISE.OPEN", "open"),
    Figure("PROMISE", SAID, holds(_said.outcome != "open"), holds(_said.outcome == "kept"), _said.waited_s),
    Figure(
        "PROMISE.CORRECTED",
        SAID,
        always,
        holds(_said.outcome == "kept"),
        case((_said.high_s > 0, _said.waited_s / _said.high_s), else_=2.0),
    ),
    Figure("PROMISE.AIM", SAID, always, always, _said.quantile),
)
