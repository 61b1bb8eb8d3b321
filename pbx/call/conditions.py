"""Time conditions: whether the named opening hours are open at this moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pbx.call.hours import OpeningHours, State, holiday_name
from pbx.clock import Clock
from pbx.config import Config


class Conditions:
    """The configured hours by name. Built once; public holidays of this year and the next are looked up then."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        # (calendars, UTC seconds) to the names of what goes on in them; whoever has calendars sets it
        self.events: Callable[[Sequence[str], float], Sequence[str]] = lambda _calendars, _unix: ()
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        zone = config.server.timezone
        self._hours = {entry.name: OpeningHours.of(entry, zone) for entry in config.hours}
        self._elsewhere = {
            (entry.name, site.timezone): OpeningHours.of(entry, site.timezone)
            for entry in config.hours
            for site in config.site
            if site.timezone and not entry.timezone
        }
        for hours in self._hours.values():
            for country in hours.holidays:
                today = datetime.fromtimestamp(self._clock.unix(), hours.zone).date()
                for year in (today.year, today.year + 1):
                    holiday_name(country, today.replace(year=year, day=1))

    def state(self, name: str, zone: str = "") -> State:
        """ "open", "closed" or "holiday"; KeyError for hours that are not configured.

        Hours without a zone of their own are those of `zone`, the caller's site's, or else the server's.
        """
        return self.explain(name, zone)[0]

    def explain(self, name: str, zone: str = "") -> tuple[State, str]:
        """The state and why, for people."""
        hours, now = self._find(name, zone), self._clock.unix()
        return hours.explain(now, self.events(hours.calendars, now) if hours.calendars else ())

    def exception(self, name: str) -> str:
        """The named exception that is now, "" for none; KeyError as for `state`."""
        hours, now = self._find(name, ""), self._clock.unix()
        return hours.exception(now, self.events(hours.calendars, now) if hours.calendars else ())

    def _find(self, name: str, zone: str) -> OpeningHours:
        return self._elsewhere.get((name, zone)) or self._hours[name]
