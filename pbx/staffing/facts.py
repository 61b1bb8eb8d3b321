"""Of a configuration what planning needs, as plain data: a child process gets it, and nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbx.calendars.book import copy_of
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
    """`calendars`: files of iCalendar with the zone of their times; of those of other hosts the copy that the running
    PBX keeps. `unread` are the names of those of which it has none yet.
    """

    zone: str
    hours: Sequence[Hours]
    queues: Sequence[str]
    calendars: Sequence[tuple[str, str, str]] = ()  # name, file, zone
    sites: Sequence[Site] = ()
    unread: Sequence[str] = ()

    @classmethod
    def of(cls, config: Config) -> Facts:
        zone = config.server.timezone
        used = {name for hours in config.hours for name in hours.calendars}
        asked = [one for one in config.calendar if one.name in used]
        unread = [one.name for one in asked if is_address(one.source) and not copy_of(config, one).exists()]
        files = [(one.name, str(copy_of(config, one)), one.timezone or zone) for one in asked if one.name not in unread]
        named = {entry.name: entry for entry in config.hours}
        sites = [Site(one.name, one.timezone or zone, named.get(one.widget.hours)) for one in config.site_web]
        return cls(zone, config.hours, [queue.name for queue in config.queue], files, sites, unread)
