"""How wrong each way of forecasting would have been: past days forecast from those before them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pbx.reporting.proportion import Share
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.forecast import Forecast, IsHoliday, Method, NotEnough
from pbx.staffing.history import History, exposure
from pbx.staffing.usual import usual_days
from pbx.staffing.words import ENGLISH, Say

COLUMNS = (
    Column("model", "Model", Unit.TEXT),
    Column("days", "Days"),
    Column("calls", "Calls"),
    Column("wape_slot", "WAPE\nquarter", Unit.SHARE, "WAPE"),
    Column("wape_hour", "WAPE\nhour", Unit.SHARE, "WAPE"),
    Column("wape_day", "WAPE\nday", Unit.SHARE, "WAPE"),
    Column("bias", "Bias", Unit.SHARE, "BIAS"),
    Column("covered", "In the\nrange", Unit.SHARE, "COVERAGE"),
    Column("covered_low", "from", Unit.SHARE),
    Column("covered_high", "to", Unit.SHARE),
)


@dataclass(slots=True)
class Accuracy:
    """Of one way; all are sums over the days that it could forecast."""

    days: int = 0
    came: float = 0.0
    expected: float = 0.0
    off_slot: float = 0.0  # sum of absolute errors
    off_hour: float = 0.0
    off_day: float = 0.0
    within: int = 0

    def add(self, expected: Forecast, came: np.ndarray) -> None:
        difference = expected.calls - came
        total = float(came.sum())
        self.days += 1
        self.came += total
        self.expected += expected.total
        self.off_slot += float(np.abs(difference).sum())
        self.off_hour += float(np.abs(difference.reshape(24, -1).sum(axis=1)).sum())
        self.off_day += abs(expected.total - total)
        self.within += expected.low <= total <= expected.high

    def wape(self, off: float) -> float | None:
        return off / self.came if self.came else None


def last_week(past: History, day: date, _is_holiday: IsHoliday, _ignored: Collection[date] = ()) -> Forecast:
    """What came on the newest day of its weekday: the yardstick that every method has to beat. Raises NotEnough."""
    before = next((one for weeks in range(1, 10) if (one := day - timedelta(days=7 * weeks)) in past.arrivals), None)
    if before is None:
        raise NotEnough(f"there is no record of a {day:%A} before {day}")
    calls = past.rate(before) * exposure(day, past.zone)
    total, spread = float(calls.sum()), 1.645 * (2 * float(calls.sum())) ** 0.5
    return Forecast(day, calls, max(total - spread, 0.0), total + spread, 1)


def backtest(
    past: History,
    days: int,
    is_holiday: IsHoliday,
    by: Method,
    ignored: Collection[date] = (),
    *,
    ahead: int = 1,
) -> Accuracy:
    """Of the last `days` days with calls, each forecast from the days up to `ahead` days before it."""
    found = Accuracy()
    newest = max(past.days) + timedelta(days=1) if past.days else date.min
    usual = usual_days(past, newest, is_holiday, ignored)
    for day in [one for one in usual.days if past.arrivals[one].any()][-days:]:
        until = day - timedelta(days=ahead - 1)
        known = _until(past, until)
        try:
            found.add(by(known, day, is_holiday, ignored), usual.rates[day] * exposure(day, past.zone))
        except NotEnough:
            continue
    return found


def _until(past: History, before: date) -> History:
    arrivals = {day: counts for day, counts in past.arrivals.items() if day < before}
    return History(past.queue, arrivals, zone=past.zone)


def accuracy_sheet(found: Mapping[str, Accuracy], queue: str, ahead: int, odd: int, say: Say = ENGLISH) -> Sheet:
    """A line for each way, with the number of days behind it."""
    text = say("a_day") if ahead == 1 else say("days", days=ahead)
    left = say("accuracy_odd", days=odd) if odd else ""
    title, columns = say("accuracy", queue=queue), say.columns("accuracy", COLUMNS)
    sheet = Sheet(title, columns, notes=say("accuracy_notes", ahead=text, odd=left))
    for name, one in found.items():
        covered = Share(one.within, one.days)
        bias = (one.expected - one.came) / one.came if one.came else None
        off = [one.wape(value) for value in (one.off_slot, one.off_hour, one.off_day)]
        sheet.rows.append((say(name), one.days, round(one.came), *off, bias, covered.value, *covered.interval))
    return sheet
