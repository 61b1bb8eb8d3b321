"""A day in the agency: callers wait in one line, agents take the one who has waited longest, some give up."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from pbx.demodata.agency import HOUR, Agency
from pbx.demodata.arrivals import DayPlan

ARRIVE, GIVE_UP, FREE, DIAL, CHANGE = range(5)
SPARE = 2  # agents who stay free for callers when one dials
POSTPONED_S = 120.0
RING_S = 4.0  # of an agent's phone
UNANSWERED_S = 25.0
SHORT_S = 5.0  # who gives up sooner has not been missed
TRIES = 3  # to call a missed customer back


@dataclass(slots=True, eq=False)
class Missed:
    """A customer whom nobody has spoken with; instants are UTC seconds. `end` is "" while that is so."""

    number: str
    at: float
    lead: bool  # called outside office hours
    did: str = ""
    origin: str = ""  # id of the call
    item: str = ""  # id of the contact
    times: int = 1
    tries: list[tuple[float, bool, Call]] = field(default_factory=list)  # when, reached, by which call
    end: str = ""
    ended: float = 0.0


@dataclass(slots=True)
class Backlog:
    """Who waits to be called back, the oldest first; goes from day to day."""

    line: deque[Missed] = field(default_factory=deque)
    open: dict[str, Missed] = field(default_factory=dict)  # by number
    all: list[Missed] = field(default_factory=list)

    def miss(self, number: str, at: float, *, lead: bool) -> Missed:
        """One open item for each number."""
        found = self.open.get(number)
        if found is not None:
            found.times += 1
            return found
        found = self.open[number] = Missed(number, at, lead)
        self.line.append(found)
        self.all.append(found)
        return found

    def close(self, number: str, end: str, at: float) -> None:
        found = self.open.pop(number, None)
        if found is not None:
            found.end, found.ended = end, at
            if found in self.line:
                self.line.remove(found)


@dataclass(slots=True, eq=False)
class Call:
    """What happened to one call; seconds after midnight. `agent` is "" where nobody talked."""

    at: float
    number: str
    outbound: bool = False
    closed: bool = False  # outside office hours
    agent: str = ""
    wait_s: float = 0.0  # in the queue; of an outbound call ringing
    talk_s: float = 0.0
    wrapup_s: float = 0.0
    position: int = 0
    answered: bool = False
    redial: bool = False
    missed: Missed | None = None  # who was called back


@dataclass(slots=True)
class Duty:
    """An agent's shift, and the calls that he had: (from, talk ends, wrap-up ends, call)."""

    agent: str
    begins: float
    ends: float
    busy: list[tuple[float, float, float, Call]] = field(default_factory=list)


class Office:
    """One day. `live` returns its calls and who worked."""

    def __init__(
        self, agency: Agency, plan: DayPlan, random: np.random.Generator, backlog: Backlog, zero: float
    ) -> None:
        """`zero` is the day's midnight in UTC seconds, by the clock of its noon."""
        self._agency = agency
        self._random = random
        self._plan = plan
        self._backlog = backlog
        self._zero = zero
        self._again: list[tuple[float, str]] = []  # heap of (when, number): who gave up and will ring again
        self._line: deque[Call] = deque()
        self._idle: dict[str, float] = {}  # agent: free since
        self._duties: dict[str, Duty] = {}
        self._heap: list[tuple[float, int, int, object]] = []
        self._count = 0
        self.calls: list[Call] = []

    @property
    def duties(self) -> list[Duty]:
        return list(self._duties.values())

    def live(self) -> list[Call]:
        for at in self._plan.inbound:
            self._push(at, ARRIVE, None)
        for at in self._plan.outbound:
            self._push(at, DIAL, None)
        if self._plan.works:
            for shift in self._agency.shifts:
                self._push(shift.begins * HOUR, CHANGE, shift)
        steps = {ARRIVE: self._arrive, GIVE_UP: self._give_up, FREE: self._free, DIAL: self._dial, CHANGE: self._change}
        while self._heap:
            now, _, kind, what = heapq.heappop(self._heap)
            steps[kind](now, what)
        return sorted(self.calls, key=lambda call: call.at)

    def _push(self, at: float, kind: int, what: object) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, kind, what))

    def _change(self, now: float, shift: object) -> None:
        """A team comes; who is of another one goes when his call is over."""
        self._idle.clear()
        for agent in shift.agents:  # type: ignore[attr-defined]
            self._duties[agent] = Duty(agent, now, shift.ends * HOUR)  # type: ignore[attr-defined]
            self._take_next(agent, now)

    def _arrive(self, now: float, _what: object) -> None:
        redial = bool(self._again) and self._again[0][0] <= now
        call = Call(now, heapq.heappop(self._again)[1] if redial else number_of(self._customer()), redial=redial)
        self.calls.append(call)
        if not self._agency.on_duty(now) or not self._plan.works:
            call.closed = True
            call.missed = self._backlog.miss(call.number, self._zero + now, lead=True)
            return
        call.position = len(self._line) + 1
        if self._idle and not self._line:
            self._serve(call, min(self._idle, key=lambda agent: self._idle[agent]), now)
            return
        self._line.append(call)
        self._push(now + self._random.exponential(self._agency.patience_s), GIVE_UP, call)

    def _customer(self) -> int:
        """Few ring often, many once: the square of an even number."""
        return int(self._agency.customers * self._random.random() ** 2)

    def _give_up(self, now: float, call: object) -> None:
        assert isinstance(call, Call)
        if call.answered or call not in self._line:
            return
        self._line.remove(call)
        call.wait_s = now - call.at
        if call.wait_s > SHORT_S:
            call.missed = self._backlog.miss(call.number, self._zero + now, lead=False)
        if self._random.random() < self._agency.redials:
            heapq.heappush(self._again, (now + self._random.uniform(120, HOUR), call.number))

    def _serve(self, call: Call, agent: str, now: float) -> None:
        agency = self._agency
        self._idle.pop(agent, None)
        call.answered, call.agent = True, agent
        call.wait_s = now - call.at + RING_S
        call.talk_s = self._talk(agency.talk_s - RING_S)
        call.wrapup_s = float(self._random.exponential(agency.wrapup_s))
        self._backlog.close(call.number, "customer_came_back", self._zero + call.at + call.wait_s)
        self._occupy(agent, now + RING_S, call)

    def _occupy(self, agent: str, begins: float, call: Call) -> None:
        talked = begins + call.talk_s
        self._duties[agent].busy.append((begins, talked, talked + call.wrapup_s, call))
        self._push(talked + call.wrapup_s, FREE, agent)

    def _talk(self, mean_s: float) -> float:
        sigma = self._agency.spread
        return float(self._random.lognormal(math.log(mean_s) - sigma * sigma / 2, sigma))

    def _free(self, now: float, agent: object) -> None:
        assert isinstance(agent, str)
        if agent in self._agency.on_duty(now):
            self._take_next(agent, now)

    def _take_next(self, agent: str, now: float) -> None:
        self._idle[agent] = now
        if self._line:
            self._serve(self._line.popleft(), agent, now)

    def _dial(self, now: float, what: object) -> None:
        """An agent who is free calls somebody: who was missed first, then who had the campaign's SMS."""
        if not self._agency.on_duty(now):
            return
        if len(self._idle) <= SPARE or self._line:
            self._push(now + POSTPONED_S, DIAL, what)
            return
        agent = min(self._idle, key=lambda name: self._idle[name])
        self._idle.pop(agent)
        missed = self._backlog.line.popleft() if self._backlog.line else None
        number = missed.number if missed is not None else number_of(self._customer())
        call = Call(now, number, outbound=True, agent=agent, missed=missed)
        chance = self._agency.answers if missed is None else self._agency.reached
        call.answered = bool(self._random.random() < chance)
        call.wait_s = float(self._random.uniform(5, 14) if call.answered else UNANSWERED_S)
        call.talk_s = self._talk(self._agency.outbound_talk_s) if call.answered else 0.0
        self.calls.append(call)
        if missed is not None:
            self._tried(missed, call)
        self._occupy(agent, now + call.wait_s, call)

    def _tried(self, missed: Missed, call: Call) -> None:
        at = self._zero + call.at
        missed.tries.append((at, call.answered, call))
        if call.answered or len(missed.tries) == TRIES:
            self._backlog.open.pop(missed.number, None)
            missed.end = "reached" if call.answered else "unreachable"
            missed.ended = at + call.wait_s
        else:
            self._backlog.line.append(missed)


def number_of(customer: int) -> str:
    """A number for a customer: every fourth one has a landline."""
    return f"+4812{customer:07d}" if customer % 4 == 0 else f"+48500{customer:06d}"
