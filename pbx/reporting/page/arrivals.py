"""When people call: by weekday and quarter hour of the local clock, and how many outside opening hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx.call.hours import OpeningHours
from pbx.reporting.intervals import Interval, local
from pbx.store import schema

SLOT_MIN = 15
SLOTS = 24 * 60 // SLOT_MIN


@dataclass(slots=True)
class Arrivals:
    """Calls in. `counts[weekday][quarter hour]`; `days[weekday]` is how many such days the interval has."""

    counts: list[list[int]] = field(default_factory=lambda: [[0] * SLOTS for _ in range(7)])
    days: list[int] = field(default_factory=lambda: [0] * 7)
    calls: int = 0
    outside: int | None = None  # of opening hours; None when there are none

    def average(self) -> list[list[float]]:
        """Calls of an average week."""
        return [[n / (days or 1) for n in line] for line, days in zip(self.counts, self.days, strict=True)]


def arrivals(
    connection: Connection, interval: Interval, zone: ZoneInfo, hours: Sequence[OpeningHours], now_us: int
) -> Arrivals:
    """A call is outside opening hours when it is outside all of `hours`. Days of the future do not count."""
    call = schema.cdrs.c
    found = Arrivals(outside=0 if hours else None)
    # Counted by the database in pieces in which neither the quarter hour nor the opening changes.
    piece_us = 60_000_000 * (SLOT_MIN if all(one.changes_at(SLOT_MIN) for one in hours) else 1)
    piece = (call.started_us // piece_us).label("piece")
    query = (
        select(piece, func.count())
        .where(call.direction == "inbound", call.test == "")
        .where(call.started_us >= interval.start_us, call.started_us < interval.end_us)
        .group_by(piece)
    )
    for number, count in connection.execute(query):
        at = local(number * piece_us, zone)
        found.counts[at.weekday()][(at.hour * 60 + at.minute) // SLOT_MIN] += count
        found.calls += count
        if found.outside is not None and all(one.state(number * piece_us / 1e6) != "open" for one in hours):
            found.outside += count
    first, last = local(interval.start_us, zone).date(), local(min(interval.end_us, now_us) - 1, zone).date()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        found.days[date.fromordinal(ordinal).weekday()] += 1
    return found
