"""Opening hours: exceptions before closed dates and public holidays, those before the weekday."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pbx.call.hours import OpeningHours, holiday_name
from pbx.config import Hours

WARSAW = ZoneInfo("Europe/Warsaw")


def at(text: str, zone: ZoneInfo = WARSAW) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def office(**more: object) -> OpeningHours:
    days = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    return OpeningHours.of(Hours.model_validate({"name": "office", **days, **more}), "Europe/Warsaw")


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2026-11-20T09:00", "open"),
        ("2026-11-20T16:59", "open"),
        ("2026-11-20T17:00", "closed"),
        ("2026-11-21T12:00", "closed"),
        ("2026-11-11T12:00", "holiday"),  # Independence Day
        ("2026-12-24T10:00", "open"),  # an exception goes before the holiday
        ("2026-12-24T13:00", "closed"),
        ("2026-12-28T12:00", "closed"),  # an exception without spans
        ("2026-12-31T12:00", "holiday"),  # listed
    ],
)
def test_state(when: str, state: str) -> None:
    hours = office(holidays=["PL"], closed=["2026-12-31"], exceptions={"2026-12-24": ["09:00-12:00"], "2026-12-28": []})
    assert hours.state(at(when)) == state


def test_holidays_of_countries_and_their_parts() -> None:
    day = datetime.fromisoformat
    assert holiday_name("RU", day("2026-06-12").date())
    assert holiday_name("DE-BY", day("2026-01-06").date())
    assert not holiday_name("DE", day("2026-01-06").date())
    with pytest.raises(ValueError, match="XX"):
        holiday_name("XX", day("2026-01-06").date())


def test_the_reason_is_told() -> None:
    assert office(holidays=["PL"]).explain(at("2026-11-11T12:00"))[1].endswith("in PL")
    assert "fri 09:30" in office().explain(at("2026-11-20T09:30"))[1]


def test_on_the_day_of_a_clock_change_the_wall_clock_counts() -> None:
    assert office(sun=["02:00-04:00"]).state(at("2026-03-29T03:30")) == "open"
    assert office(sun=["09:00-10:00"]).state(at("2026-10-25T09:30")) == "open"
