"""Opening hours on the wall clock of their time zone: half an hour past nine is that, on both days of a clock
change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from pbx.config import Hours

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Spans of each weekday in minutes since midnight, the end not included; dates that are shut whatever the day."""

    zone: ZoneInfo
    spans: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date]

    @classmethod
    def of(cls, config: Hours, default_zone: str) -> OpeningHours:
        """From the configuration, which was checked when it was read. ValueError for a span or date that is none."""
        spans = tuple(tuple(getattr(config, day)) for day in WEEKDAYS)
        return _build(config.timezone or default_zone, spans, tuple(config.closed))

    def state(self, unix: float) -> str:
        """ "open", "closed" or "holiday" at this instant (UTC seconds)."""
        local = datetime.fromtimestamp(unix, self.zone)
        if local.date() in self.closed:
            return "holiday"
        minute = local.hour * 60 + local.minute
        is_open = any(start <= minute < end for start, end in self.spans[local.weekday()])
        return "open" if is_open else "closed"


@lru_cache(maxsize=64)
def _build(zone: str, spans: tuple[tuple[str, ...], ...], closed: tuple[str, ...]) -> OpeningHours:
    return OpeningHours(
        ZoneInfo(zone),
        tuple(tuple(_span(text) for text in day) for day in spans),
        frozenset(date.fromisoformat(text) for text in closed),
    )


def _span(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return _minutes(start), _minutes(end)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
