"""Shares of small samples with their intervals, and the patience of people who were answered before they gave up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with the interval in which the true share lies with 95 % confidence (Wilson 1927)."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high); (0, 1) when there is nothing to go by."""
        if not self.whole:
            return 0.0, 1.0
        n, p, z = self.whole, self.part / self.whole, Z95
        centre = p + z * z / (2 * n)
        spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """At `at` the share `survival` has not seen the event yet; `at_risk` were under observation just before."""

    at: float
    survival: float
    at_risk: int


def kaplan_meier(observed: Iterable[tuple[float, bool]]) -> list[Step]:
    """The survival curve of (time, whether the event was seen or the observation ended before it).

    One step per time with an event, in order; at the same time events come before those who leave observation.
    """
    counts: dict[float, list[int]] = {}
    for time, event in observed:
        counts.setdefault(time, [0, 0])[not event] += 1
    return kaplan_meier_counts((time, events, others) for time, (events, others) in sorted(counts.items()))


def kaplan_meier_counts(counted: Iterable[tuple[float, int, int]]) -> list[Step]:
    """The same of (time, events, observations that ended otherwise), in order of time."""
    found = list(counted)
    at_risk = sum(events + others for _, events, others in found)
    survival, steps = 1.0, []
    for time, events, others in found:
        if events:
            survival *= 1 - events / at_risk
            steps.append(Step(time, survival, at_risk))
        at_risk -= events + others
    return steps


def bands(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """(low, high) of each step's survival with 95 % confidence: Greenwood's variance of log(-log S), which keeps the
    band within 0 and 1 (Kalbfleisch and Prentice).
    """
    found: list[tuple[float, float]] = []
    total, before = 0.0, 1.0
    for step in steps:
        gone = round(step.at_risk * (1 - step.survival / before)) if before else 0
        before = step.survival
        if step.at_risk == gone or not 0 < step.survival < 1:
            found.append((0.0, found[-1][1] if found else 1.0))
            continue
        total += gone / (step.at_risk * (step.at_risk - gone))
        spread = math.exp(Z95 * math.sqrt(total) / abs(math.log(step.survival)))
        found.append((step.survival**spread, step.survival ** (1 / spread)))
    return found


def survival_at(steps: Sequence[Step], time: float) -> float:
    """The share that has not seen the event up to and including `time`."""
    survival = 1.0
    for step in steps:
        if step.at > time:
            break
        survival = step.survival
    return survival


def quantile(steps: Sequence[Step], share: float) -> float | None:
    """When `share` has seen the event; None when the observation does not reach so far."""
    for step in steps:
        if step.survival <= 1 - share + 1e-12:
            return step.at
    return None


@dataclass(frozen=True, slots=True)
class Hazard:
    """Of those under observation at `start_s`, the share that gives up within the bin."""

    start_s: float
    share: float
    at_risk: int


def hazards(observed: Sequence[tuple[float, bool]], bin_s: float = 5.0, most_s: float = 600.0) -> list[Hazard]:
    """The hazard in bins of `bin_s` up to `most_s`, as events over the time at risk; bins with nobody left are not
    there.
    """
    bins: list[Hazard] = []
    for number in range(int(most_s / bin_s)):
        start, end = number * bin_s, (number + 1) * bin_s
        present = [(time, event) for time, event in observed if time > start or (time == start and not number)]
        if not present:
            break
        events = sum(event for time, event in present if time <= end)
        exposed_s = sum(min(time, end) - start for time, _ in present)
        share = 1 - math.exp(-events / exposed_s * bin_s) if exposed_s > 0 else 1.0 if events else 0.0
        bins.append(Hazard(start, share, len(present)))
    return bins
