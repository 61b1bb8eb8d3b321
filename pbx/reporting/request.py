"""What a report is asked with: a period, filters, a language; and what a report says that it can be asked with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval
from pbx.reporting.per.step import Step
from pbx.reporting.queries import Thresholds
from pbx.reporting.refused import BadRequest as BadRequest

if TYPE_CHECKING:
    from pbx.config import Language

MOST_FILTER = 128  # characters


class ParameterKind(StrEnum):
    TEXT = "text"
    COUNT = "count"  # a whole number from `least` to `most`
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A filter. TEXT keeps the rows in whose column of this name it stands, unless the report does it itself."""

    name: str
    kind: ParameterKind = ParameterKind.TEXT
    choices: tuple[str, ...] = ()
    default: str = ""
    least: int = 0
    most: int = 0

    def checked(self, value: str) -> str:
        """`value` as it may be used. Raises BadRequest."""
        if len(value) > MOST_FILTER:
            raise BadRequest(f"{self.name} is longer than {MOST_FILTER} characters")
        if self.kind is ParameterKind.CHOICE and value not in self.choices:
            raise BadRequest(f"{self.name} is {value!r}: write one of {', '.join(self.choices)}")
        if self.kind is ParameterKind.COUNT and not (value.isdecimal() and self.least <= int(value) <= self.most):
            raise BadRequest(f"{self.name} is {value!r}: write a whole number from {self.least} to {self.most}")
        return value


@dataclass(frozen=True, slots=True)
class Request:
    """`filters` hold a value for each parameter of the report; "" is no filter. `hours` are the opening hours. With
    `per` the figures of each interval of the period are asked for.
    """

    period: Interval
    zone: ZoneInfo
    now_us: int
    language: Language = "en"
    filters: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=dict)
    hours: Sequence[OpeningHours] = ()
    money: Terms = field(default_factory=Terms)
    teams: Sequence[tuple[str, str, str]] = ()  # agent, team, site, as they are configured
    per: Step | None = None

    def filter(self, name: str) -> str:
        """The value of a filter, "" for none."""
        return self.filters.get(name, "")
