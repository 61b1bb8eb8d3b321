"""Figures of trunks: what became of each seizure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, true

from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.store import schema
from pbx.store.outcome import CONTINUED

_leg = schema.trunk_calls.c
LEGS = Source(schema.trunk_calls, "call_id", "started_us", keys={"trunk": "trunk"}, base=_leg.outcome != CONTINUED)
# A call that was moved on to a new leg cost and was heard on each of them.
EVERY = Source(schema.trunk_calls, "call_id", "started_us", keys={"trunk": "trunk"})
_NETWORK = ("answered", "busy", "no_answer", "rejected")


def _legs(name: str, part: ColumnElement[bool], value: Any = None, source: Source = LEGS) -> Figure:
    return Figure(name, source, always, holds(part), value)


FIGURES: tuple[Figure, ...] = (
    _legs("SEIZURES", true()),
    *(_legs(f"SEIZURES.{name.upper()}", _leg.outcome == name) for name in _NETWORK),
    _legs("SEIZURES.FAILED", _leg.outcome.not_in(_NETWORK)),
    _legs("ASR", _leg.outcome == "answered"),
    _legs("NER", _leg.outcome.in_(_NETWORK)),
    _legs("ACD.DURATION", _leg.outcome == "answered", _leg.billed_s, EVERY),
    _legs("PDD", _leg.pdd_s.is_not(None), _leg.pdd_s, EVERY),
    _legs("MOS", _leg.mos.is_not(None), _leg.mos, EVERY),
    _legs("COST", _leg.cost > 0, _leg.cost, EVERY),
)
