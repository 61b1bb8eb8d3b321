"""Opening hours on the wall clock of their time zone: half an hour past nine is that, on both days of a clock
change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pbx.config import Hours


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
State = Literal["open", "closed", "holiday"]
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Spans of each weekday in minutes since midnight, the end not included; dates that are shut whatever the day.

    `exceptions` (the spans of one date) go before everything else, then `named` ones, events of calendars, closed dates
    and public holidays, then the weekday.
    """

    zone: ZoneInfo
    spans: tuple[Spans, ...]
    closed: frozenset[date]
    holidays: tuple[str, ...] = ()
    exceptions: Mapping[date, Spans] = field(default_factory=dict)
    named: tuple[tuple[str, date, tuple[int, int]], ...] = ()  # name, date, span
    calendars: tuple[str, ...] = ()  # whose events are to be given to `explain`

    @classmethod
    def of(cls, config: Hours, default_zone: str) -> OpeningHours:
        """From the configuration, which was checked when it was read. ValueError for a span or date that is none."""
        spans = tuple(tuple(getattr(config, day)) for day in WEEKDAYS)
        exceptions = tuple((day, tuple(texts)) for day, texts in sorted(config.exceptions.items()))
        zone = config.timezone or default_zone
        named = tuple((name, text) for name, texts in sorted(config.named.items()) for text in texts)
        more = (named, tuple(config.calendars))
        return _build(zone, spans, tuple(config.closed), tuple(config.holidays), exceptions, *more)

    def changes_at(self, minutes: int) -> bool:
        """Whether it opens and closes at multiples of so many minutes only; events of calendars left aside."""
        days = (*self.spans, *self.exceptions.values(), tuple(span for _, _, span in self.named))
        return not any(minute % minutes for spans in days for span in spans for minute in span)

    def state(self, unix: float, events: Sequence[str] = ()) -> State:
        """ "open", "closed" or "holiday" at this instant (UTC seconds)."""
        return self.explain(unix, events)[0]

    def open_on(self, day: date) -> Spans:
        """When it is open on a date, named exceptions and events of calendars left aside."""
        if day in self.exceptions:
            return self.exceptions[day]
        shut = day in self.closed or any(holiday_name(country, day) for country in self.holidays)
        return () if shut else self.spans[day.weekday()]

    def exception(self, unix: float, events: Sequence[str] = ()) -> str:
        """The named exception at this instant, "" for none. `events`: names of what goes on in `calendars`."""
        if not self.named and not events:
            return ""
        local = datetime.fromtimestamp(unix, self.zone)
        today, minute = local.date(), local.hour * 60 + local.minute
        if today in self.exceptions:
            return ""
        for name, day, (start, end) in self.named:
            if day == today and start <= minute < end:
                return name
        return events[0] if events else ""

    def explain(self, unix: float, events: Sequence[str] = ()) -> tuple[State, str]:
        """The state at this instant and why, for people. `events` as in `exception`."""
        local = datetime.fromtimestamp(unix, self.zone)
        today, minute = local.date(), local.hour * 60 + local.minute
        exception = self.exceptions.get(today)
        if exception is not None:
            is_open = any(start <= minute < end for start, end in exception)
            return ("open" if is_open else "closed"), f"{today} is an exception"
        special = self.exception(unix, events)
        if special or events:
            return "holiday", f"{today} {local:%H:%M} is {special or 'an event of a calendar'}"
        if today in self.closed:
            return "holiday", f"{today} is listed as closed"
        for country in self.holidays:
            name = holiday_name(country, today)
            if name:
                return "holiday", f"{today} is {name} in {country}"
        is_open = any(start <= minute < end for start, end in self.spans[local.weekday()])
        return ("open" if is_open else "closed"), f"{WEEKDAYS[local.weekday()]} {local:%H:%M} {self.zone.key}"


def holiday_name(country: str, day: date) -> str:
    """The public holiday that `day` is in "PL" or "DE-BY", "" when it is none. ValueError for an unknown country."""
    return _calendar(country, day.year).get(day, "")


@lru_cache(maxsize=64)
def _calendar(country: str, year: int) -> Mapping[date, str]:
    """The holidays of one year. The package is imported when somebody needs it: most configurations do not."""
    import holidays

    code, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=year)
    except (NotImplementedError, AttributeError, KeyError):
        raise ValueError(f"the holidays of {country!r} are not known") from None
    return {day: str(name) for day, name in found.items()}


@lru_cache(maxsize=64)
def _build(
    zone: str,
    spans: tuple[tuple[str, ...], ...],
    closed: tuple[str, ...],
    holidays: tuple[str, ...],
    exceptions: tuple[tuple[str, tuple[str, ...]], ...],
    named: tuple[tuple[str, str], ...],
    calendars: tuple[str, ...],
) -> OpeningHours:
    return OpeningHours(
        ZoneInfo(zone),
        tuple(tuple(_span(text) for text in day) for day in spans),
        frozenset(date.fromisoformat(text) for text in closed),
        holidays,
        {date.fromisoformat(day): tuple(_span(text) for text in texts) for day, texts in exceptions},
        tuple((name, *_named(text)) for name, text in named),
        calendars,
    )


def _named(text: str) -> tuple[date, tuple[int, int]]:
    """ "2026-12-31" or "2026-12-31 08:00-12:00"."""
    day, _, span = text.partition(" ")
    return date.fromisoformat(day), _span(span) if span else (0, 24 * 60)


def _span(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return _minutes(start), _minutes(end)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
