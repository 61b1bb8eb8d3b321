"""Figures of calls, queued or not."""

from __future__ import annotations

from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.store import schema

_call = schema.cdrs.c
_KEYS = {name: name for name in ("queue", "agent", "trunk", "tag", "direction")}
CALLS = Source(schema.cdrs, "id", "started_us", keys=_KEYS, base=_call.test == "", agent="agent")

FIGURES: tuple[Figure, ...] = (
    Figure("CALLS", CALLS, always, always, _call.duration_s),
    Figure("CALLS.IN", CALLS, holds(_call.direction == "inbound"), always, _call.duration_s),
    Figure("CALLS.ANSWERED", CALLS, always, holds(_call.answered_us.is_not(None)), _call.talk_s),
    Figure("CALLS.INTERRUPTED", CALLS, always, holds(_call.cause == "interrupted"), _call.duration_s),
)
