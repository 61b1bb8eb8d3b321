"""Days and instants as tables write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)
ORDERS = ("dmy", "mdy")
_ISO = re.compile(r"^([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})$")
_LOCAL = re.compile(r"^([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})$")
_CLOCK = re.compile(
    r"^(.*?)[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)? ?([AaPp][Mm])? ?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
)


class DateError(ValueError):
    """A cell is no day or no instant; the text says why."""


def day_order(cells: Iterable[str]) -> str:
    """Whether a column writes the day or the month first: "dmy", "mdy", or "" when the cells leave it open."""
    found: set[str] = set()
    for cell in cells:
        clock = _CLOCK.match(cell.strip())
        local = _LOCAL.match(clock[1] if clock else cell.strip())
        if local is None:
            continue
        if local[2] == "." or int(local[1]) > 12:  # dots are only written where the day comes first
            found.add("dmy")
        elif int(local[3]) > 12:
            found.add("mdy")
    return found.pop() if len(found) == 1 else ""


def read_day(text: str, order: str = "") -> date:
    """A day. `order` is that of the column. Raises DateError."""
    plain = text.strip()
    iso, local = _ISO.match(plain), _LOCAL.match(plain)
    if iso is not None:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
    elif local is not None:
        first, second, year = int(local[1]), int(local[3]), int(local[4])
        year += 2000 if year < 100 else 0
        way = "dmy" if local[2] == "." or first > 12 else order or ("dmy" if first == second else "")
        if not way:
            raise DateError(f'{plain!r} can be read in two ways: say "dmy" or "mdy"')
        day, month = (first, second) if way == "dmy" else (second, first)
    else:
        raise DateError(f"{plain[:40]!r} is no day; write 2026-11-22" if plain else "the day is missing")
    try:
        found = date(year, month, day)
    except ValueError:
        raise DateError(f"{plain!r} is no day of the calendar") from None
    if not FIRST <= found < LAST:
        raise DateError(f"{plain!r} is not of this century")
    return found


def read_instant(text: str, zone: ZoneInfo, order: str = "") -> int:
    """An instant as UTC microseconds: a day with a clock time, of `zone` where it names no offset, or Unix seconds.

    Raises DateError.
    """
    plain = text.strip()
    if re.fullmatch(r"[0-9]{9,10}(\.[0-9]+)?", plain):
        return round(float(plain) * 1e6)
    if re.fullmatch(r"[0-9]{13}|[0-9]{16}", plain):
        return int(plain) * (1000 if len(plain) == 13 else 1)
    ga = re.fullmatch(r"([0-9]{8})([0-9]{2})([0-9]{2})", plain)  # GA's "dateHourMinute"
    if ga is not None:
        plain = f"{ga[1]} {ga[2]}:{ga[3]}"
    found = _CLOCK.match(plain)
    if found is None:
        when = read_day(plain, order)
        return _micros(datetime(when.year, when.month, when.day, tzinfo=zone))
    when = read_day(found[1], order)
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
    if found[5]:
        hour = hour % 12 + (12 if found[5].lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60:
        raise DateError(f"{plain[:40]!r} is no time of day")
    offset = UTC if found[6] == "Z" else datetime.strptime(found[6], "%z").tzinfo if found[6] else zone
    return _micros(datetime(when.year, when.month, when.day, hour, minute, min(second, 59), tzinfo=offset))


def _micros(instant: datetime) -> int:
    return round(instant.astimezone(UTC).timestamp() * 1e6)
