"""Nights are reconciled once each, at their hour by the wall clock, and made up for after an absence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pbx.ledger.nights import due, next_at

WARSAW = ZoneInfo("Europe/Warsaw")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).timestamp()


def test_the_first_night_is_yesterday_s_when_its_hour_has_come() -> None:
    assert due(at("2026-11-22 03:29:59"), "03:30", WARSAW, None, 7) == [date(2026, 11, 20)]
    assert due(at("2026-11-22 03:30:00"), "03:30", WARSAW, None, 7) == [date(2026, 11, 21)]
    assert due(at("2026-11-22 04:00:00"), "03:30", WARSAW, date(2026, 11, 21), 7) == []


def test_missed_nights_are_made_up_for_but_not_without_end() -> None:
    assert due(at("2026-11-22 04:00:00"), "03:30", WARSAW, date(2026, 11, 18), 7) == [
        date(2026, 11, n) for n in (19, 20, 21)
    ]
    assert len(due(at("2026-11-22 04:00:00"), "03:30", WARSAW, date(2026, 1, 1), 7)) == 7


def test_the_next_turn_follows_the_wall_clock_through_both_changes() -> None:
    def told(text: str, hour: str = "03:30") -> str:
        return f"{datetime.fromtimestamp(next_at(at(text), hour, WARSAW), UTC).astimezone(WARSAW):%Y-%m-%d %H:%M}"

    assert told("2026-11-22 03:00:00") == "2026-11-22 03:30"
    assert told("2026-11-22 03:30:00") == "2026-11-23 03:30"
    assert told("2026-10-24 12:00:00") == "2026-10-25 03:30"
    assert told("2026-03-28 12:00:00", "02:30") == "2026-03-29 03:30"  # 02:30 is leapt over
