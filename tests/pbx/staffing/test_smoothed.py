"""Exponential smoothing as an extra: the series that it is given, what is made of its answer, and the real one."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pbx.staffing.accuracy import backtest, last_week
from pbx.staffing.forecast import NotEnough
from pbx.staffing.history import SLOTS, History
from pbx.staffing.smoothed import NotInstalled, daily, smoothed

MONDAY = date(2026, 9, 7)
HOLIDAYS = {date(2026, 9, 16)}


def is_holiday(day: date) -> bool:
    return day in HOLIDAYS


def past(days: int, grows: float = 0.0) -> History:
    """From 10 calls at ten o'clock on Mondays to 14 on Fridays; nobody calls at weekends."""
    found = History("sales")
    for number in range(days):
        day = MONDAY + timedelta(days=number)
        if day.weekday() < 5:
            counts = np.zeros(SLOTS, dtype=np.int64)
            counts[40] = round((10 + day.weekday()) * (1 + grows * number))
            found.arrivals[day] = counts
    return found


class Fake:
    """Stands for AutoETS: expects twice what came a week before."""

    given: list[np.ndarray] = []

    def __init__(self, season_length: int) -> None:
        assert season_length == 7

    def fit(self, series: np.ndarray) -> Fake:
        self.given.append(series)
        self.series = series
        return self

    def predict(self, ahead: int, level: list[int]) -> dict[str, np.ndarray]:
        assert level == [90]
        mean = np.array([2 * self.series[-7 + n % 7] for n in range(ahead)])
        return {"mean": mean, "lo-90": mean - 100, "hi-90": mean + 5}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    module: Any = ModuleType("statsforecast.models")
    module.AutoETS = Fake
    monkeypatch.setitem(sys.modules, "statsforecast", ModuleType("statsforecast"))
    monkeypatch.setitem(sys.modules, "statsforecast.models", module)
    Fake.given.clear()
    return Fake


def test_the_series_has_no_gap_and_no_holiday() -> None:
    known = past(14)
    del known.arrivals[MONDAY + timedelta(days=8)]  # the system was off on a Tuesday
    known.arrivals[date(2026, 9, 16)][40] = 1
    series, ahead = daily(known, MONDAY + timedelta(days=14), is_holiday)
    assert series.tolist() == [10, 11, 12, 13, 14, 0, 0, 10, 11, 12, 13, 14]
    assert ahead == 3


def test_its_level_and_the_usual_shape(fake: type[Fake]) -> None:
    wednesday = MONDAY + timedelta(days=30)
    assert wednesday.weekday() == 2
    found = smoothed(past(28), wednesday, is_holiday)
    assert found.total == pytest.approx(24)
    assert found.calls[40] == pytest.approx(24)
    assert (found.low, found.high) == (0.0, 29.0)
    assert len(fake.given[0]) == 26


def test_a_holiday_is_left_to_the_default_and_little_is_refused(fake: type[Fake]) -> None:
    HOLIDAYS.add(MONDAY + timedelta(days=30))
    try:
        with pytest.raises(NotEnough):
            smoothed(past(28), MONDAY + timedelta(days=30), is_holiday)
    finally:
        HOLIDAYS.discard(MONDAY + timedelta(days=30))
    with pytest.raises(NotEnough, match="take more --weeks"):
        smoothed(past(14), MONDAY + timedelta(days=14), is_holiday)
    assert not fake.given


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    with pytest.raises(NotInstalled, match=r"centrala\[forecast\]"):
        smoothed(past(28), MONDAY + timedelta(days=28), is_holiday)


def test_the_real_one_follows_growth_better_than_last_week() -> None:
    pytest.importorskip("statsforecast")
    growing = past(84, grows=0.03)
    better, usual = (backtest(growing, 10, is_holiday, by) for by in (smoothed, last_week))
    assert better.off_slot < usual.off_slot
