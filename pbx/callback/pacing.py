"""How many callbacks may be under way at once: never more than agents about to be free when the customers answer.

Two things are learned from our own attempts, per queue: how long it takes until a customer answers, which is the
horizon of the question how many agents will be free; and how often a customer who answered found nobody, by which
predicted agents count for less.
"""

from __future__ import annotations

import math
from collections import deque

ASSUMED_REACH_S = 12.0  # from the INVITE to the answer, until there is more to go by
PRIOR = 3  # the assumption counts as so many answers
REMEMBERED = 50
SILENT_S = 2.0  # a customer who waits longer than this for the agent was called too early
RECENT = 100  # answered callbacks that the share of silent ones is measured over
MIN_CAUTION = 0.1


class ReachTime:
    """How long customers take to answer."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=REMEMBERED)

    def answered(self, seconds: float) -> None:
        """A customer answered so long after the launch."""
        self._seen.append(max(seconds, 0.0))

    @property
    def expected_s(self) -> float:
        """The mean of the latest answers and of the assumption."""
        return (PRIOR * ASSUMED_REACH_S + sum(self._seen)) / (PRIOR + len(self._seen))


class Caution:
    """By how much an agent counts who is expected to be free but is not yet: from 1 down to 0.1, and 0 while more
    customers than `share` of the latest ones hung up without an agent.
    """

    __slots__ = ("_recent", "factor", "share")

    def __init__(self, share: float) -> None:
        self.share = share
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self.factor = 1.0

    def served(self, waited_s: float) -> None:
        """An agent was there `waited_s` seconds after the customer's answer."""
        self._recent.append(False)
        if waited_s > SILENT_S:
            self.factor = max(MIN_CAUTION, self.factor * 0.8)
        else:
            self.factor = min(1.0, self.factor + 0.05)

    def abandoned(self) -> None:
        """The customer hung up before an agent was there."""
        self._recent.append(True)
        self.factor = max(MIN_CAUTION, self.factor / 2)

    @property
    def silent_share(self) -> float:
        """Of the latest answered callbacks those that hung up without an agent; 0 while there are none."""
        return sum(self._recent) / len(self._recent) if self._recent else 0.0

    @property
    def weight(self) -> float:
        """What a predicted agent counts."""
        return 0.0 if self.silent_share > self.share else self.factor


def allowed(*, free: int, soon_free: float, weight: float, ahead: int, launched: int) -> int:
    """How many more callbacks may be launched now.

    `free` agents are free at this moment, `soon_free` are expected by the time of the answer, those included; `ahead`
    candidates wait who are older, `launched` callbacks are on their way to their customers. Never negative.
    """
    agents = free + weight * max(0.0, soon_free - free)
    return max(0, math.floor(agents + 1e-9) - ahead - launched)
