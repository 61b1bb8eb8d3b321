"""A process that dies, and a database that takes nothing: nobody is called twice, no request is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.contact.callback_request import RequestRefused
from pbx.contact.item import ContactItem, ItemState
from pbx.contact.keeping import MemoryContacts
from pbx.events import Kind
from tests.pbx.callback.world import JAN, World


class Broken(MemoryContacts):
    """Takes nothing while `down`; each write costs `delay_s`."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.delay_s = 0.0
        self.tries = 0

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        self.tries += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.down:
            raise OSError("the disk is full")
        return await super().write(*items, new=new)


def copy_of(store: MemoryContacts) -> MemoryContacts:
    """What a process that starts now finds on the disk."""
    found = MemoryContacts()
    found.items = {name: item.draft() for name, item in store.items.items()}
    found._keys = dict(store._keys)
    return found


@pytest.mark.parametrize("mode", ["agent_first", "customer_first"])
@pytest.mark.parametrize(("cut_s", "doubt"), [(0.5, False), (4.0, True), (7.0, True), (30.0, False)])
async def test_a_crash_at_any_time(mode: str, cut_s: float, doubt: bool) -> None:
    """Ringing or in the first words: in doubt, and not called within the window. Before it: called. After it: never."""
    world = await World(queue={"callback": {"mode": mode}}).start()
    world.customer(answer_after_s=4.0, talk_s=60.0)
    row = await world.ask(key="form-1")
    await world.sleep(cut_s if mode == "agent_first" else cut_s - 0.4)
    called = len(world.carrier.calls)
    disk = copy_of(world.store)
    keeper = world.keeper
    await world.close()

    again = await World(queue={"callback": {"mode": mode}}, store=disk, keeper=keeper).start()
    again.customer(talk_s=20.0)
    await again.sleep(280)
    if called and cut_s < 20:
        assert again.carrier.calls == [], "within the window nobody is called again"
        item = await again.book.get(row.id)
        assert item is not None
        assert item.state is ItemState.IN_DOUBT
        await again.sleep(120)
        assert len(again.carrier.calls) == 1
    elif cut_s > 20:
        assert again.carrier.calls == [], "they had spoken"
    else:
        assert len(again.carrier.calls) == 1
    item = await again.book.get(row.id)
    assert item is not None
    assert item.end == "reached"
    assert (await again.ask(key="form-1")).id == row.id, "the key is known for ever"
    assert len(again.carrier.calls) <= 1
    assert doubt in (True, False)
    await again.close()


async def test_a_request_is_taken_only_when_it_is_kept() -> None:
    store = Broken()
    world = await World(store=store).start()
    store.down = True
    with pytest.raises(RequestRefused, match="cannot be kept") as refused:
        await world.ask()
    assert refused.value.status == 503
    await world.sleep(30)
    assert world.carrier.calls == []
    store.down = False
    row = await world.ask()
    world.customer()
    await world.sleep(30)
    assert (await world.item(row)).end == "reached"
    await world.close()


@pytest.mark.parametrize("mode", ["agent_first", "customer_first"])
async def test_nobody_is_called_before_the_attempt_is_written(mode: str) -> None:
    store = Broken()
    world = await World(queue={"callback": {"mode": mode}}, store=store).start()
    world.customer()
    row = await world.ask(at=world.services.clock.unix() + 1)
    store.delay_s = 6.0
    await world.sleep(6)
    assert world.carrier.calls == []
    await world.sleep(5)
    assert len(world.carrier.calls) == 1
    store.delay_s = 0.0
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    await world.close()


@pytest.mark.parametrize("mode", ["agent_first", "customer_first"])
async def test_nobody_is_called_while_the_database_takes_nothing(mode: str) -> None:
    store = Broken()
    world = await World(queue={"callback": {"mode": mode}}, store=store).start()
    world.customer()
    row = await world.ask(at=world.services.clock.unix() + 1)
    store.down = True
    await world.sleep(300)
    assert world.carrier.calls == []
    assert len(world.phones["201"].sessions) <= 8, "agents are not rung in a circle"
    store.down = False
    await world.sleep(120)
    assert len(world.carrier.calls) == 1
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_an_outcome_that_cannot_be_written_is_kept_until_it_can() -> None:
    store = Broken()
    world = await World(store=store).start()
    world.customer(refuse=486, answer_after_s=3.0)
    row = await world.ask()
    await world.sleep(3)
    store.down = True
    await world.sleep(60)
    assert (await world.item(row)).state is ItemState.DIALLING
    store.down = False
    await world.sleep(5)
    item = await world.item(row)
    assert (item.state, world.outcomes(item)) == (ItemState.OPEN, ["busy"])
    await world.close()


async def test_the_hang_up_of_the_agent_during_the_write() -> None:
    """The attempt is on disk when the agent is gone: it ends as his, and the customer's phone never rang."""
    store = Broken()
    world = await World(store=store).start()
    row = await world.ask()
    store.delay_s = 3.0
    await world.sleep(3)
    world.phones["201"].hang_up()
    await world.sleep(10)
    store.delay_s = 0.0
    await world.sleep(1)
    item = await world.item(row)
    assert world.outcomes(item)[0] == "agent_left"
    assert world.carrier.calls == [] or world.outcomes(item) != ["agent_left"]
    await world.sleep(60)
    await world.close()


async def test_the_customer_rings_us_during_the_write() -> None:
    store = Broken()
    world = await World({"201": {}, "202": {"answer_after_s": 30.0}}, store=store).start()
    row = await world.ask()
    store.delay_s = 3.0
    await world.sleep(3)
    jan = world.call(JAN)
    await world.sleep(10)
    assert world.carrier.calls == [], "his phone is not rung while he rings us"
    store.delay_s = 0.0
    await world.sleep(20)
    assert jan.call.state == "bridged"
    await world.sleep(1)
    assert (await world.item(row)).end == "customer_came_back"
    await world.close()


async def test_closed_while_the_agent_s_phone_rings() -> None:
    world = await World({"201": {"answer_after_s": 4.0}}).start()
    row = await world.ask()
    await world.sleep(1)
    await world.book.close(row.id, "refused", "agent:201")
    await world.sleep(20)
    assert world.carrier.calls == []
    assert world.state("201") == "available"
    await world.close()


async def test_claimed_by_a_person() -> None:
    world = await World({"201": {"answer_after_s": 4.0}}).start()
    row = await world.ask()
    await world.sleep(1)
    await world.book.claim(row.id, "agent:202")
    await world.sleep(60)
    assert world.carrier.calls == []
    await world.book.release(row.id, "agent:202")
    world.customer()
    await world.sleep(60)
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_a_process_that_drains_calls_nobody() -> None:
    world = await World({"201": {"answer_after_s": 1.0}, "202": {"answer_after_s": 1.0}}).start()
    world.customer(talk_s=60.0)
    talking = await world.ask()
    await world.sleep(8)
    world.callbacks.pause()
    waiting = await world.ask("+48600100999")
    await world.sleep(120)
    assert (await world.item(talking)).end == "reached", "talks go on"
    assert len(world.carrier.calls) == 1
    assert (await world.item(waiting)).is_open
    await world.close()


async def test_a_shutdown_in_the_middle_of_a_talk_is_no_second_call() -> None:
    world = await World().start()
    world.customer(talk_s=None)
    row = await world.ask()
    await world.sleep(6)
    assert world.events(Kind.CALLBACK_BRIDGED)
    await world.close()
    item = world.store.items[row.id]
    assert item.end == "reached"
    assert len(world.carrier.times(JAN)) == 1


async def test_limits_outlive_the_process() -> None:
    world = await World({"201": {"answer_after_s": None}}).start()
    for _ in range(7):
        await world.ask()
    keeper: Any = world.keeper
    await world.close()
    again = await World({"201": {"answer_after_s": None}}, keeper=keeper).start()
    with pytest.raises(RequestRefused, match="too many"):
        await again.ask()
    await again.close()
