"""One replay: the day's callers go through the drafted flow at their instants, in virtual time, in one house."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from pbx.call.call import Call
from pbx.call.errors import CallEnded
from pbx.call.testing import CallHarness, FakeCaller
from pbx.call.virtual_loop import VirtualTimeLoop
from pbx.config import Config
from pbx.events import CallEvent, Kind
from pbx.flow.block import Block
from pbx.flow.interpreter import Flows
from pbx.flow.model import Flow
from pbx.flow.rehearsal.ports import RehearsedCall, ScriptedAnnouncements, World
from pbx.flow.rehearsal.script import Caller
from pbx.flow.replay.past import HANGUP, Visit
from pbx.flow.replay.replay import caller_of
from pbx.twin.drafted.choices import ALONE, Assumed, Chooser, Shares
from pbx.twin.drafted.guests import Drawn, Guest, choices_of, draw
from pbx.twin.drafted.office import SimulatedQueues
from pbx.twin.house import House, Offers, Shift

if TYPE_CHECKING:
    from pbx.flow.run import Run

LONGEST_S = 4 * 3600.0  # after the day's end
KEY_AFTER_S = (5.0, 45.0)  # of waiting: when somebody presses the key that was offered
HOURS = 25
TALKS = frozenset({"dial", "on_duty", "overflow", "dealer"})  # kinds that are left by a talk with somebody else
STOP_S = 40.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is replayed. `shifts` are of all agents, `offers` how their phones rang; `start` is UTC seconds."""

    flow: Flow
    flows: Mapping[str, Flow]
    config: Config
    start: float
    length_s: float
    shifts: Sequence[Shift]
    patience_s: float
    within_s: float
    given: Mapping[str, Shares]
    callback_share: float
    reached: float  # of those who are called back
    offers: Offers = field(default_factory=Offers)


@dataclass(slots=True)
class Lived:
    """Counts of one replay; seconds. `hours` are (calls that came to a queue, of them not served, waits) by hour."""

    calls: int = 0
    joined: int = 0
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    unserved: int = 0  # left a queue without having been served by anybody
    callbacks: int = 0
    called_back: int = 0
    elsewhere: int = 0
    messages: int = 0
    in_flow: int = 0  # their call ended in the flow, without a queue
    unknown: int = 0
    wait_s: float = 0.0
    longest_s: float = 0.0
    elsewhere_s: float = 0.0
    busy_s: float = 0.0
    callback_delay_s: float = 0.0
    hours: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0] for _ in range(HOURS)])
    assumed: Assumed = field(default_factory=Assumed)

    @property
    def lost(self) -> int:
        """Who came to a queue and was served by nobody, nor called back."""
        return self.unserved


class Visitor:
    """A caller of this replay."""

    def __init__(self, drawn: Drawn, chooser: Chooser, reached: float) -> None:
        self.guest: Guest = drawn.guest
        self.at = drawn.guest.at
        self.patience_s, self.talk_s, self.wrapup_s = drawn.patience_s, drawn.talk_s, drawn.wrapup_s
        self.joined = self.served = self.gave_up = self.message = False
        self.called_back = self.unknown = ""
        self.wait_s = self.elsewhere_s = 0.0
        self.far_end: FakeCaller | None = None
        self._visits = list(drawn.guest.past.visits)
        self._chooser, self._reached = chooser, reached

    def hang_up(self) -> None:
        assert self.far_end is not None
        self.far_end.hang_up()

    def presses(self, keys: Sequence[str]) -> tuple[str, float]:
        dice = self._chooser.dice
        if dice.random() >= self._chooser.callback_share:
            return "", 0.0
        self._chooser.assumed.callers["keys while waiting", "queue", "assumption"] += 1
        return dice.choice(list(keys)), dice.uniform(*KEY_AFTER_S)

    def reached(self) -> bool:
        return self._chooser.dice.random() < self._reached

    def then(self, flow: str, name: str, kind: str) -> Visit | None:
        """His next visit of this block, of the same flow where there is one."""
        for fits in ((flow, name, kind), ("", name, kind)):
            for visit in self._visits:
                if (visit.flow if fits[0] else "", visit.block, visit.kind) == fits:
                    self._visits.remove(visit)
                    return visit
        return None


class _Led:
    """A block as the interpreter sees it; all but `run` is the block's own."""

    def __init__(self, day: _Day, block: Block) -> None:
        self._day = day
        self._block = block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._block, name)

    async def run(self, run: Run) -> str:
        return await self._day.step(run, self._block)


class _Day:
    def __init__(self, asked: Asked, guests: Sequence[Guest], seed: int) -> None:
        dice = random.Random(f"{seed}")
        self.asked = asked
        self.chooser = Chooser(choices_of(guests), asked.given, asked.callback_share, dice)
        self.visitors = [Visitor(one, self.chooser, asked.reached) for one in draw(guests, asked.patience_s, dice)]
        self.by_call: dict[str, Visitor] = {}
        self.dice = dice
        handled = [one.talk_s + one.wrapup_s for one in self.visitors]
        self.handled_s = sum(handled) / len(handled)
        self.house: House
        self.queues: SimulatedQueues

    def visitor_of(self, call: Call) -> Visitor:
        return self.by_call[call.id]

    async def live(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        asked = self.asked
        self.house = House(asked.config, asked.shifts, asked.offers, loop, self.dice, loop.time())
        self.queues = SimulatedQueues(asked.config, self.house, self.visitor_of, self.handled_s)
        house = CallHarness(asked.config, clock=loop.clock)
        house.services.queues = self.queues
        house.services.extra["announcements"] = ScriptedAnnouncements(self.asked.config)
        flows = {**self.asked.flows, self.asked.flow.name: self.asked.flow}
        led = Flows({name: self._lead(flow) for name, flow in flows.items()})
        house.services.applications.register("flow", led.application)
        house.bus.subscribe(CallEvent, self._heard)
        self.house.start()
        begun = loop.time()
        for visitor in self.visitors:
            await asyncio.sleep(max(begun + visitor.at - loop.time(), 0.0))
            self._call(house, visitor)
            house.events.clear()  # nobody reads them here
        end = begun + self.asked.length_s + LONGEST_S
        for visitor in self.visitors:
            assert visitor.far_end is not None
            try:
                async with asyncio.timeout_at(end):
                    await visitor.far_end.over()
            except TimeoutError:
                visitor.unknown = "the call does not end by itself"
                visitor.hang_up()
                await visitor.far_end.over()
        await asyncio.sleep(
            max(begun + self.asked.length_s - loop.time(), 0.0)
        )  # callbacks are made until the day is over
        await led.stop(STOP_S)

    def _heard(self, event: CallEvent) -> None:
        if event.kind is Kind.FLOW_FAILED and event.call_id in self.by_call:
            self.by_call[event.call_id].unknown = f"a value was not known: {event.data.get('error', '')}"

    def _lead(self, flow: Flow) -> Flow:
        return replace(flow, blocks={name: cast("Block", _Led(self, block)) for name, block in flow.blocks.items()})

    def _call(self, house: CallHarness, visitor: Visitor) -> None:
        name = f"flow:{self.asked.flow.name}"
        far_end = house.call(name, call_class=RehearsedCall, **caller_of(visitor.guest.past))
        assert isinstance(far_end.call, RehearsedCall)
        far_end.call.world = World(Caller(name=visitor.guest.past.call_id))
        visitor.far_end = far_end
        self.by_call[far_end.call.id] = visitor

    async def step(self, run: Run, block: Block) -> str:
        visitor = self.visitor_of(run.call)
        if block.kind == "queue":
            return await block.run(run)
        then = visitor.then(run.flow.name, run.block, block.kind)
        if then is not None and then.exit == HANGUP:
            return await self._hangs_up(visitor, then.duration_s)
        if block.kind in ALONE:
            return await block.run(run)
        chosen = self.chooser.choose(run.block, block, then)
        if not chosen.exit:
            visitor.unknown = f"{block.kind} {run.block!r}: nobody was asked this on that day, and nothing is assumed"
            return await self._hangs_up(visitor, 0.0)
        if chosen.exit == HANGUP:
            return await self._hangs_up(visitor, chosen.seconds)
        return await self._does(run, block, visitor, (chosen.exit, chosen.seconds, chosen.digits))

    async def _does(self, run: Run, block: Block, visitor: Visitor, way: tuple[str, float, str]) -> str:
        exit_, seconds, digits = way
        await run.call.answer()
        if block.kind in TALKS and exit_ == "answered":
            visitor.elsewhere_s = visitor.talk_s
            seconds += visitor.talk_s
        await asyncio.sleep(seconds)
        if block.kind == "menu":
            run.variables.set("menu.key", exit_ if exit_ in getattr(block, "keys", {}) else "")
        elif block.kind == "collect" and not getattr(block, "mask", False):
            run.variables.set(str(getattr(block, "into", "collect.digits")), digits.rstrip("#"))
        elif block.kind == "callback" and exit_ == "accepted" and not visitor.called_back:
            self.queues.ask_back(str(getattr(block, "queue", "")), visitor)
        elif block.kind == "voicemail":
            visitor.message = visitor.message or exit_ == "recorded"
        return exit_

    async def _hangs_up(self, visitor: Visitor, after_s: float) -> str:
        await asyncio.sleep(after_s)
        visitor.hang_up()
        raise CallEnded("the caller hung up here")


def live(asked: Asked, guests: Sequence[Guest], seed: int) -> Lived:
    """One replay with these dice; blocks until it is over. ValueError when nothing tells how long calls take."""
    day = _Day(asked, guests, seed)
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(asked.start)) as runner:
        runner.run(day.live())
    return _summed(day)


def _summed(day: _Day) -> Lived:
    found = Lived(calls=len(day.visitors), assumed=day.chooser.assumed)
    for one in day.visitors:
        if one.unknown:
            found.unknown += 1
            found.assumed.unknown[one.unknown] += 1
            continue
        _count(found, one, day.asked.within_s)
    found.busy_s = day.house.busy_s
    delays = day.queues.callback_delays
    found.callback_delay_s = sum(delays) / len(delays) if delays else 0.0
    return found


def _count(found: Lived, one: Visitor, within_s: float) -> None:
    found.callbacks += bool(one.called_back)
    found.called_back += one.called_back == "reached"
    found.elsewhere += one.elsewhere_s > 0
    found.elsewhere_s += one.elsewhere_s
    found.messages += one.message
    if not one.joined:
        found.in_flow += not (one.elsewhere_s or one.message or one.called_back)
        return
    found.joined += 1
    found.answered += one.served
    found.within += one.served and one.wait_s <= within_s
    found.abandoned += one.gave_up
    lost = not (one.served or one.elsewhere_s or one.message or one.called_back == "reached")
    found.unserved += lost
    found.longest_s = max(found.longest_s, one.wait_s)
    if one.served:
        found.wait_s += one.wait_s
    hour = found.hours[min(int(one.at // 3600), HOURS - 1)]
    for at, value in enumerate((1.0, float(lost), one.wait_s)):
        hour[at] += value
