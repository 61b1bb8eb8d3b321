"""Deadlines that pass are told once, claims and doubts end, and old items are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pbx.contact.deadlines import Deadlines
from pbx.contact.item import End, ItemState
from pbx.events import Alarm, Kind
from tests.pbx.contact.support import NUMBER, World, asked
from tests.support.virtual_loop import VirtualTimeLoop

HOUR = 3600.0


class Clocked(World):
    def __init__(self, **contacts: object) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        super().__init__(clock=loop.clock, **contacts)
        self.alarms: list[Alarm] = []
        self.bus.subscribe(Alarm, self.alarms.append)
        self.pruned: list[float] = []
        self.deadlines = Deadlines(self.bus, self.book, self.prune)

    async def prune(self, before: float) -> int:
        self.pruned.append(before)
        return 1 if len(self.pruned) == 1 else 0

    def breaches(self) -> list[str]:
        return [event.data["deadline"] for event in self.events if event.kind is Kind.CONTACT_BREACHED]


@pytest.fixture
async def world() -> AsyncIterator[Clocked]:
    world = Clocked()
    world.deadlines.start()
    yield world
    await world.deadlines.stop()


async def test_a_lead_of_three_and_four_hours_breaches_with_its_owner(world: Clocked) -> None:
    now = world.clock.unix()
    item, _ = await world.book.open(asked(owner="agent:101", promise=now + HOUR))
    await asyncio.sleep(HOUR - 1)
    assert world.breaches() == []
    await asyncio.sleep(2)
    assert world.breaches() == ["promise"]
    assert world.alarms == []
    await asyncio.sleep(2 * HOUR)
    assert world.breaches() == ["promise", "10800 s"]
    assert "agent:101" in world.alarms[0].text
    assert "centrala contacts list --overdue" in world.alarms[0].text
    await asyncio.sleep(HOUR)
    told = [event.data for event in world.events if event.kind is Kind.CONTACT_BREACHED]
    assert [data["deadline"] for data in told] == ["promise", "10800 s", "14400 s"]
    assert {data["owner"] for data in told} == {"agent:101"}
    assert world.deadlines.late == 1
    await asyncio.sleep(10 * HOUR)
    assert len(world.breaches()) == 3
    await world.book.close(item.id, End.REACHED, "agent:101")
    assert [alarm.active for alarm in world.alarms] == [True, False]
    assert world.deadlines.late == 0


async def test_what_is_closed_in_time_breaches_nothing(world: Clocked) -> None:
    item, _ = await world.book.open(asked(promise=world.clock.unix() + 60))
    await asyncio.sleep(30)
    await world.book.close(item.id, End.REACHED, "agent:101")
    await asyncio.sleep(5 * HOUR)
    assert world.breaches() == []


async def test_an_old_contact_that_comes_late_breaches_at_once(world: Clocked) -> None:
    await world.book.open(asked(since=world.clock.unix() - 5 * HOUR))
    await asyncio.sleep(1)
    assert world.breaches() == ["10800 s", "14400 s"]


async def test_a_merge_brings_the_stricter_promise(world: Clocked) -> None:
    now = world.clock.unix()
    await world.book.open(asked(promise=now + HOUR))
    await world.book.open(asked(promise=now + 60))
    await asyncio.sleep(61)
    assert world.breaches() == ["promise"]


async def test_a_breach_is_not_told_again_after_a_restart(world: Clocked) -> None:
    await world.book.open(asked(promise=world.clock.unix() + 60))
    await asyncio.sleep(61)
    again = Clocked()
    again.book._store = world.store
    await again.book.start()
    again.deadlines.start()
    await asyncio.sleep(HOUR)
    assert again.breaches() == []
    await asyncio.sleep(2 * HOUR)
    assert again.breaches() == ["10800 s"]
    await again.deadlines.stop()
    third = Clocked()
    third.book._store = world.store
    await third.book.start()
    third.deadlines.start()
    assert [alarm.active for alarm in third.alarms] == [True], "the alarm is there from the start"
    await third.deadlines.stop()


async def test_a_claim_that_nobody_finishes_ends(world: Clocked) -> None:
    item, _ = await world.book.open(asked())
    await world.book.claim(item.id, "agent:101")
    await asyncio.sleep(1799)
    assert item.state is ItemState.CLAIMED
    await asyncio.sleep(2)
    assert (item.state, item.claimed_by) == (ItemState.OPEN, "")
    assert world.kinds()[-1] == "contact.released"


async def test_a_doubt_ends_after_its_window(world: Clocked) -> None:
    item, _ = await world.book.open(asked())
    await world.book.attempt_started(item.id, "c1")
    await asyncio.sleep(100)
    again = Clocked()
    again.book._store = world.store
    await again.book.start()
    again.deadlines.start()
    doubted = again.book.find(NUMBER, "sales")
    assert doubted is not None
    await asyncio.sleep(199)
    assert doubted.state is ItemState.IN_DOUBT
    await asyncio.sleep(2)
    assert doubted.state is ItemState.OPEN
    assert again.book.due(again.clock.unix()) == [doubted]
    await again.deadlines.stop()


async def test_a_refused_write_is_tried_again(world: Clocked) -> None:
    await world.book.open(asked(promise=world.clock.unix() + 60))
    world.store.failing = 2
    await asyncio.sleep(61)
    assert world.breaches() == []
    await asyncio.sleep(20)
    assert world.breaches() == ["promise"]


async def test_old_items_are_deleted_each_hour(world: Clocked) -> None:
    await asyncio.sleep(61)
    assert len(world.pruned) == 2, "until there is nothing more"
    assert world.pruned[0] == pytest.approx(world.clock.unix() - 400 * 24 * HOUR, abs=2)
    await asyncio.sleep(2 * HOUR + 61)
    assert len(world.pruned) == 4
