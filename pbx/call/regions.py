"""Where a caller's number belongs: country and kind by the number plan, region and operator by ranges or by prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pbx.numbers import geography
from pbx.numbers.plan import NumberPlan
from pbx.numbers.ranges import RangeTable

if TYPE_CHECKING:
    from pbx.call.setup import Setup

CACHE = 8192


class Origin(NamedTuple):
    """What is known of a number; "" for what is not."""

    country: str = ""  # ISO 3166
    region: str = ""
    kind: str = ""  # pbx.numbers.plan.NumberInfo
    operator: str = ""


UNKNOWN = Origin()


class Regions:
    """Answers from a cache. Without a country of its own it knows nothing, and costs nothing."""

    def __init__(self, country: str, language: str, ranges: RangeTable | None = None) -> None:
        self._language = language
        self._imported: list[RangeTable] = []
        self._names: Mapping[str, Mapping[str, str]] = {}
        self._known: dict[str, Origin] = {}
        self.configure(country, ranges if ranges is not None else RangeTable())

    def configure(self, country: str, ranges: RangeTable) -> None:
        """From now on the plan of `country`, and these ranges."""
        self._plan = NumberPlan(country)
        self._ranges = ranges
        self._known.clear()

    def take_names(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Names of regions by prefix (`pbx.numbers.geography.load`), where no range says better."""
        self._names = names
        self._known.clear()

    def take_ranges(self, tables: list[RangeTable]) -> None:
        """Tables that go before those of the configuration, the first one first."""
        self._imported = tables
        self._known.clear()

    def origin(self, number: str) -> Origin:
        """Where `number` belongs."""
        if not self._plan.country:
            return UNKNOWN
        found = self._known.get(number)
        if found is None:
            if len(self._known) >= CACHE:
                self._known.clear()
            found = self._known[number] = self._find(number)
        return found

    def tell(self, setup: Setup, number: str) -> None:
        """Notes in `setup` where its caller is from."""
        origin = self.origin(number)
        if origin.country:
            setup.caller_country, setup.caller_region = origin.country, origin.region
            setup.caller_type, setup.caller_operator = origin.kind, origin.operator

    def _find(self, number: str) -> Origin:
        e164 = self._plan.e164(number)
        if not e164:
            return UNKNOWN
        info = self._plan.info(e164)
        region = operator = ""
        for table in (*self._imported, self._ranges):
            place = table.find(e164)
            if place is not None:  # the table of one authority may tell the operator alone
                region, operator = region or place.region, operator or place.operator
                if region:
                    break
        if not region and info.kind != "mobile":  # of mobile numbers the prefix tells the country alone
            region = geography.find(self._names, e164, self._language)
        return Origin(info.country, region, info.kind, operator)
