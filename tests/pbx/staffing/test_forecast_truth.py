"""Forecasts against synthetic truth: growth, outages, floods, clocks, new and small queues, coverage of the range."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pbx.staffing.accuracy import Accuracy, backtest, last_week
from pbx.staffing.demand import Terms, day_need
from pbx.staffing.events import planned_event, with_events
from pbx.staffing.forecast import forecast
from pbx.staffing.handling import handling_by_slot
from pbx.staffing.history import SLOTS, History, exposure
from pbx.staffing.requirement import Target
from pbx.staffing.spread import range_of
from pbx.staffing.usual import usual_days

MONDAY = date(2026, 1, 5)
WARSAW = ZoneInfo("Europe/Warsaw")
SHAPE = np.array([0.0] * 32 + [1.0] * 8 + [3.0] * 12 + [1.0] * 20 + [0.0] * 24)
WEEK = np.array([1.3, 1.1, 1.0, 1.0, 0.9, 0.3, 0.0])


def no_holiday(_day: date) -> bool:
    return False


def made(days: int, calls: float, *, grows: float = 0.0, varies: float = 0.0, seed: int = 1) -> History:
    """`calls` on a mean working day, growing by `grows` a week; days differ by a gamma factor of that deviation."""
    random, past = np.random.default_rng(seed), History("sales")
    for number in range(days):
        factor = random.gamma(1 / varies**2, varies**2) if varies else 1.0
        mean = calls * WEEK[number % 7] * (1 + grows) ** (number / 7) * factor * SHAPE / SHAPE.sum()
        past.arrivals[MONDAY + timedelta(days=number)] = random.poisson(mean).astype(float)
    past.handled = np.column_stack((random.integers(32, 72, 2000), random.exponential(180, 2000)))
    past.handling_s, past.patience_s, past.answered, past.abandoned = 180.0, 300.0, 2000, 100
    return past


@pytest.mark.parametrize(
    ("calls", "varies", "grows"), [(500.0, 0.0, 0.0), (500.0, 0.15, 0.0), (60.0, 0.1, 0.03), (6.0, 0.0, 0.0)]
)
def test_nine_of_ten_days_and_hours_are_within_the_range(calls: float, varies: float, grows: float) -> None:
    """Counts are whole, so that the range of a small one holds a little more than nine of ten."""
    days = slots = held = held_slots = 0
    for seed in range(12):
        past = made(98, calls, grows=grows, varies=varies, seed=seed)
        for number in range(84, 98, 2):
            day = MONDAY + timedelta(days=number)
            if day.weekday() == 6:
                continue
            known = History("sales", {one: row for one, row in past.arrivals.items() if one < day})
            found, came = forecast(known, day, no_holiday), past.arrivals[day]
            days, held = days + 1, held + (found.low <= came.sum() <= found.high)
            for hour in range(8, 18):
                low, high = found.between(float(found.calls[4 * hour : 4 * hour + 4].sum()))
                slots, held_slots = slots + 1, held_slots + (low <= came[4 * hour : 4 * hour + 4].sum() <= high)
    assert 0.82 <= held / days <= 0.99
    assert 0.85 <= held_slots / slots <= 0.99


def test_growth_is_followed_and_chance_is_not() -> None:
    def mean(found: list[Accuracy]) -> float:
        return sum(one.expected - one.came for one in found) / sum(one.came for one in found)

    growing = [backtest(made(98, 300, grows=0.04, seed=n), 14, no_holiday, forecast, ahead=14) for n in range(3)]
    assert abs(mean(growing)) < 0.04, "two weeks ahead of growth by 4 % a week"
    still = [made(84, 300, seed=seed) for seed in range(20)]
    doubted = sum(forecast(past, MONDAY + timedelta(days=84), no_holiday).a_week == 0 for past in still)
    assert doubted >= 18
    grown = forecast(made(84, 300, grows=0.04), MONDAY + timedelta(days=84), no_holiday)
    assert 0.02 < grown.a_week < 0.06


def test_it_beats_last_week() -> None:
    off = np.zeros((2, 2))
    for seed in range(3):
        past = made(98, 300, varies=0.08, seed=seed)
        for at, by in enumerate((forecast, last_week)):
            found = backtest(past, 21, no_holiday, by)
            off[at] += found.off_slot, found.off_day
    assert off[0, 0] < 0.85 * off[1, 0]
    assert off[0, 1] < off[1, 1]


def test_outages_and_floods_are_left_out_and_gaps_filled() -> None:
    past = made(84, 500)
    wednesday, thursday, friday = (MONDAY + timedelta(days=70 + n) for n in (2, 3, 4))
    plain = forecast(past, MONDAY + timedelta(days=86), no_holiday)
    past.arrivals[wednesday] = np.zeros(SLOTS)
    past.arrivals[friday] = past.arrivals[friday] * 4
    past.arrivals[thursday][44:56] = 0.0  # three hours of the system out of order
    usual = usual_days(past, MONDAY + timedelta(days=84), no_holiday)
    assert set(usual.left_out) == {wednesday, friday}
    assert usual.left_out[wednesday].key == "shut"
    assert usual.left_out[friday].key == "flood"
    assert usual.gaps.keys() == {thursday}
    assert usual.rates[thursday].sum() == pytest.approx(500, rel=0.15)
    assert forecast(past, MONDAY + timedelta(days=86), no_holiday).total == pytest.approx(plain.total, rel=0.06)
    asked = usual_days(past, MONDAY + timedelta(days=84), no_holiday, [thursday])
    assert asked.left_out[thursday].key == "asked"
    assert not usual_days(made(84, 5), MONDAY + timedelta(days=84), no_holiday).left_out, "few calls differ by chance"


def test_the_clocks_change() -> None:
    """A quarter hour that came twice counts half, and is expected twice; one that is leapt over brings nobody."""
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert (exposure(spring, WARSAW).sum(), exposure(autumn, WARSAW).sum()) == (92, 100)
    assert exposure(spring, WARSAW)[8:12].tolist() == [0] * 4
    assert exposure(autumn, WARSAW)[8:12].tolist() == [2] * 4
    past = History("night", zone=WARSAW)
    for number in range(8):
        day = autumn - timedelta(days=7 * number)
        past.arrivals[day] = 3.0 * exposure(day, WARSAW)
    assert forecast(past, autumn + timedelta(days=7), no_holiday).calls.tolist() == [3.0] * SLOTS
    assert forecast(past, autumn, no_holiday).total == 300
    del past.arrivals[autumn]
    assert forecast(past, date(2027, 3, 28), no_holiday).calls[8:12].tolist() == [0.0] * 4


def test_a_new_queue_and_a_small_one() -> None:
    """Two weeks are enough; after one week a working day is a mean working day. Few calls a day still need somebody."""
    new = made(14, 200)
    found = forecast(new, MONDAY + timedelta(days=14), no_holiday)
    assert (found.days, found.pooled) == (2, False)
    assert found.total == pytest.approx(260, rel=0.2)
    week = forecast(made(7, 200), MONDAY + timedelta(days=7), no_holiday)
    assert week.pooled
    assert week.total == pytest.approx(212, rel=0.2)
    small = made(84, 8)
    need = day_need(small, MONDAY + timedelta(days=84), no_holiday, Terms(Target(), shrinkage=0), forecast)
    assert [one.begin for one in need.intervals] == list(range(480, 1080, 30)), "all the day, hours without calls too"
    assert {one.agents for one in need.intervals} <= {1, 2}
    assert all(one.low == 0 and one.high >= 1 for one in need.intervals)


def test_what_is_planned() -> None:
    past = made(84, 300)
    day = MONDAY + timedelta(days=84)
    found = forecast(past, day, no_holiday)
    wave = with_events(found, [planned_event(f"{day}T10:00-12:00=+120"), planned_event(f"{day}T10:00-11:00=2")])
    assert wave.total == pytest.approx(found.total + 120 + found.calls[40:44].sum())
    assert wave.calls[40] == pytest.approx(2 * found.calls[40] + 15)
    assert wave.low > found.low
    assert with_events(found, [planned_event("2026-01-06=9")]) is found
    shut = with_events(found, [planned_event(f"{day}=0")])
    assert (shut.total, shut.low, shut.high) == (0, 0, 0)
    for text in ("2026-13-01=2", f"{day}=x", f"{day}T10:05-11:00=2", f"{day}T11:00-10:00=2", f"{day}=101", f"{day}=-1"):
        with pytest.raises(ValueError, match="write DATE=FACTOR"):
            planned_event(text)


def test_handling_time_differs_by_hour_only_where_the_calls_prove_it() -> None:
    random, past = np.random.default_rng(7), History("sales")
    slots = random.integers(32, 72, 4000)
    past.handled = np.column_stack((slots, random.exponential(np.where(slots < 48, 120.0, 300.0))))
    found = handling_by_slot(past)
    assert found[33] == pytest.approx(120, rel=0.15)
    assert found[60] == pytest.approx(300, rel=0.15)
    past.handled = np.column_stack((slots, random.exponential(180.0, 4000)))
    assert handling_by_slot(past)[32:72] == pytest.approx(np.full(40, 180.0), rel=0.07)
    past.handled = past.handled[:1]
    assert set(handling_by_slot(past)) == {past.handled[0, 1]}


def test_callbacks_are_load() -> None:
    past = made(84, 300)
    day = MONDAY + timedelta(days=84)
    without = day_need(past, day, no_holiday, Terms(Target()), forecast)
    for number in range(56, 84):
        past.callbacks[MONDAY + timedelta(days=number)] = np.where(SHAPE == 1, 1800.0, 0.0)  # two agents
    with_them = day_need(past, day, no_holiday, Terms(Target()), forecast)
    first = with_them.intervals[0]
    assert first.callback_load == pytest.approx(2.0)
    assert first.load == pytest.approx(without.intervals[0].load + 2.0)
    assert first.agents >= without.intervals[0].agents + 1
    left = day_need(past, day, no_holiday, Terms(Target(), callbacks=False), forecast)
    assert left.agents(30) == without.agents(30)


def test_ranges_of_counts() -> None:
    assert range_of(0, 0) == (0, 0)
    assert range_of(4.0, 4.0) == (1, 8)  # Poisson's tables: P(X <= 0) = 0.018, P(X <= 7) = 0.949, P(X <= 8) = 0.979
    assert range_of(10.0, 10.0) == (5, 15)
    low, high = range_of(100.0, 100 + 0.04 * 100**2)
    assert (low, high) == (pytest.approx(66, abs=3), pytest.approx(140, abs=3))
    assert range_of(1e6, 1e6)[0] == pytest.approx(1e6 - 1645, abs=1)
