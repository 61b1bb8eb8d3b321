"""Dates and times as bills, logs and spreadsheets write them, and whether a file puts the day or the month first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100
Order = Literal["dmy", "mdy"]

_MONTHS = (
    *("jan sty янв", "feb lut фев", "mar mar мар", "apr kwi апр", "may maj мая", "jun cze июн", "jul lip июл"),
    *("aug sie авг", "sep wrz сен", "oct paź окт", "nov lis ноя", "dec gru дек"),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()} | {"май": 5, "paz": 10}
_CLOCK = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
_NUMBERS = re.compile(rf"(\d{{1,4}})([-./])(\d{{1,2}})\2(\d{{2,4}})(?:(?:\s*,\s*|[T\s]\s*){_CLOCK})?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})[T\s]?(\d{2}):?(\d{2}):?(\d{2})?")
_NAMED = re.compile(
    rf"(?:\w{{2,}}\.?,?\s+)?(\d{{1,2}})[\s-]+([^\W\d]{{3,}})\.?[\s-]+(\d{{4}})(?:\s?г\.?)?,?\s+{_CLOCK}"
)
_AMERICAN = re.compile(rf"(?:\w{{2,}}\.?,?\s+)?([^\W\d]{{3,}})\.?\s+(\d{{1,2}}),?\s+(\d{{4}}),?\s+{_CLOCK}")
_CLOCK_FIRST = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)[,\s]+(\d{1,4}[-./]\d{1,2}[-./]\d{2,4})")
_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}[T ].*(?:Z|[+-]\d{2}:?\d{2})")
_TWO_NUMBERS = re.compile(r"\s*(\d{1,2})[-./](\d{1,2})[-./]\d{2,4}\b")


@dataclass(slots=True)
class Days:
    """What the dates of a file say of their order: lines that fit one order alone, and those that fit both."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    example: str = ""  # of a date that fits both

    @property
    def order(self) -> Order:
        return "mdy" if self.month_first > self.day_first else "dmy"

    @property
    def doubt(self) -> bool:
        """Nothing in the file says which it is."""
        return bool(self.either) and not (self.day_first or self.month_first)


def order_of(cells: Iterable[str]) -> Days:
    """Of a whole column: a number over twelve in one place tells the order of all."""
    found = Days()
    for cell in cells:
        told = _TWO_NUMBERS.match(cell)
        if told is None:
            continue
        first, second = int(told[1]), int(told[2])
        if first > 12:
            found.day_first += 1
        elif second > 12:
            found.month_first += 1
        elif first != second:
            found.either += 1
            found.example = found.example or cell.strip()
    return found


_EPOCH = re.compile(r"\d{9,10}(\.\d+)?")
_FINER = re.compile(r"\d{13}|\d{16}")


def instant(text: str, zone: ZoneInfo, order: Order = "dmy") -> float:
    """UTC seconds. Without an offset it is the zone's clock, of an hour that comes twice the first. Or ValueError."""
    if len(text) == 19 and text[4] == "-" and text[:4].isdigit():  # of most files
        try:
            found = datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
        except ValueError:
            raise ValueError(f"{text!r} is no date with a time") from None
        if EARLIEST <= found < LATEST:
            return found
    text = " ".join(text.split())
    if _EPOCH.fullmatch(text):
        found = float(text)
    elif _FINER.fullmatch(text):
        found = float(text[:10])
    elif _OFFSET.fullmatch(text):
        found = datetime.fromisoformat(text).timestamp()
    else:
        try:
            found = wall_clock(text, order).replace(tzinfo=zone).timestamp()
        except ValueError as error:
            raise ValueError(f"{text!r} is no date with a time: {error}") from None
    if not EARLIEST <= found < LATEST:
        raise ValueError(f"{text!r} is not between the years 2000 and 2100")
    return found


def wall_clock(text: str, order: Order = "dmy") -> datetime:
    """What the clock showed; ValueError for what is no date with a time."""
    turned = _CLOCK_FIRST.fullmatch(text)
    if turned is not None:
        text = f"{turned[2]} {turned[1]}"
    found = _NUMBERS.fullmatch(text)
    if found is not None:
        first, mark, second, third, *clock = found.groups()
        return _at(_numbers((first, second, third), mark, order), clock)
    found = _PACKED.fullmatch(text)
    if found is not None:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, second)
    for pattern, day, month in ((_NAMED, 1, 2), (_AMERICAN, 2, 1)):
        found = pattern.fullmatch(text)
        if found is not None and found[month][:3].casefold() in MONTHS:
            return _at((int(found[3]), MONTHS[found[month][:3].casefold()], int(found[day])), found.groups()[3:])
    raise ValueError("write 2026-03-02 10:00:00")


def _numbers(parts: tuple[str, str, str], mark: str, order: Order) -> tuple[int, int, int]:
    """(year, month, day): the year stands first where it has four digits."""
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        return first, second, third
    if len(parts[0]) > 2 or len(parts[2]) == 3:
        raise ValueError("no year in it")
    year = third if len(parts[2]) == 4 else 2000 + third
    # A point between the numbers is never an American date.
    return (year, first, second) if order == "mdy" and mark != "." else (year, second, first)


def _at(date: tuple[int, int, int], clock: list[str | None] | tuple[str | None, ...]) -> datetime:
    hour, minute, second, half = clock
    if hour is None or minute is None:
        raise ValueError("it is a date without a time")
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            raise ValueError(f"{hours} {half}m is no hour")
        hours = hours % 12 + (12 if half in "pP" else 0)
    return datetime(*date, hours, int(minute), int(second or 0))


def utc(at: float) -> str:
    """For people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
