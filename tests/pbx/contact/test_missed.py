"""Calls on the bus become items, and talks end them, in either direction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from pbx.contact.missed import MissedContacts
from pbx.events import Alarm, CallEvent, Kind
from tests.pbx.contact.support import World, asked
from tests.support.journeys import T0, Journey, abandoned, answered, seizure

CALLER = "+48221234567"


class Follower(World):
    def __init__(self, **contacts: object) -> None:
        super().__init__(**contacts)
        self.alarms: list[Alarm] = []
        self.bus.subscribe(Alarm, self.alarms.append)
        self.missed = MissedContacts(self.config, self.bus, self.book, lambda dialled: [dialled, f"+48{dialled[1:]}"])

    async def hear(self, events: Iterable[CallEvent]) -> None:
        for event in events:
            self.clock.advance(max(event.at - self.clock.unix(), 0.0))
            self.bus.publish(event)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[Follower]:
    world = Follower()
    world.missed.start()
    yield world
    await world.missed.stop()


def outgoing(
    number: int, start: float, *, talk_s: float = 0.0, callee: str = CALLER, status: int = 200
) -> list[CallEvent]:
    events = seizure(number, status, talk_s=talk_s, start=start)
    events[0].data["callee"] = callee
    events[-1].data["cause"] = "normal" if talk_s else "busy"
    return events


async def test_an_abandoned_call_becomes_an_item(world: Follower) -> None:
    await world.hear(abandoned(2))
    (item,) = world.book.open_items()
    assert (item.number, item.kind, item.since) == (CALLER, "abandoned", T0 + 1)
    assert item.origin_call == f"{2:032x}"


async def test_the_customer_comes_back_and_is_served(world: Follower) -> None:
    await world.hear(abandoned(2))
    (item,) = world.book.open_items()
    again = answered(3, start=T0 + 600, queue="support")
    bridged = next(at for at, event in enumerate(again) if event.kind is Kind.BRIDGE_STARTED)
    await world.hear(again[:bridged])
    assert item.is_open
    assert world.book.on_line(CALLER)
    await world.hear(again[bridged : bridged + 1])
    assert (item.end, item.ended_by) == ("customer_came_back", f"call:{3:032x}")
    await world.hear(again[bridged + 1 :])
    assert not world.book.on_line(CALLER)
    assert len(world.store.items) == 1


async def test_the_customer_comes_back_and_gives_up_again(world: Follower) -> None:
    await world.hear(abandoned(2))
    await world.hear(abandoned(3, start=T0 + 600))
    (item,) = world.book.open_items()
    assert (item.times, item.since) == (2, T0 + 1)


async def test_coming_back_may_be_a_matter_of_the_queue() -> None:
    world = Follower(came_back="queue")
    world.missed.start()
    await world.hear(abandoned(2))
    await world.hear(answered(3, start=T0 + 600, queue="support"))
    assert len(world.book.open_items()) == 1
    await world.hear(answered(4, start=T0 + 900, queue="sales"))
    assert world.book.open_items() == []
    await world.missed.stop()


async def test_an_agent_calls_and_talks(world: Follower) -> None:
    await world.hear(abandoned(2))
    (item,) = world.book.open_items()
    await world.hear(outgoing(3, T0 + 300, status=486))
    assert (item.is_open, item.attempts[0].outcome, item.attempts[0].by) == (True, "busy", "agent:101")
    await world.hear(outgoing(4, T0 + 400, talk_s=4.0))
    assert (item.is_open, item.attempts[1].outcome) == (True, "short_talk")
    await world.hear(outgoing(5, T0 + 500, talk_s=40.0, callee="0221234567"))
    assert (item.end, item.ended_by, item.attempts[2].outcome) == ("reached", "agent:101", "reached")


async def test_calls_to_others_are_not_followed(world: Follower) -> None:
    await world.hear(abandoned(2))
    begun = outgoing(3, T0 + 300, talk_s=40.0, callee="+48600999999")
    await world.hear(begun[:1])
    assert not world.missed._calls
    await world.hear(begun[1:])
    assert len(world.book.open_items()) == 1


async def test_a_call_for_an_item_is_left_to_who_placed_it(world: Follower) -> None:
    item, _ = await world.book.open(asked(CALLER))
    placed = answered(3, start=T0 + 600)
    placed[0].data["contact"] = item.id
    await world.hear(placed)
    assert item.is_open


async def test_the_database_takes_nothing_for_a_while(world: Follower) -> None:
    world.store.failing = 3
    await world.hear(abandoned(2))
    await world.hear(answered(3, start=T0 + 600))
    assert world.store.items == {}
    await asyncio.sleep(10)
    (item,) = world.store.items.values()
    assert item.end == "customer_came_back", "in the order in which it happened"
    assert world.missed.lost == 0


async def test_a_cap_raises_an_alarm() -> None:
    world = Follower(max_open=1)
    world.missed.start()
    await world.hear(abandoned(2))
    other = abandoned(3, start=T0 + 100)
    other[0].data["caller"] = "+48221234568"
    await world.hear(other)
    assert (len(world.book.open_items()), world.missed.lost) == (1, 1)
    assert "contacts.max_open" in world.alarms[0].text
    await world.hear(answered(4, start=T0 + 200))
    await world.hear(abandoned(5, start=T0 + 300))
    assert [alarm.active for alarm in world.alarms] == [True, False]
    await world.missed.stop()


async def test_nothing_is_left_of_calls(world: Follower) -> None:
    await world.hear(abandoned(2))
    await world.hear(answered(3, start=T0 + 100))
    await world.hear(Journey(4, T0 + 200).begin(direction="internal").end().events)
    assert (world.missed._calls, world.missed._lines, world.missed._queued) == ({}, {}, {})


async def test_calls_of_a_dead_process_are_judged_again() -> None:
    """What had been written before is recognised; what had not is made up for, in its order."""
    first = Follower()
    first.missed.start()
    await first.hear(abandoned(2))
    await first.missed.stop()
    second = Follower()
    second.store = first.store
    second.book._store = first.store
    await second.book.start()
    second.clock.advance(5000)
    second.missed.start()
    cut = Journey(5, T0 + 50).begin(caller="+48600000005").at(1).add(Kind.QUEUE_JOINED, queue="sales")
    cut.at(9).end(cause="interrupted", status=0, by="pbx")
    lost = abandoned(6, start=T0 + 60)
    lost[0].data["caller"] = "+48600000006"
    served = answered(7, start=T0 + 100)
    served[0].data["caller"] = "+48600000006"
    for _ in range(2):
        await second.missed.replay([served, cut.events, abandoned(2), lost])
        await second.settle()
    ends = {item.number: item.end for item in second.store.items.values()}
    assert ends == {CALLER: "", "+48600000005": "", "+48600000006": "customer_came_back"}
    await second.missed.stop()


async def test_calls_of_long_before_the_crash_are_not_judged_again(world: Follower) -> None:
    """A database of a version that kept no contacts brings no heap of old ones; whoever was cut off counts always."""
    waiting = Journey(3, T0 - 5000).begin(caller="+48600000003").at(1).add(Kind.QUEUE_JOINED, queue="sales")
    waiting.end(cause="interrupted", status=0, by="pbx")
    old, recent = abandoned(4, start=T0 - 5000), abandoned(5)
    old[0].data["caller"] = "+48600000004"
    await world.missed.replay([old, waiting.events, recent])
    await world.settle()
    assert {item.number for item in world.book.open_items()} == {CALLER, "+48600000003"}
