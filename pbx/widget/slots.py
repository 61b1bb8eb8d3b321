"""The hours that a visitor may choose from: when the site is open, customers may be called, and agents are enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours

LEAD_S = 600.0  # a slot begins so long from now at the earliest
MOST = 96


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
    today = datetime.fromtimestamp(now, zone).date()
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        for minute in range(0, 1440, minutes):
            wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
            at = wall.timestamp()
            if datetime.fromtimestamp(at, UTC).astimezone(zone).hour != minute // 60:
                continue  # the clock is set forward over it
            if at < now + LEAD_S or taken.get(int(at), 0) >= most:
                continue
            if (hours is None or hours.state(at) == "open") and may_call(at):
                found.append(int(at))
                if len(found) == MOST:
                    return found
    return found
