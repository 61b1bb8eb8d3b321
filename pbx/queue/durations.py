"""How long something lasts, as far as it was seen: a histogram whose old entries fade, and an assumed exponential until
there is more. It answers how likely something that has lasted so long will end soon.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import Any

FORGET = 0.99  # weight that an entry keeps with each newer one: a hundred entries are remembered
PRIOR = 5.0  # the assumed distribution counts as so many entries
RATIO = 1.12  # of neighbouring edges: no answer is off by more than it
EDGES = tuple(RATIO**step for step in range(86))  # 1 s to 4 h
RESCALE = 1e9


class Durations:
    """Seconds that something lasted. `assumed_s` is its mean as long as nothing was seen; `count` all that was seen."""

    __slots__ = ("_above", "_bins", "_sum_s", "_unit", "assumed_s", "count", "weight")

    def __init__(self, assumed_s: float) -> None:
        self.assumed_s = max(assumed_s, 0.1)
        self.count = 0
        self.weight = 0.0  # entries that are remembered, each as far as it has not faded
        self._bins = [0.0] * (len(EDGES) + 1)  # weights below, between and above the edges
        self._unit = 1.0  # weight of the next entry: it grows, so that old ones fade without being touched
        self._sum_s = 0.0
        self._above: list[float] | None = None  # weight above each edge, until the next entry

    def add(self, seconds: float) -> None:
        """It lasted so long."""
        seconds = max(seconds, 0.0)
        self.count += 1
        self._unit /= FORGET
        if self._unit > RESCALE:
            self._bins = [weight / self._unit for weight in self._bins]
            self._sum_s /= self._unit
            self._unit = 1.0
        self._bins[bisect_right(EDGES, seconds)] += self._unit
        self._sum_s += self._unit * seconds
        self.weight = self.weight * FORGET + 1.0
        self._above = None

    @property
    def mean_s(self) -> float:
        """The mean of what is remembered and what is assumed."""
        return (self._sum_s / self._unit + PRIOR * self.assumed_s) / (self.weight + PRIOR)

    def survival(self, seconds: float) -> float:
        """The share that lasts longer than `seconds`."""
        if seconds <= 0:
            return 1.0
        seen = self._seen_above(seconds) if self.weight else 0.0
        return min((PRIOR * math.exp(-seconds / self.assumed_s) + seen) / (PRIOR + self.weight), 1.0)

    def ends_within(self, age_s: float, within_s: float) -> float:
        """How likely something that has lasted `age_s` ends within the next `within_s`."""
        if within_s <= 0:
            return 0.0
        lasts = self.survival(age_s)
        if lasts <= 1e-12:  # longer than all that was seen: nothing is known but that it must end some time
            return 1.0 - math.exp(-within_s / self.mean_s)
        return 1.0 - self.survival(age_s + within_s) / lasts

    def _seen_above(self, seconds: float) -> float:
        """The remembered weight above `seconds`; within a bin it is spread evenly."""
        if self._above is None:
            total = list(accumulate(reversed(self._bins[1:])))
            self._above = [weight / self._unit for weight in reversed(total)]  # above EDGES[i]
        index = bisect_right(EDGES, seconds)
        above = self._above[index] if index < len(EDGES) else 0.0
        low = EDGES[index - 1] if index else 0.0
        high = EDGES[index] if index < len(EDGES) else low * 2
        part = min(max((high - seconds) / (high - low), 0.0), 1.0)
        return above + self._bins[index] / self._unit * part

    # -- over a restart --------------------------------------------------------------------------------------------

    def kept(self) -> dict[str, Any]:
        """What `restore` takes, JSON-ready."""
        bins = {str(index): round(weight / self._unit, 6) for index, weight in enumerate(self._bins) if weight}
        return {"count": self.count, "sum_s": round(self._sum_s / self._unit, 3), "bins": bins}

    def restore(self, kept: Any) -> None:
        """Takes up what another process had learned; what cannot be understood is passed over."""
        try:
            count, sum_s = int(kept["count"]), float(kept["sum_s"])
            bins = {int(index): float(weight) for index, weight in kept["bins"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        finite = all(math.isfinite(weight) and weight >= 0 for weight in (*bins.values(), sum_s))
        if count < 0 or not finite or any(not 0 <= index <= len(EDGES) for index in bins):
            return
        self.count, self._sum_s, self._unit, self._above = count, sum_s, 1.0, None
        self._bins = [bins.get(index, 0.0) for index in range(len(EDGES) + 1)]
        self.weight = sum(self._bins)


def sum_ends_within(first: Durations, age_s: float, second: Durations, within_s: float, steps: int = 12) -> float:
    """How likely `first`, which has lasted `age_s`, and then all of `second` are over within `within_s`."""
    if within_s <= 0:
        return 0.0
    likely = 0.0
    cuts = [within_s * step / steps for step in range(steps + 1)]
    done = [first.ends_within(age_s, cut) for cut in cuts]
    for (low, high), (before, after) in zip(pairwise(cuts), pairwise(done), strict=True):
        likely += (after - before) * (1.0 - second.survival(within_s - (low + high) / 2))
    return likely
