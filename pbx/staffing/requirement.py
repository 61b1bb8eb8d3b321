"""How many agents an interval needs for a target, and what one more or one less would mean."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.staffing.erlang import ErlangA

MOST_AGENTS = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """`share` of all callers within `within_s`, and at most `abandoned` of them give up."""

    share: float = 0.80
    within_s: float = 20.0
    abandoned: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.share < 1 or not 0 < self.abandoned <= 1 or self.within_s < 0:
            raise ValueError(f"{self}: a target is a share between 0 and 1 within some seconds")

    def met(self, office: ErlangA) -> bool:
        return office.served_within(self.within_s) >= self.share and office.abandoned <= self.abandoned


@dataclass(frozen=True, slots=True)
class Customer:
    """How callers of a queue are: handling time and patience in seconds."""

    handling_s: float
    patience_s: float

    def office(self, agents: int, calls_per_h: float) -> ErlangA:
        return ErlangA(agents, calls_per_h * self.handling_s / 3600, self.handling_s, self.patience_s)


@dataclass(frozen=True, slots=True)
class Prices:
    """In one currency: an agent's hour, and what a caller who gives up is worth to the company."""

    agent_hour: float = 0.0
    lost_call: float = 0.0


def agents_for(calls_per_h: float, customer: Customer, target: Target) -> int:
    """The fewest agents who meet the target; 0 where nobody calls. Raises ValueError when 2,000 do not."""
    if calls_per_h <= 0:
        return 0
    low, high = 0, min(max(2, int(calls_per_h * customer.handling_s / 3600) + 4), MOST_AGENTS)
    while not target.met(customer.office(high, calls_per_h)):
        if high == MOST_AGENTS:
            raise ValueError(f"more than {MOST_AGENTS} agents would be needed for {calls_per_h:.0f} calls an hour")
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
    asa_s: float
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
        office.asa_s,
        office.occupancy,
        lost,
        agents * prices.agent_hour + lost * prices.lost_call,
    )
