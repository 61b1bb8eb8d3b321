"""How much a coming day's calls are above or below those of the days that it is made from: growth, or a new level.

Each day is compared with the mean of its kind. Where a straight line through these ratios rises or falls beyond doubt
(three standard errors) in the last eight weeks, it is followed, four weeks ahead at most; otherwise the last four weeks
are the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pbx.staffing.usual import IsHoliday, Usual, kind

FEWEST = 2
RECENT = timedelta(days=28)
LINE = timedelta(days=56)
DOUBT = 3.0  # standard errors
FEWEST_DAYS, LEAST_SPAN = 15, 28
AHEAD_DAYS = 28.0
LOW, HIGH = 1 / 3, 3.0


@dataclass(frozen=True, slots=True)
class Level:
    """`factor` for the mean of the like days; `a_week` is growth, 0 where there is none beyond doubt."""

    factor: float = 1.0
    a_week: float = 0.0


def level(past: Usual, day: date, like: Sequence[date], is_holiday: IsHoliday) -> Level:
    """What the days before `day` say."""
    line = _line(past, is_holiday)
    if line is None:
        return Level(_recent(past, day, like, is_holiday))
    begin, slope, last = line
    ahead = min((day - last).days, AHEAD_DAYS)

    def at(days: float) -> float:
        return 1 + slope * days

    middle = float(np.mean([(one - begin).days for one in like]))
    centre = (last - begin).days
    was = max(at(middle - centre / 2), 0.05)
    comes = max(at(centre / 2 + ahead), 0.05)
    return Level(min(max(comes / was, LOW), HIGH), slope * 7)


def _line(past: Usual, is_holiday: IsHoliday) -> tuple[date, float, date] | None:
    """(first day, growth by day around the middle as a share of it, last day), None where it may be chance."""
    by_kind: dict[int, list[date]] = {}
    for one in past.days:
        if one > max(past.rates) - LINE:
            by_kind.setdefault(kind(one, is_holiday), []).append(one)
    rows = []
    for days in by_kind.values():
        mean = float(np.mean([past.rates[one].sum() for one in days]))
        if mean > 0 and len(days) >= FEWEST:
            rows += [(one, float(past.rates[one].sum()) / mean, mean) for one in days]
    if len(rows) < FEWEST_DAYS:
        return None
    begin, last = min(row[0] for row in rows), max(row[0] for row in rows)
    if (last - begin).days < LEAST_SPAN:
        return None
    t = np.array([(row[0] - begin).days for row in rows]) - (last - begin).days / 2
    y, w = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    t_mean, y_mean = np.average(t, weights=w), np.average(y, weights=w)
    wide = float((w * (t - t_mean) ** 2).sum())
    slope = float((w * (t - t_mean) * (y - y_mean)).sum()) / wide
    left = y - y_mean - slope * (t - t_mean)
    error = float(np.sqrt((w * left**2).sum() / (len(rows) - 2) / wide))
    return (begin, slope, last) if abs(slope) > DOUBT * error and abs(slope) > 1e-6 else None


def _recent(past: Usual, day: date, like: Sequence[date], is_holiday: IsHoliday) -> float:
    """How the last four weeks compare with what their days had in the weeks that `like` spans; 1 with little data."""
    newest = max(past.days)
    until = min(day, newest + timedelta(days=1))
    ratios = []
    for weekday in range(7):
        alike = [one for one in past.days if one < day and kind(one, is_holiday) == weekday]
        now = [float(past.rates[one].sum()) for one in alike if until - RECENT <= one]
        then = [float(past.rates[one].sum()) for one in alike if like[0] <= one]
        if len(now) >= FEWEST and sum(then) > 0:
            ratios.append((sum(now) / len(now), sum(then) / len(then)))
    if not ratios:
        return 1.0
    found = sum(now for now, _ in ratios) / sum(then for _, then in ratios)
    return min(max(found, 0.5), 2.0)
