"""Days and hours as people on the spot count them: local time of a zone, right through changes to and from summer
time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_MICRO = 1_000_000
MOST_US = 100 * 366 * 86_400 * _MICRO
YESTERDAY = "yesterday"
_STEP = timedelta(minutes=15)  # every zone's offset of our days is a multiple of it


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start_us` up to, not including, `end_us` (UTC microseconds); `label` is local time."""

    label: str
    start_us: int
    end_us: int

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return (self.end_us - self.start_us) / _MICRO


def which_day(text: str, today: date) -> date:
    """ "yesterday", "today" or a date. ValueError for anything else."""
    if text in (YESTERDAY, "today"):
        return today - timedelta(days=1) if text == YESTERDAY else today
    return date.fromisoformat(text)


def local(us: int, zone: ZoneInfo) -> datetime:
    """A UTC instant in microseconds as local time of `zone`."""
    return datetime.fromtimestamp(us / _MICRO, UTC).astimezone(zone)


def day(when: date, zone: ZoneInfo) -> Interval:
    """The local day: 23 or 25 hours long when the clocks change."""
    return Interval(
        when.isoformat(), _micros(_midnight(when, zone)), _micros(_midnight(when + timedelta(days=1), zone))
    )


def days(last: date, count: int, zone: ZoneInfo) -> Interval:
    """`count` (at least 1) local days up to and including `last`, as one interval."""
    first = last - timedelta(days=count - 1)
    if count == 1:
        return day(last, zone)
    start, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    return Interval(f"{first.isoformat()} to {last.isoformat()}", _micros(start), _micros(end))


def days_around(interval: Interval, zone: ZoneInfo) -> Interval:
    """The whole local days that the interval touches; one that is longer than years has no days, and stays."""
    if interval.end_us - interval.start_us > MOST_US:
        return interval
    first, last = local(interval.start_us, zone).date(), local(interval.end_us - 1, zone).date()
    return Interval(interval.label, _micros(_midnight(first, zone)), _micros(_midnight(last + timedelta(days=1), zone)))


def period(since: str, until: str, zone: ZoneInfo) -> Interval:
    """From `since` to `until`: days (YYYY-MM-DD, the last one included) or instants of ISO 8601, local ones of `zone`
    where they have no offset. ValueError names what is wrong.
    """
    first, last = _instant(since, zone, after=False), _instant(until, zone, after=True)
    if first >= last:
        raise ValueError(f"the period ends ({until}) before it begins ({since})")
    label = since if since == until else f"{since} to {until}"
    return Interval(label, _micros(first), _micros(last))


def _instant(text: str, zone: ZoneInfo, *, after: bool) -> datetime:
    """A day is its first instant, or with `after` that of the next one."""
    try:
        if len(text) <= len("2026-11-21"):
            return _midnight(date.fromisoformat(text) + timedelta(days=after), zone)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no day or instant: write 2026-11-21 or 2026-11-21T09:30") from None


def hours(when: date, zone: ZoneInfo) -> list[Interval]:
    """The hours of the local day, cut where the wall clock shows a full hour.

    An hour that comes twice (autumn) is told apart by its offset; one that the clocks leap over (spring) is not there.
    """
    end = _midnight(when + timedelta(days=1), zone)
    cuts: list[datetime] = [_midnight(when, zone)]
    at = cuts[0] + _STEP
    while at < end:
        if at.astimezone(zone).minute == 0:
            cuts.append(at)
        at += _STEP
    walls = [cut.astimezone(zone) for cut in cuts]
    names = [f"{wall:%H:%M}" for wall in walls]
    labels = [
        f"{name} (UTC{wall:%z})" if names.count(name) > 1 else name for name, wall in zip(names, walls, strict=True)
    ]
    ends = [*cuts[1:], end]
    return [
        Interval(label, _micros(start), _micros(stop)) for label, start, stop in zip(labels, cuts, ends, strict=True)
    ]


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    """The first instant of the local day, in UTC; where midnight is leapt over it is the instant of the leap."""
    return datetime(when.year, when.month, when.day, tzinfo=zone).astimezone(UTC)


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * _MICRO)
