"""How many calls a coming day will bring, quarter hour by quarter hour: what like days of the last weeks brought.

Seasonal-naive: the day's shape is the mean of the last days of its kind (weekday, or holiday), its level that of the
last four weeks. Counts are noisy: the range holds the Poisson noise and how much like days differed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pbx.staffing.history import SLOTS, History

LIKE_DAYS = 8  # of one kind, the newest
FEWEST = 2
HOLIDAY = 7  # beside the weekdays 0-6
NORMAL_90 = 1.645  # each side of a range that holds nine of ten

IsHoliday = Callable[[date], bool]


class NotEnough(ValueError):
    """There are too few days to say anything; the text says how many there are."""


@dataclass(slots=True)
class Forecast:
    """Expected calls by quarter hour, and the range of the day's sum that nine of ten such days fall into."""

    day: date
    calls: np.ndarray
    low: float
    high: float
    days: int  # that it rests on

    @property
    def total(self) -> float:
        return float(self.calls.sum())


def kind(day: date, is_holiday: IsHoliday) -> int:
    """What days are alike."""
    return HOLIDAY if is_holiday(day) else day.weekday()


def forecast(past: History, day: date, is_holiday: IsHoliday) -> Forecast:
    """From the days before `day`. A holiday without a forerunner is taken for a Sunday. Raises NotEnough."""
    wanted = kind(day, is_holiday)
    like = _like(past, day, wanted, is_holiday)
    if wanted == HOLIDAY and len(like) < FEWEST:
        like = _like(past, day, 6, is_holiday)
    if len(like) < FEWEST:
        name = "holidays or Sundays" if wanted == HOLIDAY else f"{day:%A}s"
        raise NotEnough(
            f"queue {past.queue!r} has {len(like)} {name} with calls before {day}: two are needed for a forecast; "
            "take more --weeks, or plan such a day by hand (nobody called on one)"
        )
    rows = np.array([past.arrivals[one] for one in like], dtype=float)
    shape = rows.mean(axis=0)
    sums = rows.sum(axis=1)
    level = _level(past, day, like, is_holiday)
    mean = float(shape.sum()) * level
    # The mean of k days is itself uncertain by 1/k of what one day is.
    spread = float(np.sqrt((mean + max(float(sums.var(ddof=1)) - float(sums.mean()), 0.0)) * (1 + 1 / len(like))))
    return Forecast(day, shape * level, max(mean - NORMAL_90 * spread, 0.0), mean + NORMAL_90 * spread, len(like))


def _like(past: History, day: date, wanted: int, is_holiday: IsHoliday) -> list[date]:
    found = [one for one in past.days if one < day and kind(one, is_holiday) == wanted]
    return found[-LIKE_DAYS:]


def _level(past: History, day: date, like: list[date], is_holiday: IsHoliday) -> float:
    """How the last four weeks compare with what their days had in the weeks that `like` spans; 1 with little data."""
    recent = [one for one in past.days if day - timedelta(days=28) <= one < day]
    earlier = [one for one in past.days if like[0] <= one < day]
    ratios = []
    for weekday in range(7):
        now = [int(past.arrivals[one].sum()) for one in recent if kind(one, is_holiday) == weekday]
        then = [int(past.arrivals[one].sum()) for one in earlier if kind(one, is_holiday) == weekday]
        if len(now) >= FEWEST and sum(then) > 0:
            ratios.append((sum(now) / len(now), sum(then) / len(then)))
    if not ratios:
        return 1.0
    level = sum(now for now, _ in ratios) / sum(then for _, then in ratios)
    return min(max(level, 0.5), 2.0)


Method = Callable[[History, date, IsHoliday], Forecast]


def backtest(past: History, days: int, is_holiday: IsHoliday, by: Method = forecast) -> float | None:
    """Weighted absolute error of the quarter hours of the last `days` days, each forecast from those before it.

    None when no day could be forecast. 0.3 means: three calls in ten were in another quarter hour, or did not come.
    """
    missed = seen = 0.0
    for day in past.days[-days:]:
        try:
            expected = by(past, day, is_holiday).calls
        except NotEnough:
            continue
        missed += float(np.abs(expected - past.arrivals[day]).sum())
        seen += float(past.arrivals[day].sum())
    return missed / seen if seen else None


def by_slots(calls: np.ndarray, minutes: int) -> np.ndarray:
    """Quarter hours added up to intervals of `minutes` (15, 30 or 60)."""
    added: np.ndarray = calls.reshape(SLOTS * 15 // minutes, minutes // 15).sum(axis=1)
    return added
