"""Time conditions: whether the named opening hours are open at this moment."""

from __future__ import annotations

from datetime import datetime

from pbx.call.hours import OpeningHours, State, holiday_name
from pbx.clock import Clock
from pbx.config import Config


class Conditions:
    """The configured hours by name. Built once; public holidays of this year and the next are looked up then."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
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
                today = datetime.fromtimestamp(clock.unix(), hours.zone).date()
                for year in (today.year, today.year + 1):
                    holiday_name(country, today.replace(year=year, day=1))

    def state(self, name: str, zone: str = "") -> State:
        """ "open", "closed" or "holiday"; KeyError for hours that are not configured.

        Hours without a zone of their own are those of `zone`, the caller's site's, or else the server's.
        """
        return self._find(name, zone).state(self._clock.unix())

    def explain(self, name: str, zone: str = "") -> tuple[State, str]:
        """The state and why, for people."""
        return self._find(name, zone).explain(self._clock.unix())

    def _find(self, name: str, zone: str) -> OpeningHours:
        return self._elsewhere.get((name, zone)) or self._hours[name]
