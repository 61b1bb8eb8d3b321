"""Random days in virtual time: whatever callers, agents and phones do, nobody is lost, offered twice or stuck."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.acd import STRATEGIES
from pbx.call.testing import FakeCaller, FakePhone
from pbx.config import Queue
from pbx.events import AgentStateChanged, CallEvent, Kind
from tests.pbx.queue.house import QUIET, House
from tests.support.virtual_loop import run_virtual

AGENTS = ("101", "102", "103", "104")
OUTCOMES = (Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT)

index = st.integers(0, 7)
action = st.one_of(
    st.tuples(st.just("call"), index),
    st.tuples(st.just("call"), index),
    st.tuples(st.just("call"), index),
    st.tuples(st.just("hang_up"), index),
    st.tuples(st.just("agent_hangs_up"), index),
    st.tuples(st.just("choose"), index, st.sampled_from(["available", "available", "break", "offline"])),
    st.tuples(st.just("clear_next"), index),
    st.tuples(st.just("finish_wrapup"), index),
    st.tuples(st.just("answers"), index, st.sampled_from([0.0, 0.5, 1.0, 3.0])),
    st.tuples(st.just("refuses"), index, st.sampled_from([0.0, 0.5]), st.sampled_from([486, 603, 480, 503])),
    st.tuples(st.just("never"), index),
    st.tuples(st.just("talks"), index, st.sampled_from([0.0, 0.5, 20.0])),
    st.tuples(st.just("phone_goes"), index),
    st.tuples(st.just("phone_comes"), index),
    st.tuples(st.just("own_call"), index),
    st.tuples(st.just("hold"), index),
)
delay = st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 3.0, 11.0])
day = st.lists(st.tuples(delay, action), min_size=1, max_size=60)
queue_settings = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["longest-idle", "ring-all", *sorted(STRATEGIES)]),
        "wrapup_s": st.sampled_from([0.0, 2.0]),
        "max_wait_s": st.sampled_from([0.0, 0.0, 15.0]),
        "max_length": st.sampled_from([0, 0, 3]),
        "missed_offers_until_break": st.sampled_from([0, 1, 2]),
        "when_no_agents": st.sampled_from(["wait", "wait", "leave"]),
        "announce_position": st.booleans(),
        "announce_wait": st.booleans(),
        "announce_first_s": st.just(2.0),
        "announce_every_s": st.just(5.0),
    }
)


class Watch:
    """Looks at every event and at the house after every step."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.waiting: dict[str, dict[str, float]] = {name: {} for name in house.queues.queues}  # queue: call: since
        self.ringing: Counter[str] = Counter()  # call: offers
        self.wrong: list[str] = []
        self.joined: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        house.harness.bus.subscribe(CallEvent, self.call_event)
        house.harness.bus.subscribe(AgentStateChanged, self.agent_event)

    def call_event(self, event: CallEvent) -> None:
        call, queue = event.call_id, event.data.get("queue", "")
        if event.kind is Kind.QUEUE_JOINED:
            self.joined[call] += 1
            self.waiting[queue][call] = event.at
        elif event.kind is Kind.QUEUE_OFFERED:
            self._check_order(queue, call)
            self.ringing[call] += 1
        elif event.kind is Kind.QUEUE_OFFER_ENDED:
            self.ringing[call] -= 1
        elif event.kind in OUTCOMES and call in self.waiting[queue]:
            self.outcomes[call] += 1
            del self.waiting[queue][call]
            self.ringing[call] = 0

    def _check_order(self, queue: str, call: str) -> None:
        waiting = self.waiting[queue]
        ring_all = self.house.queues.queues[queue].config.strategy == "ring-all"
        for other, since in waiting.items():
            older = since < waiting[call]
            if older and (ring_all or not self.ringing[other]) and not self._gone(other):
                self.wrong.append(f"{call} was offered before {other}, who waits for longer")

    def _gone(self, call_id: str) -> bool:
        """Hung up or answered in this very turn: the stay is told next."""
        stays = [queue.waiting[call_id] for queue in self.house.queues.queues.values() if call_id in queue.waiting]
        return all(stay.call.a.is_ended or stay.row().position == 0 for stay in stays)

    def agent_event(self, event: AgentStateChanged) -> None:
        allowed = {"offline", "available", "break", "unreachable", "not_responding", "busy", "wrapup"}
        if event.state == "reserved" and event.previous != "available":
            self.wrong.append(f"{event.agent} was reserved from {event.previous}")
        if event.previous in ("wrapup",) and event.state not in allowed:
            self.wrong.append(f"{event.agent} went from wrapup to {event.state}")

    def look(self) -> None:
        """After a step, when the loop has come to rest."""
        for extension, phone in self.house.phones.items():
            live = [s for s in self.sessions(phone) if s.state != "terminated"]
            state = self.house.state(extension)
            if len(live) > 1:
                self.wrong.append(f"{extension} has {len(live)} calls of queues at once")
            if state in ("reserved", "ringing", "talking", "hold") and not live:
                self.wrong.append(f"{extension} is stuck {state}")
        for queue in self.house.queues.queues.values():
            waits = self.house.queues.dispatcher.distributor.waiting(queue.index)
            if waits > len(queue.waiting):
                self.wrong.append(f"{queue.name}: {waits} wait in the distributor, {len(queue.waiting)} in the queue")
        assert not self.wrong, self.wrong

    def sessions(self, phone: FakePhone) -> list[Any]:
        return phone.sessions


async def live_through(steps: list[Any], settings_of_queues: list[dict[str, Any]]) -> None:
    members = [AGENTS[:3], AGENTS[1:]]
    queues = [
        Queue(**{**QUIET, **chosen, "name": f"q{number}", "agents": list(members[number]), "ring_timeout_s": 4.0})
        for number, chosen in enumerate(settings_of_queues)
    ]
    house = House({name: {"answer_after_s": 1.0, "talk_s": 10.0} for name in AGENTS}, queues)
    watch = Watch(house)
    callers: list[FakeCaller] = []
    own: list[FakeCaller] = []
    ports = {name: 40_000 + number for number, name in enumerate(AGENTS)}
    for pause, (what, *rest) in steps:
        await house.sleep(pause)
        act(house, callers, own, ports, what, rest)
        for _ in range(10):  # what follows from it takes a turn or two; no time passes
            await asyncio.sleep(0)
        watch.look()
    for caller in own:
        caller.hang_up()
    await evening(house, callers, ports)
    watch.look()
    assert all(count == 1 for count in watch.joined.values())
    assert watch.outcomes == watch.joined, "a caller who joined has exactly one outcome"
    await house.close()
    kinds = Counter(event.kind for event in house.harness.events if isinstance(event, CallEvent))
    won = kinds[Kind.QUEUE_ANSWERED]
    assert kinds[Kind.QUEUE_OFFERED] == kinds[Kind.QUEUE_OFFER_ENDED] + won, "every offer ends once"


def act(
    house: House, callers: list[FakeCaller], own: list[FakeCaller], ports: dict[str, int], what: str, rest: list[Any]
) -> None:
    number = rest[0]
    agent = AGENTS[number % len(AGENTS)]
    phone = house.phones[agent]
    alive = [caller for caller in callers if caller.session.state != "terminated"]
    if what == "call":
        callers.append(house.call(f"q{number % len(house.queues.queues)}"))
    elif what in ("hang_up", "hold") and alive:
        caller = alive[number % len(alive)]
        if what == "hang_up":
            caller.hang_up()
        elif caller.session.state == "confirmed":
            caller.hold()
    elif what == "agent_hangs_up":
        for session in phone.sessions:
            phone.hang_up(session)
    elif what == "choose":
        house.queues.set_agent(agent, rest[1])
    elif what == "clear_next":
        house.queues.clear_next(agent)
    elif what == "finish_wrapup":
        house.queues.finish_wrapup(agent, "code")
    elif what == "answers":
        phone.refuse, phone.answer_after_s = 0, rest[1]
    elif what == "refuses":
        phone.refuse, phone.answer_after_s = rest[2], rest[1]
    elif what == "never":
        phone.answer_after_s = None
    elif what == "talks":
        phone.talk_s = rest[1]
    elif what == "phone_goes":
        house.harness.unregister(agent)
    elif what == "phone_comes":
        come_back(house, agent, ports)
    elif what == "own_call":
        own.append(house.harness.call("echo", caller=agent, direction="internal", extension=agent))


def come_back(house: House, agent: str, ports: dict[str, int]) -> None:
    """The same phone registers again."""
    if house.harness.services.registrar.registered(agent):
        return
    known = house.phones[agent]
    names = ("sessions", "invites", "answer_after_s", "talk_s", "refuse")
    kept = {name: getattr(known, name) for name in names}  # rung in the very turn in which it registers
    house.phones[agent] = house.harness.phone(agent, port=ports[agent], **kept)


async def evening(house: House, callers: list[FakeCaller], ports: dict[str, int]) -> None:
    """Everybody works again: whoever still waits is served."""
    await house.sleep(30)
    for agent in AGENTS:
        come_back(house, agent, ports)
        phone = house.phones[agent]
        phone.refuse, phone.answer_after_s, phone.talk_s = 0, 0.5, 5.0
        house.queues.clear_next(agent)
        house.queues.set_agent(agent, "available")
        for session in phone.sessions:
            phone.hang_up(session)
    await house.sleep(60 + 30 * len(callers))
    waiting = [call for queue in house.queues.queues.values() for call in queue.waiting]
    assert not waiting, "somebody still waits although every agent was free for long"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(day, st.lists(queue_settings, min_size=1, max_size=2))
def test_nobody_is_lost_offered_twice_or_stuck(steps: list[Any], queues: list[dict[str, Any]]) -> None:
    run_virtual(live_through(steps, queues))
