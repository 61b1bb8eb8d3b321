"""Reads tables of costs and sales in a child process: a large file must not hold up calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pbx.ledger.columns import Bad
from pbx.ledger.costs import Defaults, read_costs
from pbx.ledger.sales import read_sales
from pbx.ledger.terms import Terms
from pbx.numbers.plan import NumberPlan
from pbx.numbers.table import TableError
from pbx.reporting.request import BadRequest


@dataclass(frozen=True, slots=True)
class CostsJob:
    """See pbx.reporting.jobs.Job."""

    text: str
    name: str
    terms: Terms
    mapping: Mapping[str, str] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)

    def run(self) -> dict[str, Any]:
        plan = NumberPlan(self.terms.country)
        try:
            found = read_costs(
                self.text, self.name, self.terms.turn(), plan, mapping=self.mapping, defaults=self.defaults
            )
        except TableError as error:
            raise BadRequest(str(error)) from None
        entries = [
            [key.day.isoformat(), key.source, key.medium, key.campaign, key.number, micro, currency]
            for key, (micro, currency) in sorted(found.entries.items())
        ]
        return {"entries": entries, **_told(found.rows, found.totals, found.columns, found.unknown, found.bad)}


@dataclass(frozen=True, slots=True)
class SalesJob:
    """See pbx.reporting.jobs.Job."""

    text: str
    name: str
    terms: Terms
    zone: str
    mapping: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        plan, zone = NumberPlan(self.terms.country), ZoneInfo(self.zone)
        try:
            found = read_sales(self.text, self.name, self.terms.turn(), plan, zone, self.mapping)
        except TableError as error:
            raise BadRequest(str(error)) from None
        sales = [asdict(sale) for sale in found.sales.values()]
        return {"entries": sales, **_told(found.rows, found.totals, found.columns, found.unknown, found.bad)}


def _told(rows: int, totals: int, columns: Mapping[str, str], unknown: list[str], bad: list[Bad]) -> dict[str, Any]:
    """What people are shown of a table."""
    told = {"rows": rows, "totals": totals, "columns": dict(columns), "unknown_columns": unknown}
    return told | {"bad": [{"line": one.line, "reason": one.reason} for one in bad]}
