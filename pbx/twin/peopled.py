"""A past day of queues once more, with the people, skills, priorities and ring times that were: who was answered, how
soon, who gave up.

What is known of a caller is kept, as in pbx.twin.replay; what is not is drawn. Here agents are persons of their own,
and the distributor that the PBX itself asks decides who gets whom.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.config import Config
from pbx.twin.house import House, Offers, Shift
from pbx.twin.past import PastDay, Visitor
from pbx.twin.replay import Replayed, drawn_handling, drawn_patience


class Clockwork:
    """An event loop of timers alone, in virtual seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._now = 0.0
        self._count = 0

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[..., object], /, *args: Any) -> None:
        self._count += 1
        heapq.heappush(self._heap, (max(when, self._now), self._count, callback, args))

    def run(self) -> None:
        while self._heap:
            self._now, _, callback, args = heapq.heappop(self._heap)
            callback(*args)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is at work, with all that the distributor needs. `others` are callers of further queues whom the same agents
    serve: they are in the way, but not counted."""

    config: Config
    shifts: Sequence[Shift]
    offers: Offers = field(default_factory=Offers)
    others: Sequence[tuple[str, Visitor]] = ()


class _Caller:
    __slots__ = ("_office", "came", "handled_s", "key", "patience_s", "queue", "visitor")

    def __init__(self, office: _Office, queue: str, visitor: Visitor, patience_s: float, handled_s: float) -> None:
        self._office = office
        self.queue, self.visitor, self.patience_s, self.handled_s = queue, visitor, patience_s, handled_s
        self.key = -1
        self.came = visitor.at

    def taken(self) -> float:
        self._office.answered(self)
        return self.handled_s


class _Office:
    def __init__(self, staff: Staff, queue: str, within_s: float, dice: random.Random) -> None:
        self.timers = Clockwork()
        self.house = House(staff.config, staff.shifts, staff.offers, self.timers, dice)
        self.queue, self.within_s = queue, within_s
        self.found = Replayed()
        self.limits = {entry.name: entry.max_wait_s for entry in staff.config.queue}

    def comes(self, caller: _Caller) -> None:
        one = caller.visitor
        caller.key = self.house.join(
            caller.queue, caller, priority=one.priority, skills=one.skills, preferred=one.preferred
        )
        limit_s = self.limits.get(caller.queue, 0.0)
        caller.patience_s = min(caller.patience_s, limit_s) if limit_s and caller.patience_s >= 0 else caller.patience_s
        self.timers.call_at(caller.came + max(caller.patience_s, 0.0), self.gives_up, caller)

    def answered(self, caller: _Caller) -> None:
        caller.patience_s = -1.0
        if caller.queue != self.queue:
            return
        wait_s, found = self.timers.time() - caller.came, self.found
        found.answered += 1
        found.within += wait_s <= self.within_s
        found.wait_s += wait_s
        found.longest_s = max(found.longest_s, wait_s)
        found.busy_s += caller.handled_s

    def gives_up(self, caller: _Caller) -> None:
        if caller.patience_s < 0:
            return
        there = self.house.there(caller.queue)
        self.house.leave(caller.key)
        if caller.queue == self.queue:
            self.found.abandoned += 1
            self.found.closed += not there
            self.found.longest_s = max(self.found.longest_s, caller.patience_s)


def replay_people(day: PastDay, staff: Staff, patience_s: float, within_s: float, seed: int) -> Replayed:
    """One replay with these dice. Raises ValueError when nobody was answered on that day."""
    handled = [one.talk_s + one.wrapup_s for one in day.answered]
    if not handled:
        raise ValueError(f"nobody was answered in queue {day.queue!r} on {day.day}: how long calls take is not known")
    dice = random.Random(f"{seed}")
    office = _Office(staff, day.queue, within_s, dice)
    office.house.start()  # whoever calls in the instant in which a shift begins finds it there
    for queue, one in [*((day.queue, one) for one in day.visitors), *staff.others]:
        caller = _Caller(office, queue, one, drawn_patience(one, patience_s, dice), drawn_handling(one, handled, dice))
        office.timers.call_at(caller.came, office.comes, caller)
    office.timers.run()
    return office.found
