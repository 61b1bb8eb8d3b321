"""When a customer may be called or written to: hours on his own clock, without the public holidays of his country."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours, Spans, holiday_name
from pbx.config import Config, Hours
from pbx.numbers.zones import Hints, zones_of

DAYS = 366  # an opening later than this is none
ROUNDS = 200  # of looking for a moment that several clocks allow
_ALWAYS = ["08:00-21:00"]
DEFAULT = Hours(name="day", mon=_ALWAYS, tue=_ALWAYS, wed=_ALWAYS, thu=_ALWAYS, fri=_ALWAYS, sat=_ALWAYS, sun=_ALWAYS)


class CallingHours:
    """Built once from the configuration; the hours of each country and zone are made when first needed."""

    def __init__(
        self,
        config: Config,
        *,
        hours: str,
        holidays: bool,
        home: str = "all",
        region: Callable[[str], str] = lambda _number: "",
    ) -> None:
        """`hours` names an [[hours]] whose wall clock is the customer's, "" for every day 08:00-21:00; with `holidays`
        public holidays of the customer's country are closed; `home` and what `region` tells of a number: see
        pbx.numbers.zones.
        """
        named = {entry.name: entry for entry in config.hours}
        self._hours = named.get(hours, DEFAULT)
        self._server = ZoneInfo(config.server.timezone)
        self._home = home
        self._region = region
        self._holidays = holidays
        self._made: dict[tuple[str, str, bool], OpeningHours] = {}

    def next_open(self, number: str, country: str, unix: float, *, zone: str = "", home: str = "") -> float:
        """The first instant from `unix` (UTC seconds) on at which `number` may be called; infinity when there is none
        within a year. `zone` is the customer's own where it is known, `home` where numbers of several zones are taken
        to be instead of what the configuration says for all.
        """
        hints = Hints(zone, self._region(number), home or self._home)
        clocks = [self._of(country, zone) for zone in zones_of(number, self._server, hints)]
        moment = _common(clocks, unix)
        if math.isinf(moment) and len(clocks) > 1:
            # No hour suits all of them: ours then, of those at which it is night nowhere.
            awake = [self._of(country, clock.zone, DEFAULT) for clock in clocks]
            moment = _common([self._of(country, self._server), *awake], unix)
        return moment

    def is_open(self, number: str, country: str, unix: float, *, zone: str = "", home: str = "") -> bool:
        """Whether `number` may be called at this instant."""
        return self.next_open(number, country, unix, zone=zone, home=home) <= unix

    def _of(self, country: str, zone: ZoneInfo, hours: Hours | None = None) -> OpeningHours:
        key = (country, zone.key, hours is None)
        made = self._made.get(key)
        if made is None:
            made = OpeningHours.of((hours or self._hours).model_copy(update={"timezone": zone.key}), zone.key)
            if self._holidays and country and _has_holidays(country):
                made = replace(made, holidays=tuple(dict.fromkeys((*made.holidays, country))))
            self._made[key] = made
        return made


def next_open(hours: OpeningHours, unix: float) -> float:
    """The first instant from `unix` on at which `hours` are open; infinity when there is none within a year.

    Hours open at the beginning of a span, or in the middle of one when a clock is set back or forward.
    """
    if hours.state(unix) == "open":
        return unix
    day = datetime.fromtimestamp(unix, hours.zone).date()
    for ahead in range(DAYS):
        for moment in sorted(_openings(hours, day + timedelta(days=ahead))):
            if moment >= unix and hours.state(moment) == "open":
                return moment
    return math.inf


def _common(clocks: list[OpeningHours], unix: float) -> float:
    moment = unix
    for _ in range(ROUNDS):
        latest = max(next_open(hours, moment) for hours in clocks)
        if latest == moment or math.isinf(latest):
            return latest
        moment = latest
    return math.inf


def _openings(hours: OpeningHours, day: date) -> Iterator[float]:
    """Every instant of a local day at which something may begin."""
    spans: Mapping[date, Spans] = hours.exceptions
    for start, _ in spans.get(day, hours.spans[day.weekday()]):
        for fold in (0, 1):
            wall = datetime(day.year, day.month, day.day, start // 60, start % 60, tzinfo=hours.zone, fold=fold)
            yield wall.timestamp()
    begin, end = (
        datetime(at.year, at.month, at.day, tzinfo=hours.zone).timestamp() for at in (day, day + timedelta(days=1))
    )
    if _offset(hours.zone, begin) != _offset(hours.zone, end):
        yield _change(hours.zone, begin, end)


def _change(zone: ZoneInfo, low: float, high: float) -> float:
    """The second at which the clock was set, between two instants."""
    before = _offset(zone, low)
    first, last = math.floor(low), math.ceil(high)
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(zone, middle) == before:
            first = middle
        else:
            last = middle
    return float(last)


def _offset(zone: ZoneInfo, unix: float) -> timedelta | None:
    return datetime.fromtimestamp(unix, UTC).astimezone(zone).utcoffset()


def _has_holidays(country: str) -> bool:
    try:
        holiday_name(country, date(2026, 1, 1))
    except ValueError:
        return False
    return True
