"""When people call: by weekday and quarter hour of the local clock, and how many outside opening hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, literal_column, select

from pbx.call.hours import OpeningHours
from pbx.reporting.intervals import Interval, local
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.intervals.bins import count, total
from pbx.store.intervals.families import CALLS
from pbx.store.intervals.reading import sums

SLOT_MIN = 15
DAY_US = 86_400_000_000
EPOCH = date(1970, 1, 1).toordinal()
MONDAY = 3  # 1970-01-01 was a Thursday
BUSIEST = 3  # hours
SLOTS = 24 * 60 // SLOT_MIN


@dataclass(slots=True)
class Arrivals:
    """Calls in. `counts[weekday][quarter hour]`; `days[weekday]` is how many such days the interval has."""

    counts: list[list[int]] = field(default_factory=lambda: [[0] * SLOTS for _ in range(7)])
    days: list[int] = field(default_factory=lambda: [0] * 7)
    calls: int = 0
    outside: int | None = None  # of opening hours; None when there are none
    open_hours: list[int] = field(default_factory=lambda: [0] * 24)  # within opening hours, by hour of the local clock

    @property
    def busiest(self) -> tuple[list[int], float | None]:
        """The three busiest hours of the day within opening hours, and their share of the calls of those."""
        inside = sum(self.open_hours)
        top = sorted(sorted(range(24), key=lambda hour: (-self.open_hours[hour], hour))[:BUSIEST])
        return top, sum(self.open_hours[hour] for hour in top) / inside if inside else None

    def average(self) -> list[list[float]]:
        """Calls of an average week."""
        return [[n / (days or 1) for n in line] for line, days in zip(self.counts, self.days, strict=True)]


class WallClock:
    """Local days and minutes of many instants: a day's offset is looked up once, unless it changes in that day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int | None] = {}  # microseconds by day of UTC

    def at(self, at_us: int) -> tuple[int, int]:
        """(days since 1970-01-01, minute of the day) by the local clock."""
        number = at_us // DAY_US
        if number not in self._offsets:
            first, last = self._offset(number * DAY_US), self._offset((number + 1) * DAY_US)
            self._offsets[number] = first if first == last else None
        offset_us = self._offsets[number]
        day, rest = divmod(at_us + (self._offset(at_us) if offset_us is None else offset_us), DAY_US)
        return day, rest // 60_000_000

    def _offset(self, at_us: int) -> int:
        found = local(at_us, self._zone).utcoffset()
        return 0 if found is None else round(found.total_seconds() * 1e6)


class _Door:
    """Opening hours that are asked about a whole year: what is open on a date is looked up once."""

    def __init__(self, hours: OpeningHours) -> None:
        self._hours = hours
        self._spans: dict[int, tuple[tuple[int, int], ...]] = {}
        self.zone = hours.zone

    def open(self, at_us: int, clock: WallClock) -> bool:
        """`clock` is of the hours' zone."""
        if self._hours.named:
            return self._hours.state(at_us / 1e6) == "open"
        day, minute = clock.at(at_us)
        spans = self._spans.get(day)
        if spans is None:
            spans = self._spans[day] = self._hours.open_on(date.fromordinal(EPOCH + day))
        return any(start <= minute < end for start, end in spans)


def arrivals(
    connection: Connection, interval: Interval, zone: ZoneInfo, hours: Sequence[OpeningHours], now_us: int
) -> Arrivals:
    """A call is outside opening hours when it is outside all of `hours`. Days of the future do not count."""
    found = Arrivals(outside=0 if hours else None)
    doors = [_Door(one) for one in hours]
    walls, clocks = WallClock(zone), {one.zone: WallClock(one.zone) for one in hours}
    for at_us, calls in _pieces(connection, interval, hours):
        day, minute = walls.at(at_us)
        found.counts[(day + MONDAY) % 7][minute // SLOT_MIN] += calls
        found.calls += calls
        if found.outside is not None:
            shut = not any(one.open(at_us, clocks[one.zone]) for one in doors)
            found.outside += calls if shut else 0
            if not shut:
                found.open_hours[minute // 60] += calls
    first, last = local(interval.start_us, zone).date(), local(min(interval.end_us, now_us) - 1, zone).date()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        found.days[date.fromordinal(ordinal).weekday()] += 1
    return found


def arrival_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each call in, by weekday (1 is Monday) and quarter hour; counted are those outside opening hours."""
    call = schema.cdrs.c
    doors = [(_Door(one), WallClock(one.zone)) for one in request.hours]
    query = select(call.id, call.started_us).where(
        *(call.direction == "inbound", call.test == ""),
        *(call.started_us >= request.period.start_us, call.started_us < request.period.end_us),
    )
    for ident, at_us in connection.execute(query):
        at = local(at_us, request.zone)
        slot = (at.hour * 60 + at.minute) // SLOT_MIN * SLOT_MIN
        keys = {"weekday": str(at.isoweekday()), "quarter": f"{slot // 60:02}:{slot % 60:02}"}
        marks: dict[str, Mark] = {"ARRIVALS": (True, None)}
        if doors:
            marks["OUTSIDE"] = not any(one.open(at_us, clock) for one, clock in doors), None
        yield Fact(at_us, ident, keys, marks)


def _pieces(connection: Connection, interval: Interval, hours: Sequence[OpeningHours]) -> list[tuple[int, int]]:
    """(instant, calls in) of pieces in which neither the quarter hour nor the opening changes."""
    if all(one.changes_at(SLOT_MIN) for one in hours):
        table = sums(connection, CALLS, interval.start_us, interval.end_us).c
        query = select(table.bin_us, total(table.calls)).where(table.direction == "inbound").group_by(table.bin_us)
    else:
        call = schema.cdrs.c
        piece_us = literal_column("60000000", BigInteger)
        piece = call.started_us // piece_us * piece_us
        query = (
            select(piece, count())
            .where(call.direction == "inbound", call.test == "")
            .where(call.started_us >= interval.start_us, call.started_us < interval.end_us)
            .group_by(piece)
        )
    return [(at_us, calls) for at_us, calls in connection.execute(query).all()]  # at once: half the time
