"""Cost per call, per answered call, per unique caller, per sale, and return on spend, by where calls came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from pbx.ledger.spending import DIMENSIONS, Spending, divide
from pbx.numbers.plan import NumberPlan
from pbx.reporting.money.calls import MoneyCall, money_calls
from pbx.reporting.money.ends import LOST, MissedEnd, ends_of
from pbx.reporting.money.spent import Sold, sold, spent
from pbx.reporting.request import Request


@dataclass(slots=True)
class MoneyFigures:
    """Of one source, medium, campaign or number. Sums are millionths of the reports' currency; None: nobody can say."""

    name: str
    calls: int = 0
    unique: int = 0
    answered: int = 0
    cost: float = 0.0
    costed: bool = False  # something was spent on it
    sales: int = 0
    revenue: float = 0.0
    missed_cost: float = 0.0
    recovered_cost: float = 0.0

    @property
    def missed(self) -> int:
        return self.calls - self.answered

    @property
    def wasted(self) -> float:
        """Spent on missed calls whose callers nobody has spoken with since."""
        return self.missed_cost - self.recovered_cost

    @property
    def roi(self) -> float | None:
        return (self.revenue - self.cost) / self.cost if self.cost else None

    def per(self, count: int) -> float | None:
        """Cost for each of `count`."""
        return self.cost / count if count and self.costed else None

    def add(self, call: MoneyCall, share: float, sale: tuple[int, float], end: MissedEnd) -> None:
        self.calls += 1
        self.unique += call.unique
        self.answered += call.answered
        self.cost += share
        self.costed = self.costed or share > 0
        self.sales += sale[0]
        self.revenue += sale[1]
        if not call.answered:
            self.missed_cost += share
            self.recovered_cost += share if end.recovered else 0.0


@dataclass(slots=True)
class Money:
    """All that the reports of an interval are made of; `calls`, `spending.shares` and `ends` stand side by side."""

    calls: list[MoneyCall]
    spending: Spending
    sold: Sold
    ends: list[MissedEnd]
    foreign: dict[str, float] = field(default_factory=dict)

    @property
    def lost(self) -> float:
        """Lost money: cost of missed calls whose callers nobody has spoken with; who is no customer is no loss."""
        rows = zip(self.calls, self.spending.shares, self.ends, strict=True)
        return sum(share for call, share, end in rows if not call.answered and end.outcome in LOST)

    def by(self, dimension: str) -> list[MoneyFigures]:
        """A line for each value, the dearest first, costs of which no call came among them; all together last."""
        at = DIMENSIONS.index(dimension)
        found: dict[str, MoneyFigures] = {}
        total = MoneyFigures("")
        rows = zip(self.calls, self.spending.shares, self.ends, strict=True)
        for call, share, end in rows:
            name, sale = call.told[at], self.sold.of(call.id)
            for figures in (found.setdefault(name, MoneyFigures(name)), total):
                figures.add(call, share, sale, end)
        for told, micro in self.spending.idle.items():
            for figures in (found.setdefault(told[at], MoneyFigures(told[at])), total):
                figures.cost += micro
                figures.costed = True
        return [*sorted(found.values(), key=lambda one: (-one.cost, -one.calls, one.name)), total]


def money(connection: Connection, request: Request) -> Money:
    """Reads all for the period of the request."""
    terms = request.money
    calls = money_calls(connection, request.period, NumberPlan(terms.country), terms.unique_us)
    sums = spent(connection, request.period, request.zone, terms)
    sales = sold(connection, request.period, terms)
    foreign = {name: sums.foreign.get(name, 0.0) for name in sorted(sums.foreign)}
    ends = ends_of(connection, request.period, [call.id if not call.answered else "" for call in calls])
    return Money(calls, divide(sums.costs, [call.told for call in calls]), sales, ends, foreign)
