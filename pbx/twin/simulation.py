"""Days of a hotline that does not exist yet: callers come, find a line or not, wait, are served or give up.

One line for all, first come first served; who is in a talk when the shift ends finishes it. The same seed lives the
same days. What is simulated and what Erlang's formulas say for a steady hour is held against each other in the tests.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pbx.twin.roster import HOURS, Roster

HOUR = 3600.0
ARRIVE, GIVE_UP, DONE, LINE, SHIFT = range(5)


@dataclass(frozen=True, slots=True)
class World:
    """`arrivals[weekday][hour]` are calls of an average hour; durations are seconds; `lines` 0: no limit."""

    arrivals: Sequence[Sequence[float]]
    talk_s: float
    talk_spread: float  # standard deviation over mean; exactly 1 is exponential, anything else lognormal
    wrapup_s: float
    patience_s: float
    lines: int = 0
    retrials: float = 0.0  # of those who were not served, who ring again
    retrial_after_s: float = 300.0
    within_s: float = 20.0


@dataclass(slots=True)
class Day:
    """What happened on one day. Callers who ring again are further calls."""

    weekday: int
    calls: int = 0
    blocked: int = 0  # found no line
    closed: int = 0  # nobody at work
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    wait_s: float = 0.0  # of the answered
    longest_s: float = 0.0
    most_lines: int = 0
    busy_s: float = 0.0
    agent_h: int = 0
    lost: list[int] = field(default_factory=lambda: [0] * HOURS)  # who was not served, by the hour in which he went


class _Caller:
    __slots__ = ("at", "gone")

    def __init__(self, at: float) -> None:
        self.at = at
        self.gone = False


class _Office:
    """One day's state."""

    def __init__(self, world: World, roster: Roster, weekday: int, dice: random.Random) -> None:
        self.world = world
        self.dice = dice
        self.plan = roster.agents[weekday]
        self.day = Day(weekday, agent_h=sum(self.plan))
        self.heap: list[tuple[float, int, int, _Caller | None]] = []
        self.count = 0
        self.waiting: deque[_Caller] = deque()
        self.queue = 0  # who has not gone
        self.busy = 0
        self.agents = 0
        self.lines = 0
        sigma = math.sqrt(math.log(1 + world.talk_spread**2))
        self.talk = (math.log(world.talk_s) - sigma * sigma / 2, sigma)

    def push(self, at: float, kind: int, caller: _Caller | None = None) -> None:
        self.count += 1
        heapq.heappush(self.heap, (at, self.count, kind, caller))

    def live(self) -> Day:
        dice, world = self.dice, self.world
        for hour, rate in enumerate(world.arrivals[self.day.weekday]):
            self.push(hour * HOUR, SHIFT)
            at = 0.0
            while rate > 0 and (at := at + dice.expovariate(rate)) < 1.0:
                self.push((hour + at) * HOUR, ARRIVE)
        while self.heap:
            now, _, kind, caller = heapq.heappop(self.heap)
            if kind == ARRIVE:
                self.arrive(now)
            elif kind == LINE:
                self.lines -= 1
            elif kind == DONE:
                self.busy -= 1
                self.serve(now)
            elif kind == GIVE_UP and caller is not None and not caller.gone:
                self.give_up(now, caller)
            elif kind == SHIFT:
                self.agents = self.plan[min(int(now / HOUR), HOURS - 1)]
                self.serve(now)
        return self.day

    def arrive(self, now: float) -> None:
        day, world = self.day, self.world
        day.calls += 1
        if not self.agents:
            day.closed += 1
            day.lost[min(int(now / HOUR), HOURS - 1)] += 1
            return
        if world.lines and self.lines >= world.lines:
            day.blocked += 1
            day.lost[min(int(now / HOUR), HOURS - 1)] += 1
            self.again(now)
            return
        self.lines += 1
        day.most_lines = max(day.most_lines, self.lines)
        caller = _Caller(now)
        self.waiting.append(caller)
        self.queue += 1
        self.serve(now)
        if not caller.gone:
            self.push(now + self.dice.expovariate(1 / world.patience_s), GIVE_UP, caller)

    def serve(self, now: float) -> None:
        day, world = self.day, self.world
        while self.queue and self.busy < self.agents:
            caller = self.waiting.popleft()
            if caller.gone:
                continue
            caller.gone = True
            self.queue -= 1
            self.busy += 1
            wait = now - caller.at
            talk = self.talk_s()
            wrapup = self.dice.expovariate(1 / world.wrapup_s) if world.wrapup_s else 0.0
            day.answered += 1
            day.within += wait <= world.within_s
            day.wait_s += wait
            day.longest_s = max(day.longest_s, wait)
            day.busy_s += talk + wrapup
            self.push(now + talk, LINE)  # the caller hangs up before the wrap-up is over
            self.push(now + talk + wrapup, DONE)

    def talk_s(self) -> float:
        if self.world.talk_spread == 1.0:
            return self.dice.expovariate(1 / self.world.talk_s)
        return self.dice.lognormvariate(*self.talk)

    def give_up(self, now: float, caller: _Caller) -> None:
        caller.gone = True
        self.queue -= 1
        self.lines -= 1
        self.day.abandoned += 1
        self.day.lost[min(int(now / HOUR), HOURS - 1)] += 1
        self.day.longest_s = max(self.day.longest_s, now - caller.at)
        self.again(now)

    def again(self, now: float) -> None:
        if self.dice.random() < self.world.retrials:
            later = now + self.dice.expovariate(1 / self.world.retrial_after_s)
            if later < HOURS * HOUR:
                self.push(later, ARRIVE)


def simulate(world: World, roster: Roster, days: int, seed: int) -> list[Day]:
    """`days` days, weekday after weekday; only those on which anybody calls or works."""
    weekdays = [day for day in range(7) if sum(world.arrivals[day]) > 0 or sum(roster.agents[day]) > 0]
    if not weekdays:
        raise ValueError("nobody calls and nobody works: there is nothing to simulate")
    return [
        _Office(world, roster, weekdays[n % len(weekdays)], random.Random(f"{seed}:{n}")).live() for n in range(days)
    ]
