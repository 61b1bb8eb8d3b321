"""Figures of calls, queued or not, and of their steps through flows."""

from __future__ import annotations

from sqlalchemy import func, literal_column, select

from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.reporting.opened.origins import origins
from pbx.store import schema
from pbx.store.intervals.bins import json_key
from pbx.store.intervals.families import BLOCK_KIND

_call = schema.cdrs.c
_KEYS = {name: name for name in ("queue", "agent", "trunk", "tag", "direction")} | {"number": "did"}
_known = origins(_call.id, _call.started_us)
_TOLD = {name: _known[name] for name in ("source", "medium", "campaign")}
CALLS = Source(schema.cdrs, "id", "started_us", keys=_KEYS, base=_call.test == "", agent="agent", told=_TOLD)
_step = schema.journey.c
_BLOCK = ("flow", "block", "exit")
_steps = (
    select(
        *(_step.call_id, _step.at_us),
        *(func.coalesce(json_key(_step.data, name), literal_column("''")).label(name) for name in _BLOCK),
    )
    .where(_step.kind == BLOCK_KIND)
    .subquery("flow_steps")
)
STEPS = Source(_steps, "call_id", "at_us", keys={name: name for name in _BLOCK})

FIGURES: tuple[Figure, ...] = (
    Figure("CALLS", CALLS, always, always, _call.duration_s),
    Figure("CALLS.IN", CALLS, holds(_call.direction == "inbound"), always, _call.duration_s),
    Figure("CALLS.ANSWERED", CALLS, always, holds(_call.answered_us.is_not(None)), _call.talk_s),
    Figure("FLOW.STEPS", STEPS, always, always),
    Figure("FLOW.EXIT", STEPS, always, always, within=frozenset({"exit"})),
    Figure("CALLS.INTERRUPTED", CALLS, always, holds(_call.cause == "interrupted"), _call.duration_s),
)
