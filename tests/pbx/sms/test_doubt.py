"""What may have been done already: nobody sends it by another way, and nothing of it is forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.clock import SystemClock
from pbx.sms.gateway import Doubt, NotTaken, Receipt
from pbx.sms.optout import OptOuts
from pbx.sms.receipts import MOST_WAITING, Receipts
from pbx.sms.twilio import is_signed
from tests.pbx.sms.test_sending import in_virtual_time
from tests.pbx.sms.virtual import gateway, virtual
from tests.pbx.sms.world import NUMBER

pytestmark = pytest.mark.usefixtures("fakes")


@in_virtual_time
async def test_a_doubted_message_that_is_asked_again_never_goes_by_another_gateway() -> None:
    async with virtual("a b") as world:
        gateway(world).answers = [Doubt("no answer"), NotTaken("not_sent: refused"), NotTaken("http_429", 1.0)]
        gateway(world).found = NotTaken("asked_again", known=True, down=False)
        ticket = await world.send()
        message = await world.until(ticket, "accepted", timeout_s=900)
    assert (message.gateway, message.pinned) == ("a", True)
    assert len(gateway(world).got) == 4
    assert not gateway(world, 1).got


@in_virtual_time
async def test_an_answer_that_could_not_be_written_leaves_a_doubt() -> None:
    async with virtual() as world:
        gateway(world).takes_s = 5.0
        ticket = await world.send()
        await world.until(ticket, "submitting")
        world.store.failing = 1
        message = await world.until(ticket, "in_doubt", timeout_s=120)
    assert message.error == "not_written"
    assert len(gateway(world).got) == 1


class BrokenOnce(MemoryKeeper):
    def __init__(self) -> None:
        super().__init__()
        self.broken = True

    async def keep(self, room: str, key: str, value: Any) -> None:
        if self.broken:
            self.broken = False
            raise RuntimeError("the disk is full")
        await super().keep(room, key, value)


async def test_who_says_stop_again_after_the_disk_failed_is_written_down() -> None:
    keeper = BrokenOnce()
    listed = OptOuts(SystemClock(), keeper)
    with pytest.raises(RuntimeError):
        await listed.add(NUMBER, "sms:a")
    assert NUMBER in listed, "nothing more goes out meanwhile"
    assert await listed.add(NUMBER, "sms:a")
    assert NUMBER in OptOuts(SystemClock(), keeper)
    assert not await listed.add(NUMBER, "sms:a")


@in_virtual_time
async def test_receipts_of_others_do_not_queue_up_behind_each_other() -> None:
    async with virtual() as world:
        receipts = Receipts(world.bus, world.service.outbox, lambda: 1)
        took = [receipts.take(Receipt("a", f"foreign-{index}", "delivered")) for index in range(MOST_WAITING * 4)]
        waiting = [asyncio.ensure_future(step) for step in took]
        await asyncio.sleep(0.02)
        assert sum(not task.done() for task in waiting) == MOST_WAITING
        await asyncio.gather(*waiting)
    assert receipts.unknown == MOST_WAITING * 4


@in_virtual_time
async def test_an_id_in_another_notation_belongs_to_the_same_number_only() -> None:
    async with virtual() as world:
        ticket = await world.send()
        message = await world.until(ticket, "accepted")
        world.store.messages[ticket.id].sent[0].id = message.sent[0].id = "3e9"
        world.service.outbox.open[ticket.id].sent[0].id = "3e9"
        world.service.outbox._parts = {("a", "3e9"): ticket.id}
        await world.service.receipt(Receipt("a", "1001", "delivered", number="+48600999999"))
        assert world.state(ticket) == "accepted"
        await world.service.receipt(Receipt("a", "1001", "delivered", number="48600100200"))
        assert world.state(ticket) == "delivered"


def test_a_signature_that_is_no_ascii_is_wrong() -> None:
    assert not is_signed("token", "https://pbx.example/sms/web", [("a", "b")], "ż")


@in_virtual_time
async def test_an_answer_that_comes_while_the_store_is_asked_about_its_receipt_is_found() -> None:
    async with virtual() as world:
        gateway(world).takes_s = 1.0

        async def slow(_gateway: str, _id: str) -> None:
            await asyncio.sleep(2.0)

        world.store.of_part = slow  # type: ignore[method-assign, assignment]
        ticket = await world.send()
        await world.until(ticket, "submitting")
        await world.service.receipt(Receipt("a", "a-1", "delivered", number=NUMBER))
        assert world.state(ticket) == "delivered"
        assert world.service.figures().unknown_receipts == 0
