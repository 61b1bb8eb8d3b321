"""A day in the agency: callers wait in one line, agents take the one who has waited longest, some give up."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from pbx.contact.item import ItemKind
from pbx.demodata.agency import HOUR, Agency, Shift
from pbx.demodata.arrivals import DayPlan

ARRIVE, GIVE_UP, FREE, DIAL, CHANGE, RETURN, ASK, BREAK = range(8)
SPARE = 2  # agents who stay free for callers when one dials
POSTPONED_S = 120.0
RING_S = 4.0  # of an agent's phone
UNANSWERED_S = 25.0
SHORT_S = 5.0  # who gives up sooner has not been missed
TRIES = 3  # to call a missed customer back
IGNORED_S = 20.0  # an agent's phone rings so long before the caller goes back into the line
AGENT_S = 3.0  # until an agent takes the phone for a callback


ASKED = frozenset({ItemKind.CALLBACK, ItemKind.WIDGET})  # for a call
DEALER = "dealer"


@dataclass(slots=True, eq=False)
class Missed:
    """A customer whom nobody has spoken with; instants are UTC seconds. `end` is "" while that is so."""

    number: str
    at: float
    kind: str = ItemKind.ABANDONED.value
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
    asked: deque[Missed] = field(default_factory=deque)  # whom the PBX calls by itself, before all others
    open: dict[str, Missed] = field(default_factory=dict)  # by number
    wave: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))  # customers who were written to
    all: list[Missed] = field(default_factory=list)

    def miss(self, number: str, at: float, kind: ItemKind) -> Missed:
        """One open item for each number; who asked for a call is called by the PBX itself."""
        found = self.open.get(number)
        if found is not None:
            found.times += 1
            return found
        found = self.open[number] = Missed(number, at, kind.value)
        (self.asked if kind in ASKED else self.line).append(found)
        self.all.append(found)
        return found

    def close(self, number: str, end: str, at: float) -> None:
        found = self.open.pop(number, None)
        if found is not None:
            found.end, found.ended = end, at
            for line in (self.line, self.asked):
                if found in line:
                    line.remove(found)


@dataclass(slots=True, eq=False)
class Call:
    """What happened to one call; seconds after midnight. `agent` is "" where nobody talked."""

    at: float
    number: str
    id: str = ""
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
    automatic: bool = False  # by the PBX itself, and not by a person
    ignored: list[tuple[float, float, str]] | None = None  # offers that were not accepted: from, to, whose
    ringing: bool = False  # at a phone that nobody takes
    gone: bool = False  # hung up while it rang
    chose: bool = False  # to be called instead of waiting
    left: str = ""  # a message; what the partner did
    price: float = 0.0  # of a partner's talk
    repeat: int = 1  # his call number within the window


@dataclass(slots=True)
class Duty:
    """An agent's shift, and the calls that he had: (from, talk ends, wrap-up ends, call)."""

    agent: str
    begins: float
    ends: float
    busy: list[tuple[float, float, float, Call]] = field(default_factory=list)
    breaks: list[tuple[float, float]] = field(default_factory=list)


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
        self._tired: set[str] = set()  # who goes for a break after the present call
        self._partner_s = 0.0
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
            asking = self._random.poisson(self._plan.asking)
            for at in self._random.uniform(self._agency.opens * HOUR, self._agency.closes * HOUR, asking).tolist():
                self._push(at, ASK, None)
        steps = {
            **{ARRIVE: self._arrive, GIVE_UP: self._give_up, FREE: self._free, DIAL: self._dial},
            **{CHANGE: self._change, RETURN: self._return, ASK: self._ask, BREAK: self._break},
        }
        while self._heap:
            now, _, kind, what = heapq.heappop(self._heap)
            steps[kind](now, what)
        return sorted(self.calls, key=lambda call: call.at)

    def _push(self, at: float, kind: int, what: object) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, kind, what))

    def _change(self, now: float, shift: object) -> None:
        """A team comes; who is of another one goes when his call is over."""
        assert isinstance(shift, Shift)
        self._idle.clear()
        for number, agent in enumerate(shift.agents):
            self._duties[agent] = Duty(agent, now, shift.ends * HOUR)
            # One after the other, not in the peaks: before ten, and after two.
            self._push(now + 600.0 + number * self._agency.break_s, BREAK, agent)
            self._take_next(agent, now)

    def _break(self, now: float, agent: object) -> None:
        """At once, or when the call is over."""
        assert isinstance(agent, str)
        if self._idle.pop(agent, None) is None:
            self._tired.add(agent)
            return
        over = now + self._agency.break_s
        self._duties[agent].breaks.append((now, over))
        self._push(over, FREE, agent)

    def _arrive(self, now: float, _what: object) -> None:
        redial = bool(self._again) and self._again[0][0] <= now
        call = Call(now, heapq.heappop(self._again)[1] if redial else number_of(self._customer()), redial=redial)
        self.calls.append(call)
        if not self._agency.on_duty(now) or not self._plan.works:
            self._closed(call, now)
            return
        call.position = len(self._line) + 1
        if call.position >= self._agency.partner_from and self._partner(call):
            return
        if self._idle and not self._line:
            self._serve(call, min(self._idle, key=lambda agent: self._idle[agent]), now)
            return
        self._line.append(call)
        self._push(now + self._random.exponential(self._agency.patience_s), GIVE_UP, call)

    def _closed(self, call: Call, now: float) -> None:
        """Outside office hours: the dealer of the region, a message, or a task for tomorrow."""
        agency, drawn = self._agency, self._random.random()
        call.closed = True
        if drawn < agency.dealer:
            call.left, call.answered = DEALER, True
            call.wait_s, call.talk_s = 9.0, self._talk(agency.talk_s)
            return
        kind = ItemKind.VOICEMAIL if drawn < agency.dealer + agency.voicemail else ItemKind.LEAD
        call.left = kind.value
        call.missed = self._backlog.miss(call.number, self._zero + now, kind)

    def _partner(self, call: Call) -> bool:
        """Whether an outside call centre takes the call: at a price, up to so many minutes a day."""
        agency = self._agency
        if self._random.random() >= agency.partner_share:
            return False
        if self._partner_s >= agency.partner_minutes * 60:
            call.left = "cap"
            return False
        drawn = self._random.random()
        if drawn < 0.08:
            call.left = "not_worth" if drawn < 0.03 else "no_answer"
            return False
        call.left, call.answered, call.wait_s = "answered", True, float(self._random.uniform(4, 12))
        call.talk_s = float(self._random.uniform(3, 9)) if drawn > 0.96 else self._talk(agency.talk_s)
        call.price = math.ceil(call.talk_s) / 60 * agency.partner_price
        self._partner_s += call.talk_s
        self._backlog.close(call.number, "customer_came_back", self._zero + call.at + call.wait_s)
        return True

    def _ask(self, now: float, _what: object) -> None:
        """A visitor of the site wants to be called."""
        self._backlog.miss(number_of(self._customer()), self._zero + now, ItemKind.WIDGET)
        if self._idle and not self._line and self._backlog.asked:
            self._call_back(min(self._idle, key=lambda agent: self._idle[agent]), now)

    def _return(self, now: float, call: object) -> None:
        """Nobody took the phone: the caller is the first in the line again, if he is still there."""
        assert isinstance(call, Call)
        call.ringing = False
        self._line.appendleft(call)
        if call.gone:
            self._give_up(now, call)
        elif self._idle:
            self._serve(self._line.popleft(), min(self._idle, key=lambda agent: self._idle[agent]), now)

    def _customer(self) -> int:
        """Few ring often, many once: the square of an even number."""
        return int(self._agency.customers * self._random.random() ** 2)

    def _give_up(self, now: float, call: object) -> None:
        assert isinstance(call, Call)
        call.gone = call.ringing
        if call.answered or call not in self._line:
            return
        self._line.remove(call)
        call.wait_s = now - call.at
        call.chose = call.position >= self._agency.choice_from and self._random.random() < self._agency.choice
        if call.chose:
            call.missed = self._backlog.miss(call.number, self._zero + now, ItemKind.CALLBACK)
            return
        if call.wait_s > SHORT_S:
            call.missed = self._backlog.miss(call.number, self._zero + now, ItemKind.ABANDONED)
        if self._random.random() < self._agency.redials:
            pause_s = 20.0 + self._random.exponential(self._agency.redial_s)
            heapq.heappush(self._again, (now + pause_s, call.number))

    def _serve(self, call: Call, agent: str, now: float) -> None:
        agency = self._agency
        self._idle.pop(agent, None)
        careless = agent in agency.careless
        if self._random.random() < (agency.careless_rona if careless else agency.rona):
            call.ignored = [*(call.ignored or ()), (now, now + IGNORED_S, agent)]
            call.ringing = True
            if call.at == now:  # he has not waited yet
                self._push(now + self._random.exponential(agency.patience_s), GIVE_UP, call)
            self._push(now + IGNORED_S, RETURN, call)
            back = now + IGNORED_S + agency.absent_s
            self._duties[agent].breaks.append((now + IGNORED_S, back))
            self._push(back, FREE, agent)
            return
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
        if agent in self._tired and not self._line:
            self._tired.discard(agent)
            self._break(now, agent)
        elif self._line:
            self._serve(self._line.popleft(), agent, now)
        elif self._backlog.asked:
            self._call_back(agent, now)

    def _call_back(self, agent: str, now: float) -> None:
        """The PBX calls who has asked for it first."""
        self._called(agent, now, self._backlog.asked.popleft(), automatic=True)

    def _dial(self, now: float, what: object) -> None:
        """An agent who is free calls somebody: who was missed first, then who had the campaign's SMS."""
        if not self._agency.on_duty(now):
            return
        if len(self._idle) <= SPARE or self._line:
            self._push(now + POSTPONED_S, DIAL, what)
            return
        agent = min(self._idle, key=lambda name: self._idle[name])
        self._called(agent, now, self._backlog.line.popleft() if self._backlog.line else None, automatic=False)

    def _called(self, agent: str, now: float, missed: Missed | None, *, automatic: bool) -> None:
        """An agent has a customer called."""
        self._idle.pop(agent)
        number = missed.number if missed is not None else number_of(self._written())
        call = Call(now, number, outbound=True, agent=agent, missed=missed, automatic=automatic)
        chance = self._agency.answers if missed is None else self._chance(self._zero + now - missed.at)
        call.answered = bool(self._random.random() < chance)
        call.wait_s = float(self._random.uniform(5, 14) if call.answered else UNANSWERED_S)
        call.talk_s = self._talk(self._agency.outbound_talk_s) if call.answered else 0.0
        self.calls.append(call)
        if missed is not None:
            self._tried(missed, call)
        self._occupy(agent, now + call.wait_s, call)

    def _written(self) -> int:
        """Who had the campaign's message; before the first one anybody."""
        wave = self._backlog.wave
        return int(wave[int(self._random.random() * len(wave))]) if len(wave) else self._customer()

    def _chance(self, delay_s: float) -> float:
        """The sooner, the likelier a customer picks up."""
        at_once, later = self._agency.reached
        return later + (at_once - later) * math.exp(-delay_s / 900.0)

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
