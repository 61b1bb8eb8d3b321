"""Contacts in a real database: written before they are acknowledged, read back whole, deleted when they are old."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pbx.clock import SystemClock, VirtualClock
from pbx.config import Config
from pbx.contact.book import ContactBook
from pbx.contact.item import Attempt, ContactItem, End, ItemKind, ItemState, OpenRequest
from pbx.events import EventBus, Kind
from pbx.store.contacts import Wanted
from pbx.store.errors import StoreError
from pbx.store.rebuild import rebuild
from pbx.store.store import Store
from tests.pbx.store import support
from tests.support.journeys import abandoned, answered


class Opened:
    """A store and a book over it."""

    def __init__(self, folder: Path) -> None:
        tables = {"server": {"data_dir": str(folder)}, "numbering": {"country": "PL"}}
        self.config = Config.model_validate({**tables, "store": {"url": support.database_of(folder)}})
        self.bus = EventBus()
        self.store = Store(self.config, self.bus, SystemClock())
        self.book = ContactBook(self.config, self.bus, VirtualClock(), self.store.contacts)

    async def __aenter__(self) -> Opened:
        await self.store.start()
        await self.book.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.book.stop()
        assert await self.store.stop() == 0


def request(number: str = "+48600100200", **more: object) -> OpenRequest:
    return OpenRequest(kind=ItemKind.CALLBACK, number=number, queue="sales", **more)  # type: ignore[arg-type]


async def test_every_field_survives(tmp_path: Path) -> None:
    item = ContactItem(
        id="a" * 32,
        kind=ItemKind.WIDGET,
        queue="sales",
        number="+48600100200",
        since=1_790_000_000.25,
        created=1_790_000_001.5,
        name="Żółć",
        promise=1_790_000_100.0,
        not_before=1.0,
        not_after=2.0,
        priority=5,
        skills=["pl", "ru"],
        language="pl",
        preferred_agent="101",
        owner="team:gold",
        source={"did": "600", "page": "/cart"},
        origin_call="b" * 32,
        key="form-1",
        mode="customer_first",
        automatic=True,
        times=3,
        state=ItemState.CLAIMED,
        reason="why",
        claimed_by="agent:101",
        claimed=1_790_000_050.0,
        breached=1_790_000_040.0,
        attempts=[Attempt(1_790_000_010.0, "c1", "busy", 1_790_000_020.0, "agent:101")],
    )
    async with Opened(tmp_path) as first:
        assert await first.store.contacts.write(item, new=True) is None
        item.attempts.append(Attempt(1_790_000_030.0, "c2", by="callback"))
        assert await first.store.contacts.write(item) is None
    async with Opened(tmp_path) as second:
        assert second.book.open_items() == [item]
        assert await second.store.contacts.get(item.id) == item


async def test_the_key_decides_in_the_database(tmp_path: Path) -> None:
    async with Opened(tmp_path) as first:
        item, _ = await first.book.open(request(key="form-1"))
        merged, created = await first.book.open(request(key="form-2"))
        assert (merged, created) == (item, False)
        await first.book.close(item.id, End.REFUSED, "agent:101")
    async with Opened(tmp_path) as second:
        assert second.book.open_items() == []
        assert await second.store.contacts.known(["form-1", "form-2", "form-9"]) == {"form-1", "form-2"}
        for key in ("form-1", "form-2"):
            found, created = await second.book.open(request(key=key))
            assert (found.id, found.end, created) == (item.id, "refused", False)
        assert second.book.open_items() == []
        assert (await second.book.open(request(key="form-3")))[1]


async def test_many_at_once_are_few_commits(tmp_path: Path) -> None:
    async with Opened(tmp_path) as world:
        before = world.store.stats.commits
        await asyncio.gather(*(world.book.open(request(f"+4860010{n:04}")) for n in range(500)))
        assert world.store.stats.commits - before < 100
        found = await world.store.contacts.wanted(Wanted(states=["open"], queue="sales", limit=10_000))
        assert len(found) == 500


async def test_lists_are_narrowed_in_the_database(tmp_path: Path) -> None:
    async with Opened(tmp_path) as world:
        first, _ = await world.book.open(request("+48600000001", owner="agent:101"))
        await world.book.open(request("+48600000002"))
        await world.book.close(first.id, End.REACHED, "agent:101")
        wanted = world.store.contacts.wanted
        assert [item.id for item in await wanted(Wanted(owner="agent:101"))] == [first.id]
        assert [item.id for item in await wanted(Wanted(end="reached"))] == [first.id]
        assert [item.number for item in await wanted(Wanted(states=["open"]))] == ["+48600000002"]
        assert await wanted(Wanted(number="' OR 1=1 --")) == []
        assert len(await wanted(Wanted(since=1.0, until=9e9, limit=1))) == 1


async def test_old_ones_are_deleted_with_their_attempts(tmp_path: Path) -> None:
    async with Opened(tmp_path) as world:
        old, _ = await world.book.open(request("+48600000001"))
        await world.book.attempt_started(old.id, "c1")
        await world.book.attempt_ended(old.id, "reached", end=End.REACHED)
        kept, _ = await world.book.open(request("+48600000002"))
        assert await world.store.contacts.prune(old.ended) == 0
        assert await world.store.contacts.prune(old.ended + 1) == 1
        assert await world.store.contacts.get(old.id) is None
        assert await world.store.contacts.get(kept.id) is not None
        left = await world.store.durable(
            lambda connection: connection.exec_driver_sql("select count(*) from contact_attempts").scalar()
        )
        assert left == 0


async def test_a_contact_s_journey_is_no_call(tmp_path: Path) -> None:
    """Neither while it runs, nor when the journey is recovered or derived again."""
    for _ in range(2):
        async with Opened(tmp_path) as world:
            item, _ = await world.book.open(request())
            await world.book.claim(item.id, "agent:101")
            for event in answered(9):
                world.bus.publish(event)
            assert await world.store.durable(lambda connection: rebuild(connection, zone="UTC").calls) == 1
            journey = await world.store.journey(item.id)
            assert [event.kind for event in journey][:2] == [Kind.CONTACT_OPENED, Kind.CONTACT_CLAIMED]
            count = await world.store.durable(
                lambda connection: connection.exec_driver_sql("select count(*) from cdrs").scalar()
            )
            assert count == 1


async def test_calls_that_ended_last_are_told(tmp_path: Path) -> None:
    async with Opened(tmp_path) as first:
        for event in [*abandoned(1), *answered(2)[:6]]:
            first.bus.publish(event)
    async with Opened(tmp_path) as second:
        found = await second.store.ended_last(100)
        assert {journey[0].call_id: journey[-1].data["cause"] for journey in found} == {
            f"{1:032x}": "normal",
            f"{2:032x}": "interrupted",
        }
        assert await second.store.ended_last(1) == [
            journey for journey in found if journey[-1].data["cause"] == "interrupted"
        ]


async def test_a_store_that_is_not_started_promises_nothing(tmp_path: Path) -> None:
    world = Opened(tmp_path)
    with pytest.raises(StoreError, match="not started"):
        await world.book.open(request())
    assert world.book.open_items() == []
