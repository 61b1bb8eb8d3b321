"""iCalendar files: recurring events, zones, whole days; files that mean too much."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx.calendars.book import Days
from pbx.calendars.reader import CalendarError, read_events, unroll

WARSAW = ZoneInfo("Europe/Warsaw")
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
WEEKLY = (
    "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Staff  meeting\r\nDTSTART;TZID=Europe/Warsaw:20261005T090000\r\n"
    "DTEND;TZID=Europe/Warsaw:20261005T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\nEXDATE;TZID=Europe/Warsaw:20261012T090000\r\n"
    "END:VEVENT\r\n"
)
DAY = "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Inventory\r\nDTSTART;VALUE=DATE:20261231\r\nEND:VEVENT\r\n"
FREE = (
    DAY.replace("UID:2", "UID:3").replace("Inventory", "Birthday").replace("END:VEV", "TRANSP:TRANSPARENT\r\nEND:VEV")
)
GONE = DAY.replace("UID:2", "UID:4").replace("Inventory", "Party").replace("END:VEV", "STATUS:CANCELLED\r\nEND:VEV")


def at(text: str, zone: ZoneInfo = WARSAW) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def file(*events: str) -> bytes:
    return (HEAD + "".join(events) + "END:VCALENDAR\r\n").encode()


SINCE, UNTIL = at("2026-10-01"), at("2027-02-01")


def test_events_of_the_clock_of_their_zone_over_a_change_of_it() -> None:
    days = Days(unroll(file(WEEKLY), SINCE, UNTIL, WARSAW))
    assert days.at(at("2026-10-05T09:00")) == ["Staff meeting"]
    assert days.at(at("2026-10-05T10:00")) == []
    assert days.at(at("2026-10-12T09:30")) == [], "this one does not take place"
    assert days.at(at("2026-10-19T09:30")) == ["Staff meeting"]
    assert days.at(at("2026-11-02T09:30")) == ["Staff meeting"], "after the clocks have been put back"
    assert days.at(at("2026-11-02T08:30")) == []


def test_whole_days_are_days_of_the_zone_that_is_given() -> None:
    days = Days(unroll(file(DAY, FREE, GONE), SINCE, UNTIL, ZoneInfo("Asia/Vladivostok")))
    assert len(days) == 1
    assert days.at(at("2026-12-31T00:00", ZoneInfo("Asia/Vladivostok"))) == ["Inventory"]
    assert days.at(at("2026-12-30T23:59", ZoneInfo("Asia/Vladivostok"))) == []
    assert days.at(at("2027-01-01T00:00", ZoneInfo("Asia/Vladivostok"))) == []


def test_what_began_last_comes_first_and_long_ones_are_not_lost() -> None:
    long = (
        DAY.replace("END:VEV", "DTEND;VALUE=DATE:20270110\r\nEND:VEV")
        .replace("Inventory", "Works")
        .replace("UID:2", "U:9")
    )
    days = Days(unroll(file(long.replace("U:9", "UID:9"), WEEKLY), SINCE, UNTIL, WARSAW))
    assert days.at(at("2027-01-04T09:30")) == ["Staff meeting", "Works"]


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe"])
def test_what_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises(CalendarError):
        read_events(data, SINCE, UNTIL, "Europe/Warsaw")


def test_a_file_of_one_line_that_means_millions_is_refused_by_its_own_process() -> None:
    bomb = WEEKLY.replace("FREQ=WEEKLY;BYDAY=MO", "FREQ=SECONDLY")
    with pytest.raises(CalendarError, match="every minute or second"):
        read_events(file(bomb), SINCE, UNTIL, "Europe/Warsaw")


def test_a_folded_rule_is_seen_through() -> None:
    bomb = WEEKLY.replace("FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;\r\n BYMINUTE=1,2,3")
    with pytest.raises(CalendarError, match="every minute or second"):
        unroll(file(bomb), SINCE, UNTIL, WARSAW)


def test_more_events_than_anybody_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.calendars.reader.MAX_EVENTS", 3)
    with pytest.raises(CalendarError, match="more than 3 events"):
        unroll(file(WEEKLY), SINCE, UNTIL, WARSAW)


def test_the_process_says_what_it_read() -> None:
    found = read_events(file(WEEKLY, DAY), SINCE, at("2026-10-20"), "Europe/Warsaw")
    assert [event.name for event in found] == ["Staff meeting", "Staff meeting"]
    assert datetime.fromtimestamp(found[0].start, UTC).isoformat() == "2026-10-05T07:00:00+00:00"


def test_a_file_beyond_bounds_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match="more than 2000000"):
        read_events(b"x" * 2_000_001, SINCE, UNTIL, "UTC")
