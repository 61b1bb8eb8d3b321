"""Dates, durations and numbers as bills write them."""

from __future__ import annotations

import contextlib
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.twin.dates import instant, utc
from pbx.twin.values import duration, telephone

WARSAW, MOSCOW = ZoneInfo("Europe/Warsaw"), ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        ("2026-07-01 10:15:30", WARSAW, "2026-07-01 08:15:30 UTC"),
        ("2026-01-15T10:15", WARSAW, "2026-01-15 09:15:00 UTC"),
        ("15.01.2026 10:15:30", MOSCOW, "2026-01-15 07:15:30 UTC"),
        ("15.01.26  10:15", MOSCOW, "2026-01-15 07:15:00 UTC"),
        ("15/01/2026, 10:15", WARSAW, "2026-01-15 09:15:00 UTC"),
        ("20260115 101530", WARSAW, "2026-01-15 09:15:30 UTC"),
        ("2026-01-15 10:15:30.250", WARSAW, "2026-01-15 09:15:30 UTC"),
        ("2026-01-15T10:15:30+05:00", WARSAW, "2026-01-15 05:15:30 UTC"),
        ("2026-01-15T10:15:30Z", WARSAW, "2026-01-15 10:15:30 UTC"),
        ("1768468530", WARSAW, "2026-01-15 09:15:30 UTC"),
        ("1768468530000", MOSCOW, "2026-01-15 09:15:30 UTC"),
        ("2026-10-25 02:30:00", WARSAW, "2026-10-25 00:30:00 UTC"),  # comes twice: the first
    ],
)
def test_instants(text: str, zone: ZoneInfo, told: str) -> None:
    assert utc(instant(text, zone)) == told


@pytest.mark.parametrize("text", ["", "tomorrow", "12:30", "2026-13-01 10:00", "1815-06-18 11:30:00", "123"])
def test_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|between"):
        instant(text, WARSAW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("83", 83),
        ("83.5", 83.5),
        ("83,5", 83.5),
        ("1:23", 83),
        ("01:01:01", 3661),
        ("0:00:00", 0),
        ("1 min 23 s", 83),
        ("1 godz 2 min 3 sek", 3723),
        ("2 мин 5 сек", 125),
        ("1 ч 1 мин", 3660),
        ("45 s", 45),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "long", "-5", "999:99:99", "1:2:3:4"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|day"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("22 123 45 67", "PL", "+48221234567"),
        ("+48 22 123-45-67", "RU", "+48221234567"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ('"Jan" <500600700>', "PL", "+48500600700"),
        ("sip:101@pbx.example.com;transport=udp", "PL", "101"),
        ("'+74951234567", "PL", "+74951234567"),
        ("anonymous", "PL", ""),
        ("", "PL", ""),
    ],
)
def test_numbers(text: str, country: str, number: str) -> None:
    assert telephone(text, country) == number


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_none(text: str) -> None:
    for read in (lambda: instant(text, WARSAW), lambda: duration(text)):
        with contextlib.suppress(ValueError, OverflowError):
            assert read() >= 0
    telephone(text, "PL")
