"""One agent more or less for a month: sums of the intervals, money that adds up, ranges that hold what they are of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx.staffing.demand import Terms, day_need, days_from
from pbx.staffing.forecast import forecast
from pbx.staffing.handling import handling_range_s, patience_range_s
from pbx.staffing.month import MONTH_DAYS, Moved, month, month_sheet
from pbx.staffing.requirement import Prices, Target
from tests.pbx.staffing.test_forecast_truth import MONDAY, made, no_holiday

PRICES = Prices(60, 30)


def test_a_month_is_the_sum_of_its_intervals() -> None:
    past, terms = made(84, 300), Terms(Target(), shrinkage=0.25, handling_s=180)
    days = [day_need(past, day, no_holiday, terms, forecast) for day in days_from(MONDAY + timedelta(days=84), 28)]
    found = month(days, 1, terms, PRICES, Moved())
    calls = sum(day.found.total for day in days)
    assert found.calls == pytest.approx(calls * MONTH_DAYS / 28, rel=0.01)
    lost = sum(
        one.calls * day.customer.office(one.agents + 1, one.calls * 2).abandoned
        for day in days
        for one in day.intervals
    )
    assert found.lost == pytest.approx(lost * MONTH_DAYS / 28, rel=0.01)
    hours = sum(one.agents + 1 for day in days for one in day.intervals) / 2 * MONTH_DAYS / 28
    assert found.cost == pytest.approx(hours / 0.75 * 60 + found.lost * 30, rel=1e-3)
    sheet = month_sheet(past, days, terms, PRICES).data()
    rows = {row["agents"]: row for row in sheet["rows"]}
    assert list(rows) == ["-2", "-1", "now", "+1", "+2"]
    assert [row["lost"] for row in sheet["rows"]] == sorted((row["lost"] for row in sheet["rows"]), reverse=True)
    for row in rows.values():
        for name in ("served", "lost", "cost", "gain"):
            value = row["served_within" if name == "served" else name]
            assert row[f"{name}_low"] <= value <= row[f"{name}_high"]
    assert rows["+1"]["cost"] == pytest.approx(found.cost, abs=0.01)
    assert rows["+1"]["gain"] == pytest.approx(rows["+1"]["cost"] - rows["now"]["cost"], abs=0.01)
    assert rows["now"]["meets"] == "met"
    assert {column["name"]: column["formula"] for column in sheet["columns"]}["cost"] == "COST"


def test_how_sure_handling_and_patience_are() -> None:
    past = made(7, 100)
    low, high = handling_range_s(past)
    assert low < 180 < high
    assert high - low == pytest.approx(2 * 1.96 * 180 / 2000**0.5, rel=0.1)
    low, high = patience_range_s(past)  # a hundred gave up: a fifth more or less
    assert (low, high) == (pytest.approx(300 / 1.2165, rel=0.001), pytest.approx(300 * 1.2165, rel=0.001))
    past.abandoned = 0
    assert patience_range_s(past) == (300, 300)


def test_nobody_expected_is_said() -> None:
    past = made(28, 0.0)
    terms = Terms(Target())
    days = [day_need(past, MONDAY + timedelta(days=28), no_holiday, terms, forecast)]
    with pytest.raises(ValueError, match="nobody is expected"):
        month_sheet(past, days, terms, PRICES)
