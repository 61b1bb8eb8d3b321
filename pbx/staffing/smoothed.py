"""The level of a coming day by exponential smoothing (statsforecast's AutoETS), its shape by the default's like days.

AutoETS sees trends and seasons of the week that means do not; it is an extra, because it brings pandas and scipy.
Holidays and days that are left out are no part of the series: they are taken for a usual day of their weekday, and a
coming holiday is forecast by the default.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from pbx.staffing.forecast import HOLIDAY, Forecast, IsHoliday, NotEnough, forecast, kind
from pbx.staffing.history import History
from pbx.staffing.usual import usual_days

WEEK = 7
FEWEST_DAYS = 3 * WEEK
COVERED = 90  # of a hundred days are within the range


class NotInstalled(ValueError):
    """The extra is missing; the text says how to install it."""


def smoothed(past: History, day: date, is_holiday: IsHoliday, ignored: Collection[date] = ()) -> Forecast:
    """As `forecast`. Raises NotEnough, NotInstalled."""
    usual = forecast(past, day, is_holiday, ignored)
    if kind(day, is_holiday) == HOLIDAY or not usual.total:
        return usual
    series, ahead = daily(past, day, is_holiday, ignored)
    if len(series) < FEWEST_DAYS:
        raise NotEnough(
            f"queue {past.queue!r} has {len(series)} days before {day}: --model ets needs {FEWEST_DAYS}; "
            "take more --weeks"
        )
    try:
        from statsforecast.models import AutoETS
    except ImportError:
        raise NotInstalled("statsforecast is missing; install it: pip install 'centrala[forecast]'") from None
    found = AutoETS(season_length=WEEK).fit(series).predict(ahead, level=[COVERED])
    mean, low, high = (max(float(found[name][-1]), 0.0) for name in ("mean", f"lo-{COVERED}", f"hi-{COVERED}"))
    return replace(usual, calls=usual.calls * (mean / usual.total), low=low, high=high, days=len(series), a_week=0.0)


def daily(past: History, day: date, is_holiday: IsHoliday, ignored: Collection[date] = ()) -> tuple[np.ndarray, int]:
    """(calls of each day from the first one on, without a gap; how many days `day` is behind the last one).

    Days that were left out and holidays hold the mean of their weekday, 0 where nobody ever called on it.
    """
    rates = usual_days(past, day, is_holiday, ignored).rates
    known = {one: float(counts.sum()) for one, counts in rates.items()}
    if not known:
        return np.zeros(0), 0
    plain: dict[int, list[float]] = {weekday: [] for weekday in range(WEEK)}
    for one, calls in known.items():
        if not is_holiday(one):
            plain[one.weekday()].append(calls)
    means = {weekday: float(np.mean(values)) if values else 0.0 for weekday, values in plain.items()}
    first, last = min(known), max(known)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    series = [known[one] if one in known and not is_holiday(one) else means[one.weekday()] for one in days]
    return np.array(series), (day - last).days
