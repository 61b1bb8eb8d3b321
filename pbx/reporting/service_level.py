"""The six service levels in use, each with its formula: a percentage without its formula says nothing.

T is the threshold of the queue (20 s unless set), S the length up to which an abandoned wait is called short (5 s).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Formula(StrEnum):
    """The id that is printed with each figure."""

    SL1 = "SL1"
    SL2 = "SL2"
    SL3 = "SL3"
    SL4 = "SL4"
    SL5 = "SL5"
    SL6 = "SL6"


DEFAULT = Formula.SL4
BESIDE = Formula.SL3

TEXT: dict[Formula, str] = {
    Formula.SL1: "(ANS<=T + AB<=T) / (ANS + AB): early abandons count as served",
    Formula.SL2: "ANS<=T / ANS: answered calls only",
    Formula.SL3: "ANS<=T / (ANS + AB): strict",
    Formula.SL4: "ANS<=T / (ANS + AB - AB<=T): early abandons are left out",
    Formula.SL5: "(ANS<=T + AB<=S) / (ANS + AB): short abandons count as served",
    Formula.SL6: "ANS<=T / (ANS + AB - AB<=S): short abandons are left out",
}


@dataclass(slots=True)
class Counts:
    """What the formulas are made of."""

    answered: int = 0
    abandoned: int = 0
    answered_in_time: int = 0  # waited T or less
    abandoned_in_time: int = 0  # waited T or less
    abandoned_short: int = 0  # waited S or less


def service_level(counts: Counts, formula: Formula = DEFAULT) -> float | None:
    """The share from 0 to 1; None when there was no call to take a share of."""
    served, base = counts.answered_in_time, counts.answered + counts.abandoned
    match formula:
        case Formula.SL1:
            served += counts.abandoned_in_time
        case Formula.SL2:
            base = counts.answered
        case Formula.SL3:
            pass
        case Formula.SL4:
            base -= counts.abandoned_in_time
        case Formula.SL5:
            served += counts.abandoned_short
        case Formula.SL6:
            base -= counts.abandoned_short
    return share(served, base)


def share(part: float, whole: float) -> float | None:
    """part / whole, None when there is no whole."""
    return part / whole if whole > 0 else None
