"""What the past cannot know: campaigns, messages to many, a day that is shut; given by whoever plans.

2026-11-27=1.5                    half as many again, all day
2026-11-27T10:00-13:00=1.3        in these hours
2026-11-27T10:00-13:00=+120       a hundred and twenty calls more in these hours
2026-12-24=0                      shut
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from pbx.staffing.forecast import Forecast
from pbx.staffing.history import SLOT_S, SLOTS
from pbx.staffing.spread import NORMAL, range_of

_FORM = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)-(\d\d):(\d\d))?=(\+?)(\d{1,6}(?:\.\d{1,4})?)")
MOST_FACTOR = 100.0


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """In quarter hours `begin` to before `end` of a day: `factor` times the calls, and `calls` more."""

    day: date
    begin: int = 0
    end: int = SLOTS
    factor: float = 1.0
    calls: float = 0.0


def planned_event(text: str) -> PlannedEvent:
    """Of one --event. Raises ValueError with what to write."""
    found = _FORM.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        day = date.fromisoformat(found[1])
        hours = [int(found[n] or 0) for n in range(2, 6)]
        begin, end = ((3600 * hours[n] + 60 * hours[n + 1]) // SLOT_S for n in (0, 2))
        end = end if found[2] else SLOTS
        value = float(found[7])
        quarters = hours[1] % 15 == hours[3] % 15 == 0
        if not (quarters and hours[1] < 60 and hours[3] < 60 and 0 <= begin < end <= SLOTS):
            raise ValueError
        if not found[6] and value > MOST_FACTOR:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{text!r} is no event: write DATE=FACTOR (2026-11-27=1.5), with hours in quarters "
            "2026-11-27T10:00-13:00=1.5, or calls more 2026-11-27T10:00-13:00=+120; a factor is "
            f"{MOST_FACTOR:g} at most"
        ) from None
    return PlannedEvent(day, begin, end, calls=value) if found[6] else PlannedEvent(day, begin, end, factor=value)


def with_events(found: Forecast, events: Sequence[PlannedEvent]) -> Forecast:
    """The same day with what is planned for it: factors first, then calls, spread evenly over their hours."""
    today = [one for one in events if one.day == found.day]
    if not today:
        return found
    calls = found.calls.copy()
    for one in today:
        calls[one.begin : one.end] *= one.factor
    scale = float(calls.sum()) / found.total if found.total else 1.0
    more = 0.0
    for one in today:
        calls[one.begin : one.end] += one.calls / (one.end - one.begin)
        more += one.calls
    spread = (found.high - found.low) / 2 / NORMAL * scale
    mean = float(calls.sum())
    low, high = range_of(mean, spread * spread + more) if mean else (0.0, 0.0)
    often = found.often | np.array(calls >= 0.5)
    return replace(found, calls=calls, low=low, high=high, often=often)
