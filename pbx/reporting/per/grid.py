"""A period cut into intervals by the local clock, as bounds and as SQL that tells the interval of an instant.

Every instant of the period is in exactly one interval, so counts of the intervals add up to that of the period. A day
on which the clocks change has 23 or 25 hours; the hour that comes twice is two, told apart by their offsets. SQL groups
by cells: every cell lies within one interval, and its first instant tells which one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Row, case, cast, func, literal_column

from pbx.reporting.intervals import Interval, local
from pbx.reporting.per.step import DAY_US, MINUTE_US, Step, begin_of, name_of, next_of
from pbx.reporting.refused import BadRequest

MOST = 50_000  # intervals, and rows of a report
QUARTER_US = 15 * MINUTE_US
MONDAY = 3  # 1970-01-01 was a Thursday
UTC_ZONE = ZoneInfo("UTC")
RUNNING, CUT, EMPTY = "running", "cut", "empty"


@dataclass(frozen=True, slots=True)
class Cell:
    """An interval of a grid. `part`: RUNNING is not over yet; CUT began before the period or ends after it. Of a step
    that folds it is the whole period, and `days` says how many days of it there are in it (EMPTY: none).
    """

    name: str
    span: tuple[int, int]
    part: str = ""
    days: int = 0

    @property
    def interval(self) -> Interval:
        return Interval(self.name, *self.span)


@dataclass(frozen=True, slots=True)
class Grid:
    """`cells` in the order of time. `offsets`: (from, the zone's offset from then on), microseconds. `cuts`: instants
    at which nothing may be added up across; intervals lie between two of them.
    """

    period: Interval
    cells: Sequence[Cell]
    step: Step | None = None  # None: the period is one interval, or what `cuts` make of it
    zone: ZoneInfo = UTC_ZONE
    offsets: Sequence[tuple[int, int]] = ((0, 0),)
    cuts: Sequence[int] = ()

    @property
    def intervals(self) -> list[Interval]:
        return [cell.interval for cell in self.cells]

    def group(self, at_us: ColumnElement[int]) -> list[ColumnElement[Any]]:
        """What to group rows by; nothing where there is one interval."""
        found: list[ColumnElement[Any]] = []
        if self.step is not None:
            found.append(self._cell(at_us))
        if self.cuts:
            found.append(case(*((at_us < cut, at) for at, cut in enumerate(self.cuts)), else_=len(self.cuts)))
        return found

    def first(self, at_us: ColumnElement[int]) -> ColumnElement[int]:
        """To be selected first of each group: from it `split` knows the interval."""
        return func.min(at_us)

    def split(self, row: Row[Any]) -> tuple[int, tuple[Any, ...]]:
        """The number of the interval that a group belongs to, and the rest of the row."""
        rest: tuple[Any, ...] = tuple(row)[1:]
        return (self.index(row[0]) if len(self.cells) > 1 else 0), rest

    def index(self, at_us: int) -> int:
        """The number of the interval of an instant of the period."""
        if self.step is not None and self.step.folds:
            at = local(at_us, self.zone)
            return at.weekday() if self.step is Step.WEEKDAY else at.hour
        return max(bisect_right(self.cells, at_us, key=_begin) - 1, 0)

    def cut(self, at: Sequence[int]) -> Grid:
        """The same, with further cuts. Not for a step that folds."""
        inside = sorted({one for one in at if self.period.start_us < one < self.period.end_us})
        if not inside:
            return self
        cells = []
        for cell in self.cells:
            (start, end), name = cell.span, cell.name
            edges = [start, *(one for one in inside if start < one < end), end]
            cells += [Cell(name, edge, cell.part) for edge in pairwise(edges)]
        return Grid(self.period, cells, self.step, self.zone, self.offsets, tuple(inside))

    def text(self, at: str) -> str:
        """The cell of an instant as SQL of DuckDB; `at` is an expression."""
        if self.step is None:
            return "'all'"
        cases = "".join(f" WHEN {at} < {until} THEN {offset}" for until, offset in self._ends())
        shift = f"CASE{cases} ELSE {self.offsets[-1][1]} END" if cases else str(self.offsets[-1][1])
        unit = min(self.step.length_us, DAY_US)
        number = f"({at} + {shift}) // {unit}"
        return f"({number} * {unit} - {shift})" if self.step.in_day else f"({number})"

    def _cell(self, at_us: ColumnElement[int]) -> ColumnElement[int]:
        """A whole number that is the same for all instants of a cell. Of a step within a day it is the instant at which
        the cell would begin by the offset that holds in it; of others the local day or week.
        """
        step = self.step
        assert step is not None
        shift = self._offset(at_us)
        if step.in_day and not step.folds:
            unit = _whole(step.length_us)
            return (at_us + shift) // unit * unit - shift
        if step is Step.HOUR_OF_DAY:
            return (at_us + shift) // _whole(step.length_us) % _whole(24)
        number = (at_us + shift) // _whole(DAY_US)
        if step is Step.WEEKDAY:
            return (number + _whole(MONDAY)) % _whole(7)
        return (number + _whole(MONDAY)) // _whole(7) if step is Step.WEEK else number

    def _offset(self, at_us: ColumnElement[int]) -> ColumnElement[int]:
        ends = self._ends()
        last = _whole(self.offsets[-1][1])
        if not ends:
            return last
        return cast(case(*((at_us < _whole(until), _whole(offset)) for until, offset in ends), else_=last), BigInteger)

    def _ends(self) -> list[tuple[int, int]]:
        """(until, the offset that holds until then), without the last one."""
        return [(after[0], before[1]) for before, after in pairwise(self.offsets)]


def whole(period: Interval) -> Grid:
    """The period as one interval."""
    return Grid(period, [Cell(period.label, (period.start_us, period.end_us))])


def grid_of(period: Interval, step: Step, zone: ZoneInfo, now_us: int) -> Grid:
    """The period in intervals; those of the future are left out. Raises BadRequest where they are too many."""
    end_us = min(period.end_us, max(now_us, period.start_us) + 1)
    count = (end_us - period.start_us) // step.length_us + 2
    if count > MOST and not step.folds:
        fits = next((one for one in Step if (end_us - period.start_us) // one.length_us < MOST), Step.YEAR)
        raise BadRequest(
            f"per {step.value} this period has some {count} intervals, and {MOST} is the most: ask for a shorter "
            f"period, or per {fits.value}"
        )
    try:
        offsets = _offsets(period.start_us, end_us, zone)
        if step.folds:
            return Grid(period, _folded(period, end_us, step, zone, now_us), step, zone, offsets)
        starts = _clock_starts(offsets, end_us, step) if step.in_day else _day_starts(period, end_us, step, zone)
    except (OverflowError, ValueError):
        raise BadRequest("the period reaches beyond the calendar: ask for a shorter one") from None
    return Grid(period, list(_cells(period, starts, step, zone, now_us)), step, zone, offsets)


def _cells(period: Interval, starts: Sequence[int], step: Step, zone: ZoneInfo, now_us: int) -> list[Cell]:
    """`starts` go one beyond the period; the first one may be before it."""
    found = []
    for start, end in pairwise(starts):
        part = CUT if start < period.start_us or end > period.end_us else ""
        part = RUNNING if min(end, period.end_us) > now_us else part
        span = max(start, period.start_us), min(end, period.end_us)
        found.append(Cell(name_of(local(start, zone), step), span, part))
    return found


def _day_starts(period: Interval, end_us: int, step: Step, zone: ZoneInfo) -> list[int]:
    first = begin_of(local(period.start_us, zone).date(), step)
    starts = [_midnight_us(first, zone)]
    while starts[-1] < end_us:
        first = next_of(first, step)
        starts.append(_midnight_us(first, zone))
    return starts


def _clock_starts(offsets: Sequence[tuple[int, int]], end_us: int, step: Step) -> list[int]:
    """Where the wall clock shows a whole step, and where it is set."""
    unit = step.length_us
    spans = [*offsets, (end_us, 0)]
    starts: list[int] = []
    for (begin, offset), (end, _) in pairwise(spans):
        at = (begin + offset) // unit * unit - offset
        if starts:  # the clocks were set: what was running ends here, unless it goes on
            at = begin if at < begin else at
        while at < end:
            starts.append(at)
            at = (at + offset) // unit * unit - offset + unit
    return [*starts, at]


def _folded(period: Interval, end_us: int, step: Step, zone: ZoneInfo, now_us: int) -> list[Cell]:
    """All weekdays or hours; those that the period does not have are EMPTY."""
    days = [date.fromordinal(number) for number in _dates(period, end_us, zone)]
    part = RUNNING if period.end_us > now_us else ""
    span = (period.start_us, end_us)
    if step is Step.WEEKDAY:
        counts = [sum(one.weekday() == number for one in days) for number in range(7)]
        names = [str(number + 1) for number in range(7)]
    else:
        names = [f"{hour:02}" for hour in range(24)]
        counts = [len(days)] * 24
    return [Cell(name, span, part if count else EMPTY, count) for name, count in zip(names, counts, strict=True)]


def _dates(period: Interval, end_us: int, zone: ZoneInfo) -> range:
    """The local dates that the period touches, as their ordinals."""
    first, last = (local(at, zone).date().toordinal() for at in (period.start_us, end_us - 1))
    return range(first, last + 1)


def _offsets(start_us: int, end_us: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Every offset of the time with the quarter of an hour in which it begins; the first one holds from the start."""
    found = [(start_us, _offset_us(start_us, zone))]
    day = start_us // DAY_US * DAY_US
    while day < end_us:
        if _offset_us(day, zone) != _offset_us(day + DAY_US, zone):
            for at in range(max(day, start_us // QUARTER_US * QUARTER_US), min(day + DAY_US, end_us) + 1, QUARTER_US):
                if at > start_us and _offset_us(at, zone) != found[-1][1]:
                    found.append((at, _offset_us(at, zone)))
        day += DAY_US
    return found


def _offset_us(at_us: int, zone: ZoneInfo) -> int:
    found = local(at_us, zone).utcoffset()
    return 0 if found is None else round(found.total_seconds()) * 1_000_000


def _midnight_us(when: date, zone: ZoneInfo) -> int:
    return round(datetime(when.year, when.month, when.day, tzinfo=zone).astimezone(UTC).timestamp()) * 1_000_000


def _begin(cell: Cell) -> int:
    return cell.span[0]


def _whole(number: int) -> ColumnElement[int]:
    """Written into the statement: PostgreSQL takes two parameters for different expressions where rows are grouped."""
    return literal_column(str(number), BigInteger)
