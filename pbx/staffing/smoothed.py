"""The level of a coming day by exponential smoothing (statsforecast's AutoETS), its shape by the default's like days.

AutoETS sees trends and seasons of the week that the mean of four weeks does not; it is an extra, because it brings
pandas and scipy. Holidays are no part of the series: in the past they are taken for a usual day of their weekday, and
a coming one is forecast by the default.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from pbx.staffing.forecast import HOLIDAY, Forecast, IsHoliday, NotEnough, forecast, kind
from pbx.staffing.history import History

WEEK = 7
FEWEST_DAYS = 3 * WEEK
COVERED = 90  # of a hundred days are within the range


class NotInstalled(ValueError):
    """The extra is missing; the text says how to install it."""


def smoothed(past: History, day: date, is_holiday: IsHoliday) -> Forecast:
    """As `forecast`. Raises NotEnough, NotInstalled."""
    usual = forecast(past, day, is_holiday)
    if kind(day, is_holiday) == HOLIDAY or not usual.total:
        return usual
    series, ahead = daily(past, day, is_holiday)
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
    return Forecast(day, usual.calls * (mean / usual.total), low, high, len(series))


def daily(past: History, day: date, is_holiday: IsHoliday) -> tuple[np.ndarray, int]:
    """(calls of each day from the first one on, without a gap; how many days `day` is behind the last one).

    Days without a record and holidays hold the mean of their weekday, 0 where nobody ever called on it.
    """
    known = {one: float(past.arrivals[one].sum()) for one in past.days if one < day}
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
