"""Any order of events, in virtual time and on the real queue code: no caller is lost, doubled or stranded, no agent has
two callers, no caller two agents. Agents have phones, a number dialled for each call, and a line that stays connected.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pbx.call.testing import FakeCaller
from pbx.config import Agent, BreakReason, Queue
from pbx.events import CallEvent, Kind
from pbx.queue.agent import AgentState
from pbx.queue.refusal import QueueError
from tests.pbx.queue.house import QUIET, House
from tests.support.virtual_loop import VirtualTimeLoop

PHONES = {"101": "101", "102": "102", "mobile": "301", "nailed": "302"}  # agent: the phone that rings for him
OUTCOMES = (Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT)
WITH_CALLER = frozenset({AgentState.TALKING, AgentState.HOLD})
MODES = ("optional", "mandatory", "mandatory_timeboxed", "mandatory_timeboxed_no_early", "agent_requested")

agents = st.sampled_from(sorted(PHONES))
numbers = st.integers(0, 9)


async def build(mode: str, strategy: str) -> House:
    lines = [
        Agent(extension="mobile", initial_state="available", line="on-demand", line_number="301"),
        Agent(extension="nailed", initial_state="available", line="persistent", line_number="302"),
    ]
    queue = {"wrapup_mode": mode, "wrapup_s": 3.0, "wrapup_codes": ["order"], "ring_timeout_s": 4.0}
    rules = {**QUIET, **queue, "strategy": strategy, "missed_offers_until_break": 2, "keys": {"9": "leave"}}
    phones = {"answer_after_s": 1.0, "talk_s": None}
    house = House(
        {phone: dict(phones) for phone in PHONES.values()},
        [Queue(**{**rules, "name": "sales", "agents": list(PHONES)})],
        config={"agent": lines, "break_reason": [BreakReason(name="coffee", max_minutes=1, when_exceeded="return")]},
    )
    await house.sleep(2)
    return house


class Centre(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        asyncio.set_event_loop(self.loop)
        self.callers: list[FakeCaller] = []
        self.house: House | None = None
        self.visits: Counter[str] = Counter()  # by call: stays that are open
        self.outcomes: Counter[str] = Counter()
        self.offers: Counter[str] = Counter()  # by agent: offers that are open
        self.serving: dict[str, str] = {}  # call: agent
        self.wrong: list[str] = []

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            result = await work()
            for _ in range(10):  # what follows from it takes a turn or two; no time passes
                await asyncio.sleep(0)
            return result

        return self.loop.run_until_complete(whole())

    def act(self, what: Callable[[], Any]) -> None:
        async def work() -> None:
            what()

        self.run(work)

    @property
    def centre(self) -> House:
        assert self.house is not None
        return self.house

    def watch(self, event: CallEvent) -> None:
        """Each stay has one outcome, each offer one end, each caller one agent."""
        call, agent = event.call_id, event.data.get("agent", "")
        if event.kind is Kind.QUEUE_JOINED:
            self.visits[call] += 1
            if self.visits[call] != 1:
                self.wrong.append(f"{call} waits twice")
        elif event.kind is Kind.QUEUE_OFFERED:
            self.offers[agent] += 1
            if self.offers[agent] != 1:
                self.wrong.append(f"{agent} has {self.offers[agent]} offers")
        elif event.kind is Kind.QUEUE_OFFER_ENDED:
            self.offers[agent] -= 1
        elif event.kind in OUTCOMES:
            self.visits[call] -= 1
            self.outcomes[call] += 1
            if self.visits[call]:
                self.wrong.append(f"{call} has {self.outcomes[call]} outcomes")
            if event.kind is Kind.QUEUE_ANSWERED:
                self.offers[agent] -= 1
                if agent in self.serving.values() or call in self.serving:
                    self.wrong.append(f"{agent} and {call} talk, and one of them does already")
                self.serving[call] = agent
        elif event.kind is Kind.BRIDGE_ENDED:
            self.serving.pop(call, None)

    # -- what may happen -------------------------------------------------------------------------------------------

    @initialize(mode=st.sampled_from(MODES), strategy=st.sampled_from(["longest-idle", "ring-all"]))
    def begin(self, mode: str, strategy: str) -> None:
        """Chooses the queue's rules."""
        self.house = self.run(lambda: build(mode, strategy))
        self.house.harness.bus.subscribe(CallEvent, self.watch)

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 4.5, 20.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(lambda: self.centre.sleep(seconds))

    @rule()
    def a_call_comes(self) -> None:
        self.act(lambda: self.callers.append(self.centre.call()))

    @rule(number=numbers)
    def a_caller_hangs_up(self, number: int) -> None:
        if self.callers:
            self.act(self.callers[number % len(self.callers)].hang_up)

    @rule(number=numbers)
    def a_caller_presses_a_key(self, number: int) -> None:
        alive = [caller for caller in self.callers if caller.session.state == "confirmed"]
        if alive:
            self.act(lambda: alive[number % len(alive)].press("9"))

    @rule(agent=agents, state=st.sampled_from(["available", "available", "break", "offline"]))
    def an_agent_chooses(self, agent: str, state: str) -> None:
        self.act(lambda: self.centre.queues.set_agent(agent, state, "coffee" if state == "break" else ""))

    @rule(agent=agents)
    def an_agent_gives_a_code(self, agent: str) -> None:
        def finish() -> None:
            with contextlib.suppress(QueueError):  # not now
                self.centre.queues.finish_wrapup(agent, "order")
                self.centre.queues.desk.note(agent, "order")

        self.act(finish)

    @rule(agent=agents, what=st.sampled_from(["answers", "never", "refuses"]))
    def a_phone_behaves(self, agent: str, what: str) -> None:
        phone = self.centre.phones[PHONES[agent]]
        phone.refuse = 486 if what == "refuses" else 0
        phone.answer_after_s = None if what == "never" else 0.5

    @rule(agent=agents)
    def a_phone_is_hung_up(self, agent: str) -> None:
        phone = self.centre.phones[PHONES[agent]]
        for session in tuple(phone.sessions):
            self.act(lambda session=session: phone.hang_up(session))

    @rule(agent=agents)
    def a_phone_vanishes_in_a_talk(self, agent: str) -> None:
        call_id = next((call for call, who in self.serving.items() if who == agent), "")
        call = self.centre.harness.services.running.calls.get(call_id)
        leg = next((leg for leg in call.legs if leg.peer is not None), None) if call is not None else None
        if leg is not None and leg.media is not None:
            self.act(lambda: leg.media.on_timeout(30.0))

    @rule(agent=st.sampled_from(["101", "102"]))
    def a_phone_goes(self, agent: str) -> None:
        self.act(lambda: self.centre.harness.unregister(agent))

    @rule(agent=st.sampled_from(["101", "102"]))
    def a_phone_comes(self, agent: str) -> None:
        self.act(lambda: self.come_back(agent))

    @rule(agent=st.sampled_from(["101", "102"]))
    def an_agent_calls_out(self, agent: str) -> None:
        if sum(caller.session.state == "confirmed" for caller in self.centre.harness.callers) < 20:
            call = self.centre.harness.call
            self.act(lambda: call("echo", caller=agent, direction="outbound", extension=agent))

    def come_back(self, agent: str) -> None:
        house = self.centre
        if house.harness.services.registrar.registered(agent):
            return
        known = house.phones[agent]
        names = ("sessions", "invites", "answer_after_s", "talk_s", "refuse")
        house.phones[agent] = house.harness.phone(agent, **{name: getattr(known, name) for name in names})

    # -- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def all_is_consistent(self) -> None:
        assert not self.wrong, self.wrong
        if self.house is None:
            return
        queue = self.house.queues.queues["sales"]
        dispatcher = self.house.queues.dispatcher
        assert dispatcher.waiting("sales") <= len(queue.waiting)
        for stay in queue.waiting.values():
            rung = [offer.agent.extension for offer in stay.offers.values()]
            assert len(set(rung)) == len(rung)
        served = Counter(
            agent.call_id for agent in self.house.queues.roster.agents.values() if agent.state in WITH_CALLER
        )
        assert all(count == 1 for count in served.values()), "one caller, one agent"
        for agent in self.house.queues.roster.agents.values():
            if agent.state in WITH_CALLER:
                assert self.serving.get(agent.call_id) == agent.extension, f"{agent.extension} talks to nobody"

    def teardown(self) -> None:
        """Everybody comes back and works: whoever still waits is served, and nothing is left."""
        try:
            if self.house is not None:
                self.run(self.evening)
                assert not self.wrong, self.wrong
                assert not +self.visits, "every stay has an outcome"
                assert not +self.offers, "every offer has an end"
        finally:
            self.loop.close()
            asyncio.set_event_loop(None)

    async def evening(self) -> None:
        house = self.centre
        for caller in house.harness.callers:
            if caller not in self.callers:  # agents' own calls
                caller.hang_up()
        for agent, number in PHONES.items():
            if number in ("101", "102"):
                self.come_back(number)
            phone = house.phones[number]
            phone.refuse, phone.answer_after_s = 0, 0.5
            house.queues.clear_next(agent)
        for _ in range(2 * len(self.callers) + 5):
            for agent in PHONES:
                house.queues.desk.set(agent, "available")
                with contextlib.suppress(QueueError):  # lasts its time
                    house.queues.finish_wrapup(agent, "order")
            await house.sleep(5)
            for call_id in tuple(self.serving):
                house.harness.services.running.calls[call_id].terminate("normal")
            await house.sleep(5)
        waiting = list(house.queues.queues["sales"].waiting)
        assert not waiting, "somebody still waits although every agent was free for long"
        for agent in PHONES:
            house.queues.set_agent(agent, "offline")
        await house.sleep(10)
        await house.close()


TestCentre = Centre.TestCase
TestCentre.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
