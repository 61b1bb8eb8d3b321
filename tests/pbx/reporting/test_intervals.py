"""Days and hours of places where clocks change in every way that is in use."""

from __future__ import annotations

import itertools
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from pbx.reporting.intervals import day, hours


@pytest.mark.parametrize(
    ("zone", "when", "hours_long", "count"),
    [
        ("UTC", date(2026, 11, 21), 24, 24),
        ("Europe/Warsaw", date(2026, 3, 29), 23, 23),
        ("Europe/Warsaw", date(2026, 10, 25), 25, 25),
        ("Europe/Moscow", date(2026, 3, 29), 24, 24),
        ("Asia/Kolkata", date(2026, 3, 29), 24, 24),
        ("Asia/Kathmandu", date(2026, 3, 29), 24, 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5, 23),  # half an hour of summer time: 02:00 is leapt over
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, 24),
        ("America/Havana", date(2026, 3, 8), 23, 23),  # midnight itself is leapt over
        ("America/Havana", date(2026, 11, 1), 25, 25),
        ("Africa/Cairo", date(2026, 4, 24), 23, 23),
    ],
)
def test_a_day_is_cut_without_gap_or_overlap(zone: str, when: date, hours_long: float, count: int) -> None:
    place = ZoneInfo(zone)
    whole, parts = day(when, place), hours(when, place)
    assert whole.duration_s == hours_long * 3600
    assert len(parts) == count
    assert parts[0].start_us == whole.start_us
    assert parts[-1].end_us == whole.end_us
    for before, after in itertools.pairwise(parts):
        assert before.end_us == after.start_us
    assert len({part.label for part in parts}) == count


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    labels = [part.label for part in hours(date(2026, 10, 25), ZoneInfo("Europe/Warsaw"))]
    assert labels[1:5] == ["01:00", "02:00 (UTC+0200)", "02:00 (UTC+0100)", "03:00"]


def test_the_hour_that_is_leapt_over_is_not_there() -> None:
    labels = [part.label for part in hours(date(2026, 3, 29), ZoneInfo("Europe/Warsaw"))]
    assert labels[:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_days_follow_each_other() -> None:
    place = ZoneInfo("America/Havana")
    days = [day(date(2026, 3, n), place) for n in range(6, 12)]
    for before, after in itertools.pairwise(days):
        assert before.end_us == after.start_us
