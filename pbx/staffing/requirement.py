"""How many agents an interval needs for a target, and what one more or one less would mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pbx.staffing.erlang import ErlangA, ErlangC
from pbx.staffing.words import ENGLISH, Say

MOST_AGENTS = 20_000
MOST_PATIENCE_S = 86_400.0  # who waits longer than a day never gives up: that is Erlang C
Formula = Literal["erlang-a", "erlang-c"]


@dataclass(frozen=True, slots=True)
class Target:
    """`share` of all callers within `within_s`, and at most `abandoned` of them give up."""

    share: float = 0.80
    within_s: float = 20.0
    abandoned: float = 0.05

    def __post_init__(self) -> None:
        if self.share >= 1:
            raise ValueError(
                f"a target of {self.share:.0%}: no number of agents serves all in time, write 0.99 or less"
            )
        if not 0 < self.share < 1 or not 0 < self.abandoned <= 1 or not 0 <= self.within_s < math.inf:
            raise ValueError(f"{self}: a target is a share between 0 and 1 within some seconds")

    def met(self, office: ErlangA | ErlangC) -> bool:
        return office.served_within(self.within_s) >= self.share and office.abandoned <= self.abandoned


@dataclass(frozen=True, slots=True)
class Customer:
    """How callers of a queue are: handling time and patience in seconds; who never gives up has math.inf (Erlang C)."""

    handling_s: float
    patience_s: float

    def __post_init__(self) -> None:
        if not 0 < self.handling_s <= 86_400:
            raise ValueError(f"handling takes {self.handling_s:g} s: it is a time from 1 s to a day, such as 180")
        if not (0 <= self.patience_s <= MOST_PATIENCE_S or self.patience_s == math.inf):
            raise ValueError(
                f"patience is {self.patience_s:g} s: it is {MOST_PATIENCE_S:g} s at most; who never gives up is "
                "Erlang C (--formula erlang-c)"
            )

    def office(self, agents: int, calls_per_h: float) -> ErlangA | ErlangC:
        load = calls_per_h * self.handling_s / 3600
        if self.patience_s == math.inf:
            return ErlangC(agents, load, self.handling_s)
        return ErlangA(agents, load, self.handling_s, self.patience_s)

    def formula(self, say: Say = ENGLISH) -> str:
        """How people call it."""
        key = "erlang_c" if self.patience_s == math.inf else "erlang_a"
        return say(key, handling=self.handling_s, patience=self.patience_s)


@dataclass(frozen=True, slots=True)
class Prices:
    """In one currency: an agent's hour, and what a caller who gives up is worth to the company."""

    agent_hour: float = 0.0
    lost_call: float = 0.0


def agents_for(calls_per_h: float, customer: Customer, target: Target) -> int:
    """The fewest agents who meet the target; 0 where nobody calls. Raises ValueError when 20,000 do not."""
    if not 0 <= calls_per_h < math.inf:
        raise ValueError(f"{calls_per_h} calls an hour: it is a number from 0 on")
    if calls_per_h <= 0:
        return 0
    low, high = 0, min(max(2, int(calls_per_h * customer.handling_s / 3600) + 4), MOST_AGENTS)
    while not target.met(customer.office(high, calls_per_h)):
        if high == MOST_AGENTS:
            raise ValueError(
                f"more than {MOST_AGENTS} agents would be needed for {calls_per_h:.0f} calls an hour: lower the target "
                "or plan the queue in parts"
            )
        low, high = high, min(2 * high, MOST_AGENTS)
    while high - low > 1:
        middle = (low + high) // 2
        if middle and target.met(customer.office(middle, calls_per_h)):
            high = middle
        else:
            low = middle
    return high


def rostered(agents: int, shrinkage: float) -> int:
    """How many people are to be paid so that `agents` sit at their desks: breaks, training, illness."""
    if not 0 <= shrinkage < 1:
        raise ValueError(f"shrinkage is {shrinkage}: a share from 0 to below 1, such as 0.3")
    return -(-round(agents / (1 - shrinkage) * 1e9) // 10**9) if agents else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """An interval with so many agents. Money is by hour."""

    agents: int
    served_within: float
    abandoned: float
    asa_s: float | None  # None: without end
    occupancy: float
    lost_per_h: float
    cost_per_h: float


def outcome(agents: int, calls_per_h: float, customer: Customer, target: Target, prices: Prices) -> Outcome:
    """What so many agents would bring."""
    office = customer.office(agents, calls_per_h)
    lost = calls_per_h * office.abandoned
    return Outcome(
        agents,
        office.served_within(target.within_s),
        office.abandoned,
        office.asa_s if office.asa_s < math.inf else None,
        office.occupancy,
        lost,
        agents * prices.agent_hour + lost * prices.lost_call,
    )
