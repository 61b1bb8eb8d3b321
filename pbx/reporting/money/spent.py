"""Costs and sales as the database has them, in the currency of the reports."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx.ledger.spending import Told, summed
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval, local
from pbx.store import schema_ledger as schema

_cost, _sale = schema.ad_costs.c, schema.sales.c


@dataclass(slots=True)
class Sums:
    """Millionths in the reports' currency. `foreign`: sums of currencies without a rate, which are in nothing else."""

    costs: dict[Told, float] = field(default_factory=dict)
    foreign: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Sold:
    """Sales by the call that they belong to: (how many, millionths). `stray`: of the interval, without a call."""

    by_call: dict[str, tuple[int, float]] = field(default_factory=dict)
    stray: tuple[int, float] = (0, 0.0)
    foreign: dict[str, float] = field(default_factory=dict)

    def of(self, call_id: str) -> tuple[int, float]:
        return self.by_call.get(call_id, (0, 0.0))


def spent(connection: Connection, interval: Interval, zone: ZoneInfo, terms: Terms) -> Sums:
    """What was spent on the local days that the interval touches, by what it is for."""
    first = local(interval.start_us, zone).date().isoformat()
    last = local(interval.end_us - 1, zone).date().isoformat()
    query = (
        select(_cost.source, _cost.medium, _cost.campaign, _cost.number, _cost.currency, func.sum(_cost.amount_micro))
        .where(_cost.day >= first, _cost.day <= last)
        .group_by(_cost.source, _cost.medium, _cost.campaign, _cost.number, _cost.currency)
    )
    rates, found, parts = terms.turn(), Sums(), []
    for source, medium, campaign, number, currency, micro in connection.execute(query):
        if rates.knows(currency):
            parts.append(((source, medium, campaign, number), rates.turned(int(micro), currency)))
        else:
            found.foreign[currency] = found.foreign.get(currency, 0.0) + float(micro)
    found.costs = summed(parts)
    return found


def sold(connection: Connection, interval: Interval, terms: Terms) -> Sold:
    """Sales from the interval's beginning on: a call's sale may come long after the interval."""
    rates, found = terms.turn(), Sold()
    by_call: dict[str, list[float]] = defaultdict(list)
    stray: list[float] = []
    query = select(_sale.call_id, _sale.at_us, _sale.amount_micro, _sale.currency).where(
        _sale.at_us >= interval.start_us, _sale.at_us < interval.end_us + terms.sale_window_us
    )
    for call_id, at_us, micro, currency in connection.execute(query):
        if not rates.knows(currency):
            found.foreign[currency] = found.foreign.get(currency, 0.0) + float(micro)
        elif call_id:
            by_call[call_id].append(rates.turned(micro, currency))
        elif at_us < interval.end_us:
            stray.append(rates.turned(micro, currency))
    found.by_call = {call_id: (len(sums), sum(sums)) for call_id, sums in by_call.items()}
    found.stray = (len(stray), sum(stray))
    return found
