"""Queue, gateways, failures and restarts, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pbx.contact.messaging import SmsRefused
from pbx.sms.gateway import Accepted, Doubt, NotTaken, Receipt, Rejected
from tests.pbx.sms.virtual import gateway, virtual
from tests.support.virtual_loop import run_virtual

pytestmark = pytest.mark.usefixtures("fakes")
Test = Callable[[], Coroutine[Any, Any, None]]


def in_virtual_time(test: Test) -> Callable[[], None]:
    def run() -> None:
        run_virtual(test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_virtual_time
async def test_the_second_gateway_takes_what_the_first_cannot() -> None:
    async with virtual("a b") as world:
        gateway(world).answers = [NotTaken("no_credit")]
        first = await world.send("one")
        await world.until(first, "accepted")
        second = await world.send("two", to="+48600100201")
        await world.until(second, "accepted")
        await asyncio.sleep(60)  # the first one has rested
        third = await world.send("three", to="+48600100202")
        await world.until(third, "accepted")
    assert world.store.messages[first.id].gateway == "b"
    assert gateway(world).texts == ["one", "three"]
    assert gateway(world, 1).texts == ["one", "two"]


@in_virtual_time
async def test_a_message_waits_for_a_gateway_until_it_is_too_old() -> None:
    async with virtual(expires_s=600) as world:
        gateway(world).is_up = False
        tickets = [await world.send(str(index), to=f"+4860010020{index}") for index in range(2)]
        await asyncio.sleep(300)
        writes = len(world.events)
        assert [world.state(ticket) for ticket in tickets] == ["queued", "queued"]
        assert writes == 2, "waiting costs no writing"
        await asyncio.sleep(400)
        assert [world.store.messages[ticket.id].error for ticket in tickets] == ["not_sent", "not_sent"]
        assert [world.state(ticket) for ticket in tickets] == ["expired", "expired"]


@in_virtual_time
async def test_a_busy_way_holds_up_no_other_and_no_more_are_under_way_than_there_is_room() -> None:
    async with virtual(per={}, limits_per_number=[], pumping=[]) as world:
        slow = gateway(world)
        slow.takes_s = 10.0
        tickets = [await world.send(str(index), to=f"+486001002{index:02}") for index in range(10)]
        await world.wait(lambda: len(slow.got) == 10, 120)
        assert slow.most_at_once == 4
        assert sorted(slow.texts[:4]) == ["0", "1", "2", "3"], "the oldest first"
        await world.until(tickets[9], "accepted")


@in_virtual_time
async def test_trouble_with_one_message_is_tried_again_and_then_given_up() -> None:
    async with virtual(max_attempts=3) as world:
        gateway(world).answers = [NotTaken("smpp_0x00000008", down=False)] * 3
        ticket = await world.send()
        message = await world.until(ticket, "refused", timeout_s=600)
    assert (message.attempts, message.error) == (3, "smpp_0x00000008")
    assert world.kinds(ticket).count("sms.requeued") == 2


@in_virtual_time
async def test_a_doubt_is_settled_by_the_gateway_by_a_person_or_by_time() -> None:
    async with virtual(receipt_s=3600) as world:
        gateway(world).answers = [Doubt("no answer within 10 s")] * 3
        tickets = [await world.send(str(index), to=f"+4860010020{index}") for index in range(3)]
        for ticket in tickets:
            await world.until(ticket, "in_doubt")
        await world.service.settle(tickets[0].id, sent=True)
        await world.service.settle(tickets[1].id, sent=False)
        await world.until(tickets[1], "accepted")
        assert world.state(tickets[0]) == "accepted"
        await asyncio.sleep(4000)
        assert world.store.messages[tickets[2].id].error == "in_doubt"
        assert {world.state(ticket) for ticket in tickets} == {"expired"}
        await world.service.receipt(Receipt("a", "a-4", "delivered"))  # late, but it tells the truth
        assert world.state(tickets[1]) == "delivered"
    assert gateway(world).texts == ["0", "1", "2", "1"]


@in_virtual_time
async def test_a_process_that_died_while_it_submitted_sends_nothing_again() -> None:
    world = virtual()
    await world.service.start()
    gateway(world).takes_s = 1000.0
    ticket = await world.send()
    waiting = await world.send("later", to="+48600100201", not_before=world.clock.unix() + 100)
    await world.until(ticket, "submitting")
    later = world.killed()  # the tasks of the first process go on, as those of a dead one do not
    await later.service.start()
    assert later.state(ticket) == "in_doubt"
    await asyncio.sleep(200)
    assert later.state(waiting) == "accepted"
    assert gateway(later).texts == ["later"]
    gateway(later).found = Accepted(["found"])
    await later.until(ticket, "accepted", timeout_s=100)
    await later.service.stop()
    await world.service.stop()


@in_virtual_time
async def test_what_no_network_takes_is_refused_and_money_has_an_end() -> None:
    per = {"price_per_part": 0.5, "money_per_day": 1.0, "currency": "PLN"}
    async with virtual(per=per) as world:
        gateway(world).answers = [Rejected("smpp_0x0000000b"), Accepted(["x"]), Accepted(["y"])]
        refused = await world.send("0")
        await world.until(refused, "refused")
        for index in (1, 2):
            await world.until(await world.send(str(index), to=f"+4860010020{index}"), "accepted")
        with pytest.raises(SmsRefused, match="money"):
            await world.send("3", to="+48600100203")
        figures = world.service.figures()
        assert figures.spent == (1.0, 1.0), "what was refused costs nothing"
        await asyncio.sleep(86_400)
        assert (await world.send("4", to="+48600100204")).cost == 0.5
        later = world.killed()
        assert later.service.figures().spent[1] == 1.5


@in_virtual_time
async def test_the_queue_has_an_end_and_a_store_that_fails_promises_nothing() -> None:
    async with virtual(max_queued=2) as world:
        gateway(world).is_up = False
        for index in range(2):
            await world.send(str(index), to=f"+4860010020{index}")
        with pytest.raises(SmsRefused, match="max_queued"):
            await world.send("2", to="+48600100202")
    assert world.service.refused == {"full": 1}
