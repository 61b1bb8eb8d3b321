"""Which call cost how much advertising: each cost is divided evenly among the calls that it is for.

A cost is for the calls that agree with it in everything that it names: source, medium, campaign, number. So a call may
carry a share of its campaign's cost and one of a cost that names its source alone. The shares of all calls and the
costs that no call came of add up to what was spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

DIMENSIONS = ("source", "medium", "campaign", "number")
Told = tuple[str, str, str, str]  # source, medium, campaign, number; "" in a cost: of all, in a call: not known


@dataclass(slots=True)
class Spending:
    """`shares`: millionths by call, in the order of the calls. `idle`: costs of which no call came."""

    shares: list[float]
    idle: dict[Told, float] = field(default_factory=dict)
    total: float = 0.0

    @property
    def divided(self) -> float:
        return sum(self.shares)


def divide(costs: Mapping[Told, float], calls: Sequence[Told]) -> Spending:
    """Divides `costs` (millionths by what they are for) among `calls`."""
    found = Spending([0.0] * len(calls), total=sum(costs.values()))
    for mask in sorted({_mask(told) for told in costs}):
        group = {told: micro for told, micro in costs.items() if _mask(told) == mask}
        keys = [_cut(call, mask) for call in calls]
        counts = Counter(key for key in keys if key in group)
        rates = {told: group[told] / count for told, count in counts.items()}
        for at, key in enumerate(keys):
            if key in rates:
                found.shares[at] += rates[key]
        found.idle.update({told: micro for told, micro in group.items() if told not in counts})
    return found


def summed(costs: Iterable[tuple[Told, float]]) -> dict[Told, float]:
    """Costs of several days by what they are for."""
    found: dict[Told, float] = {}
    for told, micro in costs:
        found[told] = found.get(told, 0.0) + micro
    return found


def _mask(told: Told) -> tuple[bool, ...]:
    return tuple(bool(part) for part in told)


def _cut(call: Told, mask: tuple[bool, ...]) -> Told:
    """Of a call what costs of this kind name."""
    source, medium, campaign, number = (part if named else "" for part, named in zip(call, mask, strict=True))
    return source, medium, campaign, number
