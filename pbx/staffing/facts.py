"""Of a configuration what planning needs, as plain data: a child process gets it, and nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbx.calendars.feed import is_address
from pbx.config import Config, Hours


@dataclass(frozen=True, slots=True)
class Site:
    """Of a widget what its requests are judged by."""

    name: str
    zone: str
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Facts:
    """`calendars`: files of iCalendar with the zone of their times; those elsewhere only the server reads."""

    zone: str
    hours: Sequence[Hours]
    queues: Sequence[str]
    calendars: Sequence[tuple[str, str, str]] = ()  # name, file, zone
    sites: Sequence[Site] = ()

    @classmethod
    def of(cls, config: Config) -> Facts:
        zone = config.server.timezone
        used = {name for hours in config.hours for name in hours.calendars}
        files = [
            (one.name, one.source, one.timezone or zone)
            for one in config.calendar
            if one.name in used and not is_address(one.source)
        ]
        named = {entry.name: entry for entry in config.hours}
        sites = [Site(one.name, one.timezone or zone, named.get(one.widget.hours)) for one in config.site_web]
        return cls(zone, config.hours, [queue.name for queue in config.queue], files, sites)
