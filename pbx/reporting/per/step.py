"""How long the intervals of a report are, and what one of them is called: ISO 8601 by the local clock."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000


class Step(StrEnum):
    """What stands behind `per`. The last two put all days of a period together."""

    QUARTER_HOUR = "15min"
    HALF_HOUR = "30min"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # ISO 8601: from Monday
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    WEEKDAY = "weekday"  # 1 is Monday
    HOUR_OF_DAY = "hour-of-day"

    @property
    def length_us(self) -> int:
        """Of one that the clocks do not change in; of months, quarters and years the shortest."""
        return _LENGTHS[self]

    @property
    def in_day(self) -> bool:
        """Shorter than a day: cut by the wall clock, not by dates."""
        return self.length_us < DAY_US

    @property
    def folds(self) -> bool:
        """All days of a period are put together."""
        return self in (Step.WEEKDAY, Step.HOUR_OF_DAY)

    @property
    def rank(self) -> int:
        """Shorter ones have a lower one; what folds has that of what it folds."""
        return _RANKS.index({Step.WEEKDAY: Step.DAY, Step.HOUR_OF_DAY: Step.HOUR}.get(self, self))


_RANKS = tuple(step for step in Step if not step.folds)
_LENGTHS = {
    Step.QUARTER_HOUR: 15 * MINUTE_US,
    Step.HALF_HOUR: 30 * MINUTE_US,
    Step.HOUR: 60 * MINUTE_US,
    Step.DAY: DAY_US,
    Step.WEEK: 7 * DAY_US,
    Step.MONTH: 28 * DAY_US,
    Step.QUARTER: 90 * DAY_US,
    Step.YEAR: 365 * DAY_US,
    Step.WEEKDAY: DAY_US,
    Step.HOUR_OF_DAY: 60 * MINUTE_US,
}


def begin_of(when: date, step: Step) -> date:
    """The first day of the interval of days that a date lies in."""
    if step is Step.WEEK:
        return date.fromordinal(when.toordinal() - when.weekday())
    if step is Step.MONTH:
        return when.replace(day=1)
    if step is Step.QUARTER:
        return when.replace(month=(when.month - 1) // 3 * 3 + 1, day=1)
    return when.replace(month=1, day=1) if step is Step.YEAR else when


def next_of(first: date, step: Step) -> date:
    """The first day of the interval after the one that begins on `first`. OverflowError after the year 9999."""
    if step in (Step.DAY, Step.WEEK):
        return date.fromordinal(first.toordinal() + (7 if step is Step.WEEK else 1))
    months = {Step.MONTH: 1, Step.QUARTER: 3, Step.YEAR: 12}[step]
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError
    return date(year, month + 1, 1)


def name_of(begin: datetime, step: Step) -> str:
    """What the interval that begins there is called: 2026-10-25T02:00+02:00, 2026-10-25, 2026-W43, 2026-10, 2026-Q4,
    2026. `begin` is local time, on the grid of the step.
    """
    if step.in_day:
        return begin.isoformat(timespec="minutes")
    if step is Step.WEEK:
        year, week, _ = begin.isocalendar()
        return f"{year}-W{week:02}"
    if step is Step.QUARTER:
        return f"{begin.year}-Q{(begin.month + 2) // 3}"
    return begin.date().isoformat()[: {Step.YEAR: 4, Step.MONTH: 7}.get(step, 10)]
