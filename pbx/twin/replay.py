"""The callers of a past day once more, with other people at work: the same arrivals, the same talks, the same patience.

What is known of a caller is kept: when he came, how long he was handled, and, of one who gave up, how long he would
wait. What is not known is drawn anew each time: the patience of one who was answered is at least what he waited
(exponential beyond, so of no memory), the handling of one who gave up is that of some caller who was answered. Many
replays give ranges. One line for all, first come first served, as in pbx.twin.simulation.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pbx.twin.past import QUARTER_S, PastDay, Visitor

ARRIVE, GIVE_UP, DONE, QUARTER = range(4)


@dataclass(slots=True)
class Replayed:
    """One replay. Waits are in seconds."""

    answered: int = 0
    within: int = 0
    abandoned: int = 0
    closed: int = 0  # nobody at work came before their patience ended
    wait_s: float = 0.0
    longest_s: float = 0.0
    busy_s: float = 0.0


class _Caller:
    __slots__ = ("at", "gone", "handled_s", "patience_s")

    def __init__(self, at: float, patience_s: float, handled_s: float) -> None:
        self.at = at
        self.patience_s = patience_s
        self.handled_s = handled_s
        self.gone = False


def replay(day: PastDay, agents: Sequence[int], patience_s: float, within_s: float, seed: int) -> Replayed:
    """The day with `agents` at work in each quarter hour. Raises ValueError when nobody was answered on it."""
    handled = [one.talk_s + one.wrapup_s for one in day.answered]
    if not handled:
        raise ValueError(f"nobody was answered in queue {day.queue!r} on {day.day}: how long calls take is not known")
    dice = random.Random(f"{seed}")
    heap: list[tuple[float, int, int, _Caller | None]] = []
    for number, one in enumerate(day.visitors):
        caller = _Caller(one.at, drawn_patience(one, patience_s, dice), drawn_handling(one, handled, dice))
        heap.append((one.at, number, ARRIVE, caller))
    heap += [(slot * QUARTER_S, -1 - slot, QUARTER, None) for slot in range(len(agents))]
    heapq.heapify(heap)
    return _Office(heap, agents, within_s).live()


class _Office:
    """One replay's state."""

    def __init__(
        self, heap: list[tuple[float, int, int, _Caller | None]], agents: Sequence[int], within_s: float
    ) -> None:
        self.heap = heap
        self.agents = agents
        self.within_s = within_s
        self.found = Replayed()
        self.waiting: deque[_Caller] = deque()
        self.count, self.busy, self.there, self.queued = len(heap), 0, 0, 0

    def live(self) -> Replayed:
        while self.heap:
            now, _, kind, caller = heapq.heappop(self.heap)
            if kind == QUARTER:
                self.there = self.agents[int(now // QUARTER_S)]
            elif kind == DONE:
                self.busy -= 1
            elif caller is not None and kind == ARRIVE:
                self.waiting.append(caller)
                self.queued += 1
                self.push(now + caller.patience_s, GIVE_UP, caller)
            elif caller is not None and not caller.gone:
                self.give_up(now, caller)
            self.serve(now)
        return self.found

    def push(self, at: float, kind: int, caller: _Caller | None = None) -> None:
        self.count += 1
        heapq.heappush(self.heap, (at, self.count, kind, caller))

    def give_up(self, now: float, caller: _Caller) -> None:
        caller.gone = True
        self.queued -= 1
        self.found.abandoned += 1
        self.found.closed += not self.there
        self.found.longest_s = max(self.found.longest_s, now - caller.at)

    def serve(self, now: float) -> None:
        found = self.found
        while self.queued and self.busy < self.there:
            caller = self.waiting.popleft()
            if caller.gone:
                continue
            caller.gone = True
            self.queued -= 1
            self.busy += 1
            wait = now - caller.at
            found.answered += 1
            found.within += wait <= self.within_s
            found.wait_s += wait
            found.longest_s = max(found.longest_s, wait)
            found.busy_s += caller.handled_s
            self.push(now + caller.handled_s, DONE)


def as_it_was(day: PastDay, within_s: float) -> Replayed:
    """What the journey says."""
    answered = day.answered
    return Replayed(
        len(answered),
        sum(one.wait_s <= within_s for one in answered),
        sum(not one.answered for one in day.visitors),
        0,
        sum(one.wait_s for one in answered),
        max((one.wait_s for one in day.visitors), default=0.0),
        sum(one.talk_s + one.wrapup_s for one in answered),
    )


def drawn_patience(one: Visitor, mean_s: float, dice: random.Random) -> float:
    return one.wait_s if one.gave_up else one.wait_s + dice.expovariate(1 / mean_s)


def drawn_handling(one: Visitor, handled: Sequence[float], dice: random.Random) -> float:
    return one.talk_s + one.wrapup_s if one.answered else dice.choice(handled)
