"""When a scheduled report is due, and of which days it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.config_reports import ReportSchedule
from pbx.reporting.intervals import Interval, days

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def due(schedule: ReportSchedule, zone: ZoneInfo, now: datetime) -> date:
    """The day on which it was due last: today once its hour has come."""
    local = now.astimezone(zone)
    hour, minute = map(int, schedule.at.split(":"))
    day = local.date()
    if (local.hour, local.minute) < (hour, minute):
        day -= timedelta(days=1)
    if schedule.every == "week":
        return day - timedelta(days=(day.weekday() - _WEEKDAYS.index(schedule.weekday)) % 7)
    return day.replace(day=1) if schedule.every == "month" else day


def period_of(schedule: ReportSchedule, zone: ZoneInfo, when: date) -> Interval:
    """The day, the seven days or the calendar month before the day on which it is due."""
    last = when - timedelta(days=1)
    if schedule.every == "week":
        return days(last, 7, zone)
    return days(last, last.day if schedule.every == "month" else 1, zone)
