"""Patience and promises: the product-limit estimator by its definition, hazards in bins, shares with their bounds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from tests.pbx.reporting.oracle.counting import Cut, Row, callers, customers_of, ratio, wilson
from tests.pbx.reporting.oracle.reading import MICRO, Called, Promise

Observed = Sequence[tuple[float, bool]]  # a time, and whether the event was seen then


def there_after(observed: Observed, time: float) -> float:
    """S(t): the product of 1 - d/n over the times of events up to t; n is who was there until just before."""
    left = 1.0
    for at in sorted({when for when, seen in observed if seen and when <= time}):
        left *= 1 - sum(seen and when == at for when, seen in observed) / sum(when >= at for when, _ in observed)
    return left


def greenwood(observed: Observed, time: float) -> tuple[float, float]:
    """The 95 % band of S(t) by the variance of log(-log S)."""
    left, total = there_after(observed, time), 0.0
    for at in {when for when, seen in observed if seen and when <= time}:
        gone, here = sum(seen and when == at for when, seen in observed), sum(when >= at for when, _ in observed)
        total += gone / (here * (here - gone))
    spread = 1.959963984540054 * math.sqrt(total) / math.log(left)
    bounds = left ** math.exp(spread), left ** math.exp(-spread)
    return min(bounds), max(bounds)


def median(observed: Observed) -> float | None:
    """The first time at which no more than half are there."""
    times = sorted({when for when, seen in observed if seen})
    return next((at for at in times if there_after(observed, at) <= 0.5 + 1e-12), None)


def hazard(observed: Observed, start_s: float, width_s: float = 5.0) -> tuple[float, int] | None:
    """Of those who wait at the beginning of (start, start + width], the share that leaves in it by itself: the rate of
    events in the time they were there. And how many those are.
    """
    here = [(when, seen) for when, seen in observed if when > start_s]
    if not here:
        return None
    gone = sum(seen for when, seen in here if when <= start_s + width_s)
    spent = sum(min(when - start_s, width_s) for when, _ in here)
    return 1 - math.exp(-gone * width_s / spent), len(here)


def patience(calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for _, stay in callers(calls):
        if cut.holds(stay.joined_us) and stay.wait_us > 0:
            found[stay.queue].append((stay.wait_us / MICRO, stay.outcome == "abandoned"))
    return {name: _patience(waits) for name, waits in found.items()}


def _patience(waits: Observed) -> Row:
    gone, longest = sum(seen for _, seen in waits), max(when for when, _ in waits)
    first = hazard(waits, 0.0)
    peaks = [(one[0], -start) for start in range(0, 600, 5) if (one := hazard(waits, start)) and one[1] >= 20]
    peak = max(peaks, default=None)
    return {
        "waited": len(waits),
        "abandoned": gone,
        "mean_s": ratio(sum(when for when, _ in waits), gone),
        "median_s": median(waits),
        **{
            f"there_after_{at}_s": there_after(waits, at) if at <= longest else None
            for at in (15, 30, 60, 120, 300, 600)
        },
        "hazard_first_5_s": first[0] if first else None,
        "hazard_peak": peak[0] if peak else None,
        "hazard_peak_at_s": -peak[1] if peak else None,
    }


def promises(calls: Sequence[Called], cut: Cut) -> dict[str, Row]:
    """By queue and what was said ("sales 30"), by queue ("sales None"), and "all None"."""
    found: dict[str, list[Promise]] = defaultdict(list)
    for call in customers_of(calls):
        for one in (each for stay in call.stays for each in stay.promises):
            if cut.holds(one.at_us):
                for key in (f"{one.queue} {one.high_s:g}", f"{one.queue} None", "all None"):
                    found[key].append(one)
    return {key: _promises(said) for key, said in found.items()}


def _promises(said: list[Promise]) -> Row:
    kept, broken = (sum(one.outcome == name for one in said) for name in ("kept", "broken"))
    low, high = wilson(kept, kept + broken)
    ratios = [(one.waited_us / MICRO / one.high_s, one.outcome == "kept") for one in said]
    return {
        "said": len(said),
        "kept": kept,
        "broken": broken,
        "open": len(said) - kept - broken,
        "true": ratio(kept, kept + broken),
        "true_low": low,
        "true_high": high,
        "corrected": 1 - there_after(ratios, 1.0),
        "aimed_at": sum(one.quantile for one in said) / len(said),
    }


def never_rising(shares: Sequence[tuple[int, int]]) -> list[float]:
    """Isotonic regression by its min-max formula: of (part, whole)."""

    def mean(first: int, last: int) -> float:
        some = shares[first : last + 1]
        return sum(part for part, _ in some) / sum(whole for _, whole in some)

    count = len(shares)
    return [min(max(mean(j, k) for k in range(i, count)) for j in range(i + 1)) for i in range(count)]
