"""How many calls a coming day will bring, quarter hour by quarter hour: what like days of the last weeks brought.

Seasonal-naive: the day's shape is the mean of the last days of its kind (weekday, or holiday), its level what
`pbx.staffing.level` says. Counts are noisy: the ranges hold Poisson's noise, how much more than that like days
differed, and that a mean of few days is itself uncertain. Days of the past are those of `pbx.staffing.usual`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from pbx.staffing.history import SLOTS, History, exposure
from pbx.staffing.level import FEWEST, Level, level
from pbx.staffing.spread import beyond_poisson, range_of
from pbx.staffing.usual import HOLIDAY, IsHoliday, Usual, Why, kind, usual_days

__all__ = ["HOLIDAY", "Forecast", "IsHoliday", "Method", "NotEnough", "by_slots", "forecast", "kind"]

LIKE_DAYS = 8  # of one kind, the newest
LEVEL_DAYS = 20.0  # of which the level is the mean
POOLED_DAYS = 2.0  # like days that the shape of all working days is worth


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
    often: np.ndarray = field(default_factory=lambda: np.zeros(SLOTS, dtype=bool))  # quarter hours with calls as a rule
    noise: float = 0.0  # phi of variance = mean + phi * mean^2, of an interval
    pooled: bool = False  # of days of other kinds, because there are too few of its own
    a_week: float = 0.0  # growth
    left_out: dict[date, Why] = field(default_factory=dict)
    gaps: dict[date, int] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return float(self.calls.sum())

    def between(self, calls: float) -> tuple[float, float]:
        """In which the calls of an interval lie on nine of ten such days, when so many are expected."""
        more = 1 + 1 / max(self.days, 1)
        return range_of(calls, (calls + self.noise * calls * calls) * more)


def forecast(past: History, day: date, is_holiday: IsHoliday, ignored: Collection[date] = ()) -> Forecast:
    """From the days before `day`. A holiday without a forerunner is taken for a Sunday, a weekday of a queue that is
    new for a mean working day. Raises NotEnough.
    """
    usual = usual_days(past, day, is_holiday, ignored)
    like = _like(usual, kind(day, is_holiday), is_holiday)
    pooled = len(like) < FEWEST
    if pooled:
        like = _instead(past, usual, day, is_holiday)
    rows = np.array([usual.rates[one] for one in like])
    found = level(usual, day, like, is_holiday)
    once = _shape(usual, rows, day, is_holiday) * found.factor
    calls = once * exposure(day, past.zone)
    low, high = _range(usual, float(calls.sum()), len(like), is_holiday, found)
    noise = beyond_poisson(rows.ravel(), np.tile(rows.mean(axis=0), len(rows)), rows.size / len(rows))
    more = (_often(rows), noise, pooled, found.a_week, usual.left_out, usual.gaps)
    return Forecast(day, calls, low, high, len(like), *more)


def _like(usual: Usual, wanted: int, is_holiday: IsHoliday) -> list[date]:
    return [one for one in usual.days if kind(one, is_holiday) == wanted][-LIKE_DAYS:]


def _instead(past: History, usual: Usual, day: date, is_holiday: IsHoliday) -> list[date]:
    """Days of other kinds, where there are too few of its own."""
    wanted = kind(day, is_holiday)
    others = (6,) if wanted == HOLIDAY else range(5) if wanted < 5 else ()
    like = [one for one in usual.days if kind(one, is_holiday) in others][-LIKE_DAYS:]
    if len(like) >= (FEWEST if wanted == HOLIDAY else 5):
        return like
    have = len(_like(usual, wanted, is_holiday))
    name = "holidays or Sundays" if wanted == HOLIDAY else f"{day:%A}s"
    raise NotEnough(
        f"queue {past.queue!r} has {have} usual {name} before {day}: two are needed for a forecast, or a week of "
        "working days for a working day; take more --weeks, or plan such a day by hand"
    )


def _shape(usual: Usual, rows: np.ndarray, day: date, is_holiday: IsHoliday) -> np.ndarray:
    """The mean of the like days, drawn towards the shape that all working days have: few days are noisy."""
    mean: np.ndarray = rows.mean(axis=0)
    if kind(day, is_holiday) > 4:
        return mean
    working = np.array([usual.rates[one] for one in usual.days if kind(one, is_holiday) < 5])
    shared = working.mean(axis=0)
    whole = float(shared.sum())
    if not whole:
        return mean
    shared = shared * (float(mean.sum()) / whole)
    drawn: np.ndarray = (rows.sum(axis=0) + POOLED_DAYS * shared) / (len(rows) + POOLED_DAYS)
    return drawn


def _range(usual: Usual, mean: float, count: int, is_holiday: IsHoliday, found: Level) -> tuple[float, float]:
    """Of the day's sum, from how all days differ from their kind's mean once growth is taken out."""
    counts, means, kinds = [], [], 0
    for wanted in range(HOLIDAY + 1):
        days = [one for one in usual.days if kind(one, is_holiday) == wanted]
        sums = [float(usual.rates[one].sum()) for one in days]
        if len(sums) < FEWEST or not sum(sums):
            continue
        middle, kinds = sum(sums) / len(sums), kinds + 1
        centre = days[0] + (days[-1] - days[0]) / 2
        counts += sums
        means += [middle * max(1 + found.a_week / 7 * (one - centre).days, 0.05) for one in days]
    extra = beyond_poisson(np.array(counts), np.array(means), kinds + bool(found.a_week))
    return range_of(mean, (mean + extra * mean * mean) * (1 + 1 / count + 1 / LEVEL_DAYS))


Method = Callable[..., Forecast]


def by_slots(calls: np.ndarray, minutes: int) -> np.ndarray:
    """Quarter hours added up to intervals of `minutes` (15, 30 or 60)."""
    added: np.ndarray = calls.reshape(SLOTS * 15 // minutes, minutes // 15).sum(axis=1)
    return added


def _often(rows: np.ndarray) -> np.ndarray:
    """Quarter hours in which calls came on a quarter of these days at least, and on two."""
    count: np.ndarray = (rows > 0).sum(axis=0)
    return np.asarray((count >= FEWEST) & (count >= len(rows) / 4))
