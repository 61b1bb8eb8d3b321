"""Reads what planning needs: the queue's past from the database, holidays from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from pbx.call.hours import holiday_name
from pbx.config import Config
from pbx.reporting.intervals import days
from pbx.reporting.reporter import Reporter
from pbx.staffing.history import History, history, known_queues


def read_history(reporter: Reporter, config: Config, queue: str, until: date, weeks: int) -> History:
    """The `weeks` before `until`. Raises ValueError for an unknown queue, or none where there are several."""
    with reporter.connection() as connection:
        known = known_queues(connection)
        name = queue or (known[0] if len(known) == 1 else "")
        if not name:
            there = ", ".join(known) or "none has a call yet"
            raise ValueError(f"name a queue by --queue: {there}")
        if name not in known and name not in {entry.name for entry in config.queue}:
            raise ValueError(f"there is no queue {name!r}; there are: {', '.join(known) or 'none with a call'}")
        interval = days(until - timedelta(days=1), 7 * weeks, reporter.zone)
        return history(connection, name, interval, reporter.zone)


def holiday_test(config: Config) -> Callable[[date], bool]:
    """Whether a day is a holiday of any of the configured opening hours; Poland's when none names a country."""
    countries = sorted({country for hours in config.hours for country in hours.holidays}) or ["PL"]
    closed = {text for hours in config.hours for text in hours.closed}

    def is_holiday(day: date) -> bool:
        return day.isoformat() in closed or any(holiday_name(country, day) for country in countries)

    return is_holiday
