"""The hours that a visitor may choose from: when the site is open, customers may be called, and agents are enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours

LEAD_S = 600.0  # a slot begins so long from now at the earliest
MOST = 96
MOST_LOOKED = 500  # moments: each costs some ten microseconds of the event loop


def slots(
    zone: ZoneInfo,
    now: float,
    *,
    days: int,
    minutes: int,
    hours: OpeningHours | None,
    may_call: Callable[[float], bool],
    taken: Mapping[int, int],
    most: int,
) -> list[int]:
    """Beginnings of slots (UTC seconds) on the wall clock of `zone`, at most MOST. `taken`: requests that have a slot
    already, of which `most` fit into one.
    """
    found: list[int] = []
    looked = 0
    today = datetime.fromtimestamp(now, zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(days)):
        for minute in _minutes(hours, day, minutes):
            at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone).timestamp()
            if at < now + LEAD_S or taken.get(int(at), 0) >= most or (found and at <= found[-1]):
                continue
            looked += 1
            if (hours is None or hours.state(at) == "open") and may_call(at):
                found.append(int(at))
            if len(found) == MOST or looked == MOST_LOOKED:
                return found
    return found


def _minutes(hours: OpeningHours | None, day: date, step: int) -> Iterator[int]:
    """Minutes of a day at which a slot may begin, by the opening hours of that weekday or date."""
    spans = ((0, 1440),) if hours is None else hours.exceptions.get(day, hours.spans[day.weekday()])
    for start, end in spans:
        yield from range(-(-start // step) * step, min(end, 1440), step)
