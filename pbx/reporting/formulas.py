"""The ids of figures, and the calls that each is computed from: what is counted in it, and what would have been.

A figure of a report carries its id (`Column.formula`). `behind` finds the rows of its denominator in a period; those of
its numerator are marked as counted. The selector is the same on the command line, in REST and in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, literal, or_, true

from pbx.contact.item import End
from pbx.reporting.queries import DEFAULT_THRESHOLDS, Thresholds
from pbx.reporting.recovery import MISSED, SPOKEN_WITH
from pbx.store import schema
from pbx.store.outcome import CONTINUED

Condition = Callable[[Thresholds], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose rows are counted: `id` names the call or contact, `at` the instant by which a period has it."""

    table: Table
    id: str
    at: str
    what: str = "call"  # or "contact"
    keys: Mapping[str, str] = field(default_factory=dict)  # filter -> column
    base: ColumnElement[bool] = field(default_factory=true)


@dataclass(frozen=True, slots=True)
class Figure:
    """`whole` is the denominator, `part` of it the numerator; `value` what is averaged, in seconds."""

    id: str
    source: Source
    whole: Condition
    part: Condition
    value: ColumnElement[Any] | None = None


_visit, _offer, _leg, _call, _item, _try, _said, _log = (
    table.c
    for table in (
        *(schema.queue_visits, schema.queue_offers, schema.trunk_calls, schema.cdrs, schema.contacts),
        *(schema.callback_calls, schema.wait_promises, schema.agent_log),
    )
)
_BOTH = {"queue": "queue", "agent": "agent"}
VISITS = Source(schema.queue_visits, "call_id", "joined_us", keys=_BOTH, base=_visit.contact == "")
OFFERS = Source(schema.queue_offers, "call_id", "offered_us", keys=_BOTH)
LEGS = Source(schema.trunk_calls, "call_id", "started_us", keys={"trunk": "trunk"}, base=_leg.outcome != CONTINUED)
CALLS = Source(schema.cdrs, "id", "started_us", keys={**_BOTH, "trunk": "trunk", "tag": "tag"}, base=_call.test == "")
ITEMS = Source(schema.contacts, "id", "created_us", "contact", {"queue": "queue"}, _item.kind.in_(MISSED))
TRIES = Source(schema.callback_calls, "call_id", "started_us", keys=_BOTH)
SAID = Source(schema.wait_promises, "call_id", "told_us", keys={"queue": "queue"})
STATES = Source(schema.agent_log, "call_id", "started_us", keys={"agent": "agent"})


def _always(_: Thresholds) -> ColumnElement[bool]:
    return true()


def _is(condition: ColumnElement[bool]) -> Condition:
    return lambda _: condition


def _limit(thresholds: Thresholds, which: int) -> ColumnElement[Any]:
    default = literal(DEFAULT_THRESHOLDS[which])
    kept = {name: pair[which] for name, pair in thresholds.items()}
    return case(kept, value=_visit.queue, else_=default) if kept else default


def _early(which: int) -> Condition:
    """Waited for no longer than T (0) or S (1)."""
    return lambda thresholds: _visit.wait_s <= _limit(thresholds, which)


_ANS, _AB = _visit.outcome == "answered", _visit.outcome == "abandoned"
_EITHER = or_(_ANS, _AB)


def _served(*early: int) -> Condition:
    """Answered within T, and those who gave up within each of the limits."""
    return lambda given: or_(and_(_ANS, _early(0)(given)), *(and_(_AB, _early(which)(given)) for which in early))


def _without(which: int) -> Condition:
    """Answered or given up, but for those who gave up early."""
    return lambda given: or_(_ANS, and_(_AB, _visit.wait_s > _limit(given, which)))


def _visits(name: str, whole: Condition, part: Condition | None = None, value: Any = None) -> Figure:
    return Figure(name, VISITS, whole, part or whole, value)


def _legs(name: str, part: ColumnElement[bool], whole: ColumnElement[bool] | None = None, value: Any = None) -> Figure:
    return Figure(name, LEGS, _is(whole) if whole is not None else _always, _is(part), value)


_REFUSED = _offer.outcome.not_in(("accepted", "lost"))
_WORKING = _log.state.in_(("talking", "hold", "wrapup"))
_NETWORK = ("answered", "busy", "no_answer", "rejected")
_CUSTOMER = _item.ended_as != End.NOT_A_CUSTOMER.value
_HANDLED = _visit.talk_s + _visit.hold_s + _visit.wrapup_s

_ALL = (
    _visits("OFF", _always),
    _visits("ANS", _is(_ANS)),
    _visits("AB", _is(_AB), value=_visit.wait_s),
    _visits("AB<=S", _is(_AB), lambda given: and_(_AB, _early(1)(given)), _visit.wait_s),
    _visits("FO", _is(~_EITHER)),
    _visits("SL1", _is(_EITHER), _served(0), _visit.wait_s),
    _visits("SL2", _is(_ANS), _served(), _visit.wait_s),
    _visits("SL3", _is(_EITHER), _served(), _visit.wait_s),
    _visits("SL4", _without(0), _served(), _visit.wait_s),
    _visits("SL5", _is(_EITHER), _served(1), _visit.wait_s),
    _visits("SL6", _without(1), _served(), _visit.wait_s),
    _visits("ASA", _is(_ANS), value=_visit.wait_s),
    _visits("MAXWAIT", _always, value=_visit.wait_s),
    _visits("ATA", _is(_AB), value=_visit.wait_s),
    _visits("AR", _always, _is(_AB), _visit.wait_s),
    _visits(
        "AR.ADJ",
        lambda given: or_(~_AB, _visit.wait_s > _limit(given, 1)),
        lambda given: and_(_AB, _visit.wait_s > _limit(given, 1)),
        _visit.wait_s,
    ),
    _visits("AHT", _is(_ANS), value=_HANDLED),
    _visits("TALK", _is(_ANS), value=_visit.talk_s),
    _visits("HOLD", _is(_ANS), value=_visit.hold_s),
    _visits("ACW", _is(_ANS), value=_visit.wrapup_s),
    _visits("PATIENCE", _is(_visit.wait_s > 0), _is(_AB), _visit.wait_s),
    _visits("TALKS", _is(_ANS), value=_visit.talk_s),
    _visits("TALKS.SHORT", _is(_ANS), _is(_visit.talk_s < 10), _visit.talk_s),
    Figure("OFFERS", OFFERS, _always, _always, _offer.alert_s),
    Figure("RONA", OFFERS, _always, _is(_REFUSED), _offer.alert_s),
    Figure("OCC", STATES, _is(or_(_WORKING, _log.state == "available")), _is(_WORKING), _log.duration_s),
    _legs("SEIZURES", true()),
    *(
        _legs(f"SEIZURES.{name.upper()}", _leg.outcome == name, _leg.outcome == name)
        for name in (*_NETWORK[1:], "answered")
    ),
    _legs("SEIZURES.FAILED", _leg.outcome == "failure", _leg.outcome == "failure"),
    _legs("ASR", _leg.outcome == "answered"),
    _legs("NER", _leg.outcome.in_(_NETWORK)),
    _legs("ACD.DURATION", true(), _leg.outcome == "answered", _leg.billed_s),
    _legs("PDD", true(), _leg.pdd_s.is_not(None), _leg.pdd_s),
    _legs("MOS", true(), _leg.mos.is_not(None), _leg.mos),
    _legs("COST", true(), _leg.cost > 0, _leg.cost),
    Figure("CALLS", CALLS, _always, _always, _call.duration_s),
    Figure("CALLS.IN", CALLS, _is(_call.direction == "inbound"), _always, _call.duration_s),
    Figure("MISSED.CONTACTS", ITEMS, _always, _always),
    Figure("MISSED", ITEMS, _is(_CUSTOMER), _always),
    Figure("RECOVERY", ITEMS, _is(_CUSTOMER), _is(_item.ended_as.in_(SPOKEN_WITH))),
    Figure("CB.ATTEMPTS", TRIES, _always, _always, _try.reach_s),
    Figure("PICKUP", TRIES, _always, _is(_try.reach_s.is_not(None)), _try.reach_s),
    Figure("CB.SILENT", TRIES, _is(_try.reach_s.is_not(None)), _is(_try.silent), _try.hold_s),
    Figure("STL", TRIES, _is(_try.speed_s.is_not(None)), _always, _try.speed_s),
    Figure("PROMISE", SAID, _is(_said.outcome != "open"), _is(_said.outcome == "kept"), _said.waited_s),
)
FIGURES: Mapping[str, Figure] = {figure.id: figure for figure in _ALL}
