"""How far a forecast reaches beyond the days that are known, and what of that anything was ever measured of.

The past days on which a forecast is tried are forecast from as far before them as the asked ones are, five weeks at
most, which holds the next four weeks on any day. What is beyond is said beside the figures; beyond a year nothing is
forecast.
"""

from __future__ import annotations

from datetime import date

from pbx.staffing.history import History
from pbx.staffing.words import ENGLISH, Say

MEASURED_DAYS = 35  # ahead
MOST_DAYS = 366


def days_ahead(past: History, last: date) -> int:
    """Of the last day to plan beyond the last one that is known, 1 at least. Raises ValueError beyond a year."""
    if not past.arrivals:
        return 1  # the forecast itself says that it has nothing to go by
    newest = max(past.arrivals)
    ahead = (last - newest).days
    if ahead > MOST_DAYS:
        raise ValueError(
            f"{last} is {ahead} days after {newest}, the last day whose calls of queue {past.queue!r} are known: "
            f"beyond {MOST_DAYS} days no forecast is made; name an earlier day, or plan that one by hand (--need)"
        )
    return max(ahead, 1)


def beyond_measured(past: History, last: date, say: Say = ENGLISH) -> str:
    """What to say beside a forecast that reaches further than any that was tried; "" for one that does not."""
    ahead = days_ahead(past, last)
    if ahead <= MEASURED_DAYS:
        return ""
    return say("beyond", last=last, ahead=ahead, newest=max(past.arrivals), most=MEASURED_DAYS)
