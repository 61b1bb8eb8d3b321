"""How likely it is that a call of a number comes from one of the visits that were shown it. Pure.

Every visit that was shown the number weighs as much as the share of its calls that is still to come: 1 while it goes
on, then half after each `memory_s`. Against all of them stands `stray`: callers whom no visit explains, who have the
number from a note, an old print-out, a wrong digit. The decision record 0232 has the derivation and a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

TAP_S = 180.0  # a tap on the number is followed by the call within this
TAP_WEIGHT = 20.0
ALIVE_S = 150.0  # without a sign for longer the visit goes on no more: two heartbeats and a half
MOST_OF_PLACE = 5.0  # visits going on; more from one network weigh no more: a script could outvote all visitors


class Candidate(NamedTuple):
    """A visit that may have called; `seen` is its last sign, `tapped` the last tap on the number (0.0: none), `place`
    the network it came from ("": unknown, as after a restart).
    """

    visit: str
    seen: float
    tapped: float = 0.0
    place: str = ""


def weight(candidate: Candidate, now: float, memory_s: float) -> float:
    """Before normalisation."""
    idle_s = max(now - candidate.seen - ALIVE_S, 0.0)
    fresh = 0.0 <= now - candidate.tapped <= TAP_S if candidate.tapped else False
    return float(0.5 ** (idle_s / memory_s)) * (TAP_WEIGHT if fresh else 1.0)


def shares(candidates: Sequence[Candidate], now: float, *, memory_s: float, stray: float) -> list[float]:
    """Probability of each candidate; what is missing to 1 is nobody of them."""
    weights = [weight(candidate, now, memory_s) for candidate in candidates]
    of_place: dict[str, list[int]] = {}
    for index, candidate in enumerate(candidates):
        if candidate.place:
            of_place.setdefault(candidate.place, []).append(index)
    for indexes in of_place.values():
        together = sum(weights[index] for index in indexes)
        most = max(MOST_OF_PLACE, *(weights[index] for index in indexes))
        if together > most:
            for index in indexes:
                weights[index] *= most / together
    total = sum(weights) + stray
    return [value / total if total else 0.0 for value in weights]
