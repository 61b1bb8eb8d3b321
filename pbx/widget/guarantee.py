"""Within how many seconds a visitor's phone rings, with the share that is wanted, as past requests prove.

Of n times, each as likely as the next one to be the longest, the next request lies within the k-th with probability
k / (n + 1): the guarantee takes the smallest k for which that is what is wanted, so that promises are kept as often as
they are meant to be however few requests there are. Hours of the day differ: where an hour has too few requests, those
around it are taken, then the newest of any hour.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

HOURS = 24
FEWEST = 20  # requests, before they say anything
NEWEST = 100  # that are looked at
KEPT = 2000  # of a queue that are remembered
Z95 = 1.96
Basis = Literal["hour", "around", "day", ""]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`seconds`: None where too little is known, math.inf where too many were never called. `count` requests of
    `basis` say so; the true quantile lies between `low` and `high` with 95 %.
    """

    seconds: float | None
    count: int
    basis: Basis
    low: float = 0.0
    high: float = math.inf


class Times:
    """Of one queue, newest last: when it was asked (hour of the day) and how long it took until the phone rang."""

    def __init__(self) -> None:
        self._rows: deque[tuple[int, float]] = deque(maxlen=KEPT)

    def add(self, hour: int, took_s: float) -> None:
        """math.inf: it never rang."""
        self._rows.append((hour, took_s))

    def of(self, hour: int) -> list[float]:
        """Of that hour, oldest first."""
        return [took_s for at, took_s in self._rows if at == hour]

    def guarantee(self, hour: int, share: float) -> Guarantee:
        """What may be guaranteed in that hour, so that `share` of it is kept."""
        enough = fewest(share)
        around = {(hour + by) % HOURS for by in (-1, 0, 1)}
        chosen: tuple[tuple[Basis, set[int]], ...] = (("hour", {hour}), ("around", around), ("day", set(range(HOURS))))
        found: list[float] = []
        for basis, hours in chosen:
            found = [took_s for at, took_s in self._rows if at in hours][-max(NEWEST, enough) :]
            if len(found) >= enough:
                times = sorted(found)
                return Guarantee(kept_within(times, share), len(times), basis, *between(times, share))
        return Guarantee(None, len(found), "")


def fewest(share: float) -> int:
    """How many requests it takes to guarantee anything with this share."""
    return max(FEWEST, math.ceil(share / (1 - share) - 1e-9))


def kept_within(times: Sequence[float], share: float) -> float:
    """Of sorted times, `fewest(share)` of them or more."""
    return times[math.ceil((len(times) + 1) * share - 1e-9) - 1]


def between(times: Sequence[float], share: float) -> tuple[float, float]:
    """In which the quantile lies with 95 %: order statistics, by the normal limit of the binomial."""
    n = len(times)
    spread = Z95 * math.sqrt(n * share * (1 - share))
    low, high = math.floor(n * share - spread), math.ceil(n * share + spread)
    return (times[low - 1] if low >= 1 else 0.0), (times[high] if high < n else math.inf)


def hour_of(unix: float, zone: ZoneInfo) -> int:
    """Of the day, on the wall clock."""
    return datetime.fromtimestamp(unix, zone).hour
