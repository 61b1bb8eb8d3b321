"""What a forecast does not know is said beside it: days too far ahead, calendars that nobody has read."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from pbx.config import Config
from pbx.staffing.facts import Facts
from pbx.staffing.history import SLOTS, History
from pbx.staffing.planner import holiday_test, unread_calendars
from pbx.staffing.reach import MEASURED_DAYS, MOST_DAYS, beyond_measured, days_ahead

LAST = date(2026, 11, 20)
EVENT = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//shop//EN\r
BEGIN:VEVENT\r
UID:1@shop\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:%s\r
SUMMARY:stocktaking\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_far_days_are_said_to_be_beyond_what_was_measured_and_refused_beyond_a_year() -> None:
    past = History("sales", {LAST: np.ones(SLOTS)})
    assert days_ahead(past, LAST) == days_ahead(past, LAST + timedelta(days=1)) == 1
    assert not beyond_measured(past, LAST + timedelta(days=MEASURED_DAYS))
    assert "36 days after" in beyond_measured(past, LAST + timedelta(days=MEASURED_DAYS + 1))
    assert days_ahead(past, LAST + timedelta(days=MOST_DAYS)) == MOST_DAYS
    with pytest.raises(ValueError, match="name an earlier day"):
        beyond_measured(past, LAST + timedelta(days=MOST_DAYS + 1))
    assert days_ahead(History("new"), date(2030, 1, 1)) == 1, "the forecast refuses what has no past"


def test_a_calendar_of_another_host_is_read_from_the_copy_that_the_pbx_keeps(tmp_path: Path) -> None:
    config = Config.model_validate(
        {
            "server": {"data_dir": str(tmp_path), "timezone": "Europe/Warsaw"},
            "calendar": [{"name": "shop", "source": "https://calendar.example/shop.ics"}],
            "hours": [{"name": "office", "calendars": ["shop"]}],
        }
    )
    shut = date.today() + timedelta(days=30)
    before = Facts.of(config)
    assert "'shop'" in unread_calendars(before)
    assert "calendar.example" not in unread_calendars(before), "an address may hold a secret"
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "calendar-shop.ics").write_bytes(EVENT % f"{shut:%Y%m%d}".encode())
    after = Facts.of(config)
    assert not unread_calendars(after)
    assert holiday_test(after)(shut)
