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
        caller = _Caller(one.at, _patience(one, patience_s, dice), _handled(one, handled, dice))
        heap.append((one.at, number, ARRIVE, caller))
    heap += [(slot * QUARTER_S, -1 - slot, QUARTER, None) for slot in range(len(agents))]
    heapq.heapify(heap)
    found, waiting, count, busy, there, queued = Replayed(), deque[_Caller](), len(heap), 0, 0, 0
    while heap:
        now, _, kind, caller_ = heapq.heappop(heap)
        if kind == QUARTER:
            there = agents[int(now // QUARTER_S)]
        elif kind == DONE:
            busy -= 1
        elif caller_ is not None and kind == ARRIVE:
            waiting.append(caller_)
            queued += 1
            count += 1
            heapq.heappush(heap, (now + caller_.patience_s, count, GIVE_UP, caller_))
        elif caller_ is not None and not caller_.gone:
            caller_.gone = True
            queued -= 1
            found.abandoned += 1
            found.closed += not there
            found.longest_s = max(found.longest_s, now - caller_.at)
        while queued and busy < there:
            served = waiting.popleft()
            if served.gone:
                continue
            served.gone = True
            queued -= 1
            busy += 1
            count += 1
            wait = now - served.at
            found.answered += 1
            found.within += wait <= within_s
            found.wait_s += wait
            found.longest_s = max(found.longest_s, wait)
            found.busy_s += served.handled_s
            heapq.heappush(heap, (now + served.handled_s, count, DONE, None))
    return found


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


def _patience(one: Visitor, mean_s: float, dice: random.Random) -> float:
    return one.wait_s if one.gave_up else one.wait_s + dice.expovariate(1 / mean_s)


def _handled(one: Visitor, handled: Sequence[float], dice: random.Random) -> float:
    return one.talk_s + one.wrapup_s if one.answered else dice.choice(handled)
