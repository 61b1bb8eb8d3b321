"""When tests run: by interval, at times of the day, over the change of the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pbx.selftest.schedule import clock_time, next_run

WARSAW = ZoneInfo("Europe/Warsaw")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).timestamp()


@pytest.mark.parametrize(
    ("now", "last", "every_s", "times", "due"),
    [
        ("2026-11-22T07:00", "2026-11-22T06:50", 900, [], "2026-11-22T07:05"),
        ("2026-11-22T07:00", "2026-11-22T06:00", 900, [], "2026-11-22T07:00"),
        ("2026-11-22T07:00", "2026-11-22T06:59", 0, ["07:45", "19:00"], "2026-11-22T07:45"),
        ("2026-11-22T20:00", "2026-11-22T19:00", 0, ["07:45", "19:00"], "2026-11-23T07:45"),
        ("2026-10-24T23:00", "2026-10-24T22:59", 0, ["07:45"], "2026-10-25T07:45"),  # an hour longer than usual
        ("2026-11-22T07:00", "2026-11-22T06:59", 3600, ["07:45"], "2026-11-22T07:45"),
    ],
)
def test_the_next_run(now: str, last: str, every_s: float, times: list[str], due: str) -> None:
    assert next_run(at(now), last=at(last), every_s=every_s, at=times, zone=WARSAW) == at(due)


def test_by_command_only() -> None:
    assert next_run(0.0, last=0.0, every_s=0, at=[], zone=WARSAW) is None


def test_no_time_of_the_day() -> None:
    with pytest.raises(ValueError, match="no time of the day"):
        clock_time("7.45")
