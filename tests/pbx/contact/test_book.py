"""The book: commit before acknowledgement, one open item per number and queue, idempotent by key."""

from __future__ import annotations

import asyncio

import pytest

from pbx.contact.item import Attempt, End, ItemState, WrongState
from pbx.contact.shelf import ContactError
from pbx.events import Kind
from tests.pbx.contact.support import NUMBER, World, asked


async def test_opening_is_told_after_the_commit() -> None:
    world = World()
    item, created = await world.book.open(asked())
    assert created
    assert world.store.items[item.id].state is ItemState.OPEN
    assert world.kinds() == ["contact.opened"]
    assert [change.what for change in world.changes] == [Kind.CONTACT_OPENED]
    assert world.book.open_items() == [item]


async def test_the_same_key_is_the_same_item_even_after_its_end() -> None:
    world = World()
    first, _ = await world.book.open(asked(key="form-1"))
    assert await world.book.open(asked(key="form-1")) == (first, False)
    assert (first.times, len(world.store.items)) == (1, 1)
    await world.book.close(first.id, End.REACHED, "agent:101")
    again, created = await world.book.open(asked(key="form-1"))
    assert (again.id, created, again.end) == (first.id, False, "reached")
    assert world.book.open_items() == []


async def test_requests_of_one_turn_meet() -> None:
    world = World()
    found = await asyncio.gather(*(world.book.open(asked(key=f"k{n % 4}", since=50.0 + n)) for n in range(12)))
    assert len({item.id for item, _ in found}) == 1
    assert [created for _, created in found].count(True) == 1
    assert found[0][0].times == 4
    assert found[0][0].since == 50.0
    assert len(world.store.items) == 4
    assert sum(item.is_open for item in world.store.items.values()) == 1


async def test_numbers_are_compared_as_e164() -> None:
    world = World()
    item, _ = await world.book.open(asked("600 100 200".replace(" ", "")))
    assert item.number == NUMBER
    assert (await world.book.open(asked("0048600100200")))[0] is item
    assert world.book.find("+48600100200", "sales") is item
    assert world.book.find("+48600100200", "support") is None
    other, created = await world.book.open(asked(queue="support"))
    assert created
    assert {each.id for each in world.book.of_number("600100200")} == {item.id, other.id}


async def test_a_merged_one_answers_with_its_survivor() -> None:
    world = World()
    item, _ = await world.book.open(asked(key="a"))
    await world.book.open(asked(key="b"))
    merged = next(row for row in world.store.items.values() if row.merged_into)
    assert await world.book.get(merged.id) is item
    claimed = await world.book.claim(merged.id, "agent:101")
    assert claimed is item
    assert world.kinds(merged.id) == ["contact.opened", "contact.closed"]
    assert world.kinds(item.id) == ["contact.opened", "contact.merged", "contact.claimed"]


async def test_what_is_not_committed_has_not_happened() -> None:
    world = World()
    world.store.failing = 1
    with pytest.raises(RuntimeError, match="disk"):
        await world.book.open(asked(key="a"))
    assert (world.book.open_items(), world.events) == ([], [])
    item, created = await world.book.open(asked(key="a"))
    assert created
    world.store.failing = 1
    with pytest.raises(RuntimeError, match="disk"):
        await world.book.attempt_started(item.id, "call-1")
    assert (item.state, item.attempts) == (ItemState.OPEN, [])
    world.store.failing = 1
    with pytest.raises(RuntimeError, match="disk"):
        await world.book.close(item.id, End.REACHED, "agent:101")
    assert item.is_open
    assert world.kinds() == ["contact.opened"]


async def test_whoever_waited_for_a_failed_opening_opens_himself() -> None:
    world = World()
    world.store.failing = 1
    first, second = await asyncio.gather(
        world.book.open(asked(key="a")), world.book.open(asked(key="b")), return_exceptions=True
    )
    assert isinstance(first, RuntimeError)
    assert not isinstance(second, BaseException)
    assert second[1]
    assert world.book.open_items() == [second[0]]


async def test_a_hang_up_does_not_undo_a_commit_under_way() -> None:
    world = World()
    task = asyncio.ensure_future(world.book.open(asked()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await world.book.stop()
    assert len(world.book.open_items()) == 1
    assert world.kinds() == ["contact.opened"]


async def test_an_attempt_reaches_the_customer() -> None:
    world = World()
    item, _ = await world.book.open(asked())
    assert world.book.due(world.clock.unix()) == [item]
    await world.book.attempt_started(item.id, "call-1")
    assert world.book.due(world.clock.unix()) == []
    with pytest.raises(WrongState):
        await world.book.attempt_started(item.id, "call-2")
    await world.book.attempt_ended(item.id, "busy", not_before=world.clock.unix() + 60)
    assert world.book.due(world.clock.unix()) == []
    world.clock.advance(60)
    assert world.book.due(world.clock.unix()) == [item]
    await world.book.attempt_started(item.id, "call-2")
    await world.book.attempt_ended(item.id, "reached", end=End.REACHED)
    assert (item.end, item.ended_by, [each.outcome for each in item.attempts]) == (
        "reached",
        "callback",
        ["busy", "reached"],
    )
    assert world.kinds()[-3:] == ["contact.attempt", "contact.attempt_ended", "contact.closed"]
    with pytest.raises(WrongState, match="is closed: reached"):
        await world.book.close(item.id, End.CANCELLED, "agent:101")


async def test_the_customer_rings_in_while_we_dial() -> None:
    world = World()
    item, _ = await world.book.open(asked())
    await world.book.attempt_started(item.id, "call-1")
    await world.book.close(item.id, End.CUSTOMER_CAME_BACK, "call:2")
    ended = await world.book.attempt_ended(item.id, "cancelled", end=End.UNREACHABLE)
    assert (ended.end, ended.attempts[0].outcome) == ("customer_came_back", "cancelled")
    assert world.kinds().count("contact.closed") == 1


async def test_due_is_one_order_by_age_and_priority() -> None:
    world = World()
    now = world.clock.unix()
    young, _ = await world.book.open(asked("+48600000001", since=now - 10))
    old, _ = await world.book.open(asked("+48600000002", since=now - 100))
    urgent, _ = await world.book.open(asked("+48600000003", since=now - 10, priority=200))
    await world.book.open(asked("+48600000004", automatic=False))
    await world.book.open(asked("+48600000005", not_after=now - 1))
    assert world.book.due(now) == [urgent, old, young]


async def test_a_claim_keeps_others_off() -> None:
    world = World()
    item, _ = await world.book.open(asked())
    await world.book.claim(item.id, "agent:101")
    with pytest.raises(WrongState, match="claimed by agent:101"):
        await world.book.claim(item.id, "agent:102")
    assert world.book.due(world.clock.unix()) == []
    await world.book.release(item.id, "agent:101")
    await world.book.claim(item.id, "agent:102")
    assert item.claimed_by == "agent:102"


async def test_two_who_close_at_once_make_one_end() -> None:
    world = World()
    item, _ = await world.book.open(asked())
    ends = [End.REACHED, End.CANCELLED, End.REFUSED]
    found = await asyncio.gather(*(world.book.close(item.id, end, "x") for end in ends), return_exceptions=True)
    assert [isinstance(each, WrongState) for each in found].count(True) == 2
    assert world.kinds().count("contact.closed") == 1


async def test_a_restart_finds_what_was_open_and_doubts_what_was_dialled() -> None:
    world = World()
    plain, _ = await world.book.open(asked("+48600000001"))
    dialled, _ = await world.book.open(asked("+48600000002"))
    closed, _ = await world.book.open(asked("+48600000003"))
    await world.book.close(closed.id, End.REFUSED, "x")
    await world.book.attempt_started(dialled.id, "call-1")
    after = await world.restart()
    assert {item.id: item.state for item in after.book.open_items()} == {
        plain.id: ItemState.OPEN,
        dialled.id: ItemState.IN_DOUBT,
    }
    doubted = after.book.peek(dialled.id)
    assert doubted is not None
    assert doubted.attempts[0].outcome == "in_doubt"
    assert [item.id for item in after.book.due(after.clock.unix())] == [plain.id]
    with pytest.raises(WrongState):
        await after.book.attempt_started(dialled.id, "call-2")
    assert (await after.book.open(asked("+48600000002")))[0] is doubted, (
        "an item in doubt still stands for its customer"
    )
    await after.book.release(dialled.id, "rule")
    assert dialled.id in {item.id for item in after.book.due(after.clock.unix())}


async def test_there_is_a_cap() -> None:
    world = World(max_open=2)
    await world.book.open(asked("+48600000001"))
    await world.book.open(asked("+48600000002"))
    with pytest.raises(ContactError, match="max_open"):
        await world.book.open(asked("+48600000003"))
    assert world.book.refused == 1
    assert not (await world.book.open(asked("+48600000001")))[1], "merging needs no room"


async def test_an_unknown_contact_is_named() -> None:
    with pytest.raises(ContactError, match="contacts list"):
        await World().book.close("nope", End.REACHED, "x")


async def test_a_person_s_call_is_an_attempt() -> None:
    world = World()
    item, _ = await world.book.open(asked())
    now = world.clock.unix()
    await world.book.note_attempt(item.id, Attempt(now, "c1", "busy", now, "agent:101"))
    assert (item.state, len(item.attempts)) == (ItemState.OPEN, 1)
    await world.book.note_attempt(item.id, Attempt(now, "c2", "reached", now, "agent:101"), End.REACHED)
    assert (item.end, item.ended_by) == ("reached", "agent:101")
