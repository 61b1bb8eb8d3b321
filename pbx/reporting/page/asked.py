"""What a page is to show, and how figures are written in its language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours
from pbx.ledger.terms import Terms
from pbx.reporting.delays import delay_name
from pbx.reporting.intervals import Interval, local
from pbx.reporting.page.texts import TEXTS
from pbx.reporting.proportion import Share
from pbx.reporting.queries import Thresholds
from pbx.reporting.request import Request
from pbx.reporting.sheet import Unit, Value
from pbx.reporting.table import NONE, duration, percent
from pbx.reporting.words.numbers import figure, seconds

if TYPE_CHECKING:
    from pbx.config import Language

MOST_DAYS = 92  # of a page with the reports that look at each customer by himself
UNITS = {"pl": {"s": "s", "min": "min", "h": "godz."}, "ru": {"s": "с", "min": "мин", "h": "ч"}}


def days_of(interval: Interval, zone: ZoneInfo) -> int:
    """How many local days it has."""
    first, last = (local(at, zone).date() for at in (interval.start_us, interval.end_us - 1))
    return (last - first).days + 1


@dataclass(slots=True)
class Asked:
    """What the page is to show, and how."""

    interval: Interval
    zone: ZoneInfo
    language: Language
    thresholds: Thresholds
    hours: Sequence[OpeningHours]
    now_us: int
    demo: str = ""
    money: Terms = field(default_factory=Terms)
    teams: Sequence[tuple[str, str, str]] = ()

    def request(self, **filters: str) -> Request:
        """The same as a report of the registry is asked with."""
        given = (self.thresholds, list(self.hours), self.money, self.teams)
        return Request(self.interval, self.zone, self.now_us, self.language, filters, *given)

    @property
    def days(self) -> int:
        """How many local days the period has."""
        return days_of(self.interval, self.zone)

    @staticmethod
    def interval_of(part: int, whole: int) -> tuple[float, float]:
        """In which the true share lies with 95 % confidence."""
        return Share(part, whole).interval

    def cell(self, value: Value, unit: Unit) -> str:
        """A cell of a sheet."""
        if value is None:
            return NONE
        if isinstance(value, str):
            return value
        if unit is Unit.SHARE:
            return self.share(value)
        if unit is Unit.SECONDS:
            return self.seconds(value)
        return self.figure(f"{value:,.2f}" if unit is Unit.MONEY or isinstance(value, float) else f"{value:,}")

    def text(self, name: str, **values: object) -> str:
        return TEXTS[self.language][name].format(**values).replace("n = ", "n\u00a0=\u00a0")

    def figure(self, text: str) -> str:
        """A figure as it is written in the page's language: 1,234.5 or 1 234,5."""
        return figure(text, self.language)

    def count(self, value: float) -> str:
        return self.figure(f"{value:,}")

    def share(self, value: float | None) -> str:
        return self.figure(percent(value))

    def delay(self, most_s: int) -> str:
        """ "≤ 5 min"."""
        text = delay_name(most_s).replace("<=", "≤")
        if self.language == "en":
            return text
        count, unit = text.rsplit(" ", 1)
        return f"{count} {UNITS[self.language][unit]}"

    def mark(self, value: float) -> str:
        """At an axis of shares: 20% or 20 %."""
        return f"{value:.0%}" if self.language == "en" else f"{value * 100:.0f} %"

    def seconds(self, value: float | None) -> str:
        return seconds(duration(value), self.language)
