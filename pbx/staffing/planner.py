"""Reads what planning needs: the queue's past from the database, holidays and special days from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx.calendars.reader import CalendarError, read_events
from pbx.call.hours import holiday_name
from pbx.reporting.intervals import days
from pbx.staffing.facts import Facts
from pbx.staffing.history import History, history, known_queues
from pbx.staffing.words import ENGLISH, Say

AHEAD = timedelta(days=400)


def read_history(
    connection: Connection, facts: Facts, queue: str, until: date, weeks: int, today: date | None = None
) -> History:
    """The `weeks` before `until`, whole days only: `today` is none. Raises ValueError for an unknown queue, or none
    where there are several.
    """
    known = known_queues(connection)
    name = queue or (known[0] if len(known) == 1 else "")
    if not name:
        there = ", ".join(known) or "none has a call yet"
        raise ValueError(f"name a queue by --queue: {there}")
    if name not in known and name not in facts.queues:
        raise ValueError(f"there is no queue {name!r}; there are: {', '.join(known) or 'none with a call'}")
    last = min(until, today) if today is not None else until
    zone = ZoneInfo(facts.zone)
    return history(connection, name, days(last - timedelta(days=1), 7 * weeks, zone), zone)


def holiday_test(facts: Facts) -> Callable[[date], bool]:
    """Whether a day is a holiday of any of the configured opening hours, or shut in them by date, by an exception
    without hours or by a calendar's event of a whole day. Poland's holidays where no hours name a country.
    """
    countries = sorted({country for hours in facts.hours for country in hours.holidays}) or ["PL"]
    closed = {text for hours in facts.hours for text in hours.closed}
    closed |= {day for hours in facts.hours for day, spans in hours.exceptions.items() if not spans}
    closed |= _calendar_days(facts)

    def is_holiday(day: date) -> bool:
        return day.isoformat() in closed or any(holiday_name(country, day) for country in countries)

    return is_holiday


def _calendar_days(facts: Facts) -> set[str]:
    """Days that events of calendars take whole, two years back and one ahead. Raises ValueError."""
    now, found = datetime.now(UTC), set()
    for name, file, zone_name in facts.calendars:
        zone = ZoneInfo(zone_name)
        try:
            data = Path(file).read_bytes()
            events = read_events(data, (now - 2 * AHEAD).timestamp(), (now + AHEAD).timestamp(), zone_name)
        except OSError as error:
            raise ValueError(f"calendar {name!r}: {file} cannot be read: {error.strerror}") from None
        except CalendarError as error:
            raise ValueError(f"calendar {name!r}: {error}") from None
        for event in events:
            first, end = (datetime.fromtimestamp(at, zone) for at in (event.start, event.end))
            day = first.date() if first.hour == first.minute == 0 else first.date() + timedelta(days=1)
            while datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1) <= end:
                found.add(day.isoformat())
                day += timedelta(days=1)
    return found


def unread_calendars(facts: Facts, say: Say = ENGLISH) -> str:
    """What to say beside a forecast of the calendars that are not in it; "" where all are."""
    if not facts.unread:
        return ""
    return say("unread", names=", ".join(map(repr, facts.unread)))
