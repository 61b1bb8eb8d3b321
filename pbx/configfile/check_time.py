"""Time zones and opening hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from pbx.config import Config
from pbx.configfile.problem import Path, Problem

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AMBIGUOUS = "ambiguous_zone"
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def check_timezone(config: Config) -> Iterator[Problem]:
    """Every zone name is one of the tz database."""
    yield from check_zone(("server", "timezone"), config.server.timezone)
    for index, hours in enumerate(config.hours):
        if hours.timezone:
            yield from check_zone(("hours", index, "timezone"), hours.timezone)
    homes: list[tuple[Path, str]] = [(("callback", AMBIGUOUS), config.callback.ambiguous_zone)]
    homes.append((("sms", AMBIGUOUS), config.sms.ambiguous_zone))
    for index, queue in enumerate(config.queue):
        homes.append((("queue", index, "callback", AMBIGUOUS), queue.callback.ambiguous_zone))
    for path, name in homes:
        if name not in ("", "all", "server"):
            yield from check_zone(path, name, 'write "all", "server" or a name like "Europe/Moscow"')


def check_hours(config: Config) -> Iterator[Problem]:
    """Spans are "HH:MM-HH:MM" with an end after the start (24:00 is allowed), dates are ISO 8601."""
    for index, hours in enumerate(config.hours):
        for day in WEEKDAYS:
            for position, text in enumerate(getattr(hours, day)):
                if not is_span(text):
                    remedy = (
                        'write "09:00-17:00"; a night is two spans: "22:00-24:00" and "00:00-06:00" on the next day'
                    )
                    yield Problem(("hours", index, day, position), f"{text!r} is no span of a day", remedy)
        for position, text in enumerate(hours.closed):
            try:
                date.fromisoformat(text)
            except ValueError:
                yield Problem(("hours", index, "closed", position), f"{text!r} is no date", 'write "2026-12-24"')


def is_span(text: str) -> bool:
    """Whether `text` is "HH:MM-HH:MM" with an end after its start."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return False
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    return start_hour * 60 + start_minute < end_hour * 60 + end_minute <= 24 * 60


def check_zone(path: Path, name: str, remedy: str = 'write a name like "Europe/Warsaw" or "UTC"') -> Iterator[Problem]:
    """A problem unless `name` is a zone of the tz database."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        yield Problem(path, f"{name!r} is no time zone", remedy)
