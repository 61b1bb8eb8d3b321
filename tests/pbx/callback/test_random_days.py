"""Random days: whatever customers, agents, callers, the database and the power do, no number is called twice at once,
no attempt is made that was not written, no request is lost, and nobody is launched for whom no agent was expected.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.call.testing import FakeCaller
from pbx.contact.callback_request import RequestRefused
from pbx.contact.item import ContactItem, WrongState
from pbx.contact.shelf import ContactError
from pbx.events import CallEvent, Kind
from tests.pbx.callback.test_durability import Broken, copy_of
from tests.pbx.callback.world import Customer, World
from tests.support.virtual_loop import run_virtual

AGENTS = ("201", "202", "203")
NUMBERS = [f"+4860030000{digit}" for digit in range(2)]
QUEUES = ("sales", "support")
ENDS = {"reached", "customer_came_back", "refused", "unreachable", "cancelled", "merged", "not_a_customer"}

index = st.integers(0, 7)
action = st.one_of(
    st.tuples(st.just("ask"), index, index),
    st.tuples(st.just("ask"), index, index),
    st.tuples(st.just("ask"), index, index),
    st.tuples(st.just("ask_later"), index, index),
    st.tuples(st.just("customer"), index, st.sampled_from([0.5, 3.0, 12.0]), st.sampled_from([0, 0, 486, 404, 503])),
    st.tuples(st.just("silent_customer"), index),
    st.tuples(st.just("customer_talks"), index, st.sampled_from([0.0, 1.0, 20.0])),
    st.tuples(st.just("customer_presses"), index, st.sampled_from(["1", "9", "5"])),
    st.tuples(st.just("customer_calls"), index, index),
    st.tuples(st.just("caller_hangs_up"), index),
    st.tuples(st.just("agent_answers"), index, st.sampled_from([0.0, 1.0, 4.0])),
    st.tuples(st.just("agent_never"), index),
    st.tuples(st.just("agent_refuses"), index),
    st.tuples(st.just("agent_hangs_up"), index),
    st.tuples(st.just("agent_chooses"), index, st.sampled_from(["available", "available", "break", "offline"])),
    st.tuples(st.just("cancel"), index),
    st.tuples(st.just("claim"), index),
    st.tuples(st.just("put_off"), index),
    st.tuples(st.just("database"), st.booleans()),
    st.tuples(st.just("power_cut")),
)
delay = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0, 8.0, 40.0, 400.0])
day = st.lists(st.tuples(delay, action), min_size=1, max_size=40)
modes = st.lists(
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["agent_first", "customer_first"]),
            "confirm": st.sampled_from(["none", "none", "customer", "both"]),
            "on": st.sampled_from([[], ["abandoned"]]),
        }
    ),
    min_size=2,
    max_size=2,
)


class Day:
    """A company through a day, power cuts included; `taken` are the requests that were promised."""

    def __init__(self, callbacks: list[dict[str, Any]]) -> None:
        members = (AGENTS[:2], AGENTS[1:])
        self.queues: list[dict[str, Any]] = [
            {
                "name": name,
                "agents": list(who),
                "missed_offers_until_break": 0,
                "callback": {"delay_s": 5.0, **callback},
            }
            for name, who, callback in zip(QUEUES, members, callbacks, strict=True)
        ]
        self.store = Broken()
        self.world: World
        self.callers: list[FakeCaller] = []
        self.taken: dict[str, str] = {}
        self.written: set[str] = set()  # calls whose attempt was on disk before the customer's phone rang
        self.wrong: list[str] = []

    async def start(self) -> None:
        self.world = World(
            {name: {"answer_after_s": 1.0, "talk_s": 30.0} for name in AGENTS},
            queues=self.queues,
            store=self.store,
            keeper=self.world.keeper if hasattr(self, "world") else None,
            callback={"limits_per_number": [], "max_attempts": 4, "asked_s": 1e6, "hours": "always"},
            hours=[
                {"name": "always", **{d: ["00:00-24:00"] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}
            ],
        )
        self.callers = []
        bus = self.world.harness.bus
        bus.subscribe(CallEvent, self.attempt_written, (Kind.CONTACT_ATTEMPT,))
        bus.subscribe(CallEvent, self.customer_rings, (Kind.LEG_STARTED,))
        await self.world.start()

    def attempt_written(self, event: CallEvent) -> None:
        self.written.add(event.data["call"])

    def customer_rings(self, event: CallEvent) -> None:
        if event.data.get("role") != "customer":
            return
        if event.call_id not in self.written:
            self.wrong.append(f"{event.call_id} rings a customer, and nothing was written")
        launched = self.world.callbacks.dialer.launched
        if sum(launched.values()) > len(AGENTS):
            self.wrong.append(f"more launched than there are agents: {launched}")

    def look(self) -> None:
        """After a step."""
        assert not self.wrong, self.wrong
        assert not self.world.carrier.overlaps, self.world.carrier.overlaps
        for items in ({item.number: item for item in self.world.book.open_items() if item.queue == q} for q in QUEUES):
            assert len(items) <= len(NUMBERS) + 8
        for contact in self.taken:
            assert contact in self.store.items, "a request that was promised is gone"

    async def act(self, what: str, rest: list[Any]) -> None:
        world = self.world
        number = NUMBERS[rest[0] % len(NUMBERS)] if rest and not isinstance(rest[0], bool) else NUMBERS[0]
        agent = AGENTS[rest[0] % len(AGENTS)] if rest and not isinstance(rest[0], bool) else AGENTS[0]
        phone = world.phones[agent]
        customer = world.carrier.customers.setdefault(number, Customer(number, answer_after_s=3.0, talk_s=20.0))
        items = world.book.open_items()
        item: ContactItem | None = items[rest[0] % len(items)] if items and rest else None
        if what in ("ask", "ask_later"):
            at = world.services.clock.unix() + 50.0 if what == "ask_later" else 0.0
            try:
                row = await world.ask(number, QUEUES[rest[1] % 2], at=at)
                self.taken[row.id] = number
            except RequestRefused as refused:
                assert refused.reason in ("store", "full"), refused  # noqa: PT017
        elif what == "customer":
            customer.answer_after_s, customer.refuse = rest[1], rest[2]
        elif what == "silent_customer":
            customer.answer_after_s = None
        elif what == "customer_talks":
            customer.talk_s = rest[1]
        elif what == "customer_presses":
            sessions = world.carrier.sessions.get(number, [])
            if sessions and sessions[-1].state == "confirmed" and sessions[-1].observer is not None:
                media = getattr(sessions[-1].observer, "media", None)
                if media is not None and media.on_digit is not None:
                    media.on_digit(rest[1], "rfc4733")
        elif what == "customer_calls":
            self.callers.append(world.call(number, QUEUES[rest[1] % 2]))
        elif what == "caller_hangs_up" and self.callers:
            self.callers[rest[0] % len(self.callers)].hang_up()
        elif what == "agent_answers":
            phone.answer_after_s, phone.refuse = rest[1], 0
        elif what == "agent_never":
            phone.answer_after_s = None
        elif what == "agent_refuses":
            phone.refuse = 486
        elif what == "agent_hangs_up" and phone.sessions:
            phone.hang_up()
        elif what == "agent_chooses":
            world.queues.set_agent(agent, rest[1])
        elif what == "database":
            self.store.down = rest[0]
        elif what == "power_cut":
            await self.power_cut()
        elif item is not None:
            await self.by_hand(what, item)

    async def by_hand(self, what: str, item: ContactItem) -> None:
        try:
            if what == "cancel":
                await self.world.callbacks.cancel(item.id)
            elif what == "put_off":
                await self.world.callbacks.reschedule(item.id, self.world.services.clock.unix() + 100)
            elif item.state == "claimed":
                await self.world.book.release(item.id, item.claimed_by)
            else:
                await self.world.book.claim(item.id, "agent:201")
        except (RequestRefused, WrongState, ContactError, OSError):
            pass

    async def power_cut(self) -> None:
        """What is on disk at this instant is all that the next process knows."""
        disk = copy_of(self.store)
        self.store.down = False
        old, self.written = self.world, set()
        await old.close()
        self.store = Broken()
        self.store.items, self.store._keys = disk.items, disk._keys
        await self.start()

    async def evening(self) -> None:
        """Everybody is there, answers and talks: every request comes to an end."""
        self.store.down = False
        for name in AGENTS:
            phone = self.world.phones[name]
            phone.answer_after_s, phone.refuse, phone.talk_s = 1.0, 0, None
            self.world.queues.set_agent(name, "available")
        for caller in self.callers:
            caller.hang_up()
        for item in self.world.book.open_items():
            if item.state == "claimed":
                await self.world.book.release(item.id, item.claimed_by)
        for number in NUMBERS:
            self.world.customer(number, answer_after_s=2.0, talk_s=15.0)
        for _ in range(300):  # three days at most
            await asyncio.sleep(900)
            if not self.world.book.open_items():
                break
        for contact in self.taken:
            item = await self.world.book.get(contact)
            assert item is not None
            assert item.end in ENDS, f"{item.id} {item.state} after three days: {item.attempts}"


async def live_through(steps: list[Any], callbacks: list[dict[str, Any]]) -> None:
    found = Day(callbacks)
    await found.start()
    for pause, (what, *rest) in steps:
        await asyncio.sleep(pause)
        await found.act(what, rest)
        for _ in range(5):
            await asyncio.sleep(0)
        found.look()
    await found.evening()
    found.look()
    await found.world.close()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=day, callbacks=modes)
def test_nobody_is_called_twice_and_nobody_is_lost(steps: list[Any], callbacks: list[dict[str, Any]]) -> None:
    run_virtual(live_through(steps, callbacks))
