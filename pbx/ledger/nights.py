"""When nights are reconciled: each local day once, at an hour of the server's zone, those that were missed included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def due(now: float, at: str, zone: ZoneInfo, last: date | None, most: int) -> list[date]:
    """The days whose turn has come, the oldest first. `last`: the day that was done last (None: none ever was, and the
    work begins with yesterday). `most` days are made up for.
    """
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    newest = local.date() - timedelta(days=1 if local >= _at(local.date(), at, zone) else 2)
    first = newest if last is None else max(last + timedelta(days=1), newest - timedelta(days=most - 1))
    return [first + timedelta(days=n) for n in range((newest - first).days + 1)]


def next_at(now: float, at: str, zone: ZoneInfo) -> float:
    """UTC seconds of the next turn after `now`; where the clocks leap over it, the first instant after it."""
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    found = _at(local.date(), at, zone)
    if found.timestamp() <= now:
        found = _at(local.date() + timedelta(days=1), at, zone)
    return found.timestamp()


def _at(day: date, at: str, zone: ZoneInfo) -> datetime:
    hour, _, minute = at.partition(":")
    wall = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)
    return wall.astimezone(UTC).astimezone(zone)
