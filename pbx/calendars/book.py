"""The calendars of the configuration: what goes on in them at an instant, kept up to date."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.calendars.feed import Feed, is_address
from pbx.calendars.reader import Event, read_events
from pbx.config_blocks import Calendar
from pbx.events import Alarm

if TYPE_CHECKING:
    from pbx.clock import Clock
    from pbx.config import Config
    from pbx.events import EventBus
    from pbx.web.client import Web

BEHIND_S, AHEAD_S = 86_400.0, 400 * 86_400.0
ALARM = "calendar_old"


class Days:
    """The events of one calendar, for a fast answer."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = sorted(events)
        self._starts = [event.start for event in self._events]
        self._longest = max((event.end - event.start for event in self._events), default=0.0)

    def __len__(self) -> int:
        return len(self._events)

    def at(self, unix: float) -> list[str]:
        """Names of what goes on then, what began last first."""
        found = []
        for index in range(bisect_right(self._starts, unix) - 1, -1, -1):
            event = self._events[index]
            if event.start + self._longest <= unix:
                break
            if unix < event.end:
                found.append(event.name)
        return found


class Calendars:
    """`at` costs microseconds; reading goes on beside calls, in a process of its own."""

    def __init__(self, config: Config, clock: Clock, bus: EventBus, web: Web) -> None:
        self._clock = clock
        self._bus = bus
        self._days: dict[str, Days] = {}
        self._old: set[str] = set()
        self._web = web
        self._entries = {entry.name: entry for entry in config.calendar}
        self._check: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.feeds = {entry.name: self._feed(config, entry) for entry in config.calendar}

    def _feed(self, config: Config, entry: Calendar) -> Feed:
        return Feed(
            f"calendar {entry.name}",
            entry.source,
            every_s=entry.every_s,
            copy=copy_of(config, entry),
            web=self._web,
            clock=self._clock,
            take=partial(self._take, entry.name, entry.timezone or config.server.timezone),
        )

    def configure(self, config: Config) -> None:
        """From now on these calendars; what was read of one that has changed holds until it is read anew."""
        before, self._entries = self._entries, {entry.name: entry for entry in config.calendar}
        for name in [name for name, entry in before.items() if self._entries.get(name) != entry]:
            task = asyncio.get_running_loop().create_task(self.feeds.pop(name).stop())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
            if name not in self._entries:
                self._days.pop(name, None)
        for name, entry in self._entries.items():
            if name not in self.feeds:
                self.feeds[name] = self._feed(config, entry)
                self.feeds[name].start()
        if self.feeds and self._check is None:
            self._look()

    def at(self, names: Iterable[str], unix: float) -> list[str]:
        """Names of the events that go on in these calendars at this instant."""
        return [name for calendar in names if calendar in self._days for name in self._days[calendar].at(unix)]

    def start(self) -> None:
        for feed in self.feeds.values():
            feed.start()
        if self.feeds:
            self._look()

    async def stop(self) -> None:
        if self._check is not None:
            self._check.cancel()
        await asyncio.gather(*self._leaving)
        for feed in self.feeds.values():
            await feed.stop()

    async def _take(self, name: str, zone: str, data: bytes) -> None:
        now = self._clock.unix()
        events = await asyncio.to_thread(read_events, data, now - BEHIND_S, now + AHEAD_S, zone)
        self._days[name] = Days(events)

    def _look(self) -> None:
        """An alarm while a calendar is older than it may be."""
        self._check = asyncio.get_running_loop().call_later(60.0, self._look)
        old = {name for name, feed in self.feeds.items() if feed.age_s() > self._entries[name].max_age_s and feed.fault}
        if bool(old) != bool(self._old):
            text = ", ".join(f"calendar {name}: {self.feeds[name].fault}" for name in sorted(old)) or "up to date again"
            self._bus.publish(Alarm(ALARM, f"{text}; correct its source", bool(old), self._clock.unix()))
        self._old = old


def copy_of(config: Config, entry: Calendar) -> Path:
    """Where the last copy of a calendar from another host lies; of a file that is the file."""
    if not is_address(entry.source):
        return Path(entry.source)
    return Path(config.server.data_dir) / "feeds" / f"calendar-{entry.name}.ics"


def days_of(config: Config, entry: Calendar, unix: float) -> Days:
    """A calendar as it is on disk, for a look without the PBX. Raises OSError and CalendarError."""
    data = copy_of(config, entry).read_bytes()
    zone = entry.timezone or config.server.timezone
    return Days(read_events(data, unix - BEHIND_S, unix + AHEAD_S, zone))
