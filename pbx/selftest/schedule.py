"""When a test runs next: by interval, at times of the day on the server's clock, or both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def clock_time(text: str) -> time:
    """ "07:45". ValueError for anything else."""
    hour, colon, minute = text.partition(":")
    if not colon or not (hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise ValueError(f"{text!r} is no time of the day")
    return time(int(hour), int(minute))


def next_run(now: float, *, last: float, every_s: float, at: Sequence[str], zone: ZoneInfo) -> float | None:
    """UTC seconds of the first run after `now`; None: never by itself. `last` is when it ran last, or the start."""
    found = [max(last + every_s, now)] if every_s else []
    local = datetime.fromtimestamp(now, zone)
    for text in at:
        for days in (0, 1):
            moment = datetime.combine(local.date() + timedelta(days=days), clock_time(text), zone).timestamp()
            if moment > now:
                found.append(moment)
                break
    return min(found, default=None)
