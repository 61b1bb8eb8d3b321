"""The SMPP gateway against an SMSC that speaks the protocol, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pbx.contact.messaging import SmsRefused
from tests.pbx.sms.world import NUMBER, World
from tests.support.smsc import Smsc

DIGITS = NUMBER[1:]
LONG = "Zażółć gęślą jaźń 😀 " * 8
LONG_GSM = "Ten chars €" * 30


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as server:
        yield server


def world(smsc: Smsc, *more: dict[str, Any], **gateway: Any) -> World:
    given = {"name": "a", "kind": "smpp", "host": smsc.host, "system_id": "pbx", "password": "secret"}
    return World({"gateway": [{**given, "per_second": 1000.0, "timeout_s": 2.0, **gateway}, *more]})


async def bound(found: World) -> None:
    await found.wait(lambda: found.service.gateways[0].is_up)


async def test_a_message_is_submitted_and_delivered(smsc: Smsc) -> None:
    async with world(smsc, sender="Firma") as found:
        ticket = await found.send("Zadzwonimy: 5 €", key="one", source="test")
        again = await found.send("other", key="one", source="test")
        message = await found.until(ticket, "delivered")
    assert (again.id, again.new) == (ticket.id, False)
    assert smsc.messages() == [(DIGITS, "Zadzwonimy: 5 €")]
    only = smsc.submitted[0]
    assert (only.source, only.data_coding, only.validity[:8]) == ("Firma", 0, "00000023")  # a day less what was waited
    assert message.sent[0].id == only.id
    assert found.kinds(ticket) == ["sms.queued", "sms.submitted", "sms.accepted", "sms.delivered"]


@pytest.mark.parametrize("way", ["8bit", "16bit", "sar", "payload"])
async def test_long_messages_in_every_way_of_concatenation(smsc: Smsc, way: str) -> None:
    async with world(smsc, concatenation=way) as found:
        tickets = [await found.send(LONG.strip(), key="ucs2"), await found.send(LONG_GSM, key="gsm")]
        for ticket in tickets:
            await found.until(ticket, "delivered")
    assert sorted(smsc.messages()) == sorted([(DIGITS, LONG.strip()), (DIGITS, LONG_GSM)])
    assert [(ticket.coding, ticket.parts) for ticket in tickets] == [("ucs2", 3), ("gsm7", 3)]
    assert len(smsc.submitted) == (2 if way == "payload" else 6)


@pytest.mark.parametrize("receipt", ["text", "tlv"])
async def test_receipts_by_text_and_by_parameters(smsc: Smsc, receipt: str) -> None:
    smsc.do.receipt = receipt
    smsc.do.hex_ids = True
    smsc.do.receipt_first = True  # and before the answer to the submission
    smsc.do.states[DIGITS] = "UNDELIV"
    async with world(smsc) as found:
        ticket = await found.send()
        message = await found.until(ticket, "failed")
    assert message.error.startswith("undeliv")


async def test_busy_servers_are_waited_for_and_numbers_that_do_not_exist_are_not(smsc: Smsc) -> None:
    smsc.do.throttle = 2
    smsc.do.refuse.add("48600100299")
    async with world(smsc) as found:
        ticket = await found.send()
        await found.until(ticket, "delivered")
        refused = await found.send(to="+48600100299")
        message = await found.until(refused, "refused")
        assert found.service.figures().gateways[0].throttled == 2
    assert (message.error, len(smsc.messages())) == ("smpp_0x0000000b", 1)
    assert found.store.messages[ticket.id].attempts == 1, "throttling counts as no attempt"


async def test_an_answer_that_never_comes_leaves_a_doubt_that_a_receipt_settles(smsc: Smsc) -> None:
    smsc.do.silent.add(DIGITS)
    smsc.do.receipt = "none"
    async with world(smsc, timeout_s=0.2) as found:
        ticket = await found.send()
        await found.until(ticket, "in_doubt")
        await asyncio.sleep(0.3)
        assert len(smsc.submitted) == 1, "never sent again"
        smsc.do.receipt = "text"
        assert await asyncio.to_thread(smsc.receipt, smsc.submitted[0].id, DIGITS) == 0
        await found.until(ticket, "delivered")


async def test_a_connection_that_breaks_is_made_again_and_what_was_under_way_is_in_doubt(smsc: Smsc) -> None:
    smsc.do.hang_up.add(DIGITS)
    smsc.do.receipt = "none"
    async with world(smsc) as found:
        await bound(found)
        ticket = await found.send()
        await found.until(ticket, "in_doubt")
        await found.wait(lambda: smsc.binds == 2)
        other = await found.send(to="+48600100201")
        await found.until(other, "accepted")
    assert [number for number, _ in smsc.messages()] == [DIGITS, "48600100201"]
    assert [alarm.active for alarm in found.alarms] == [False, True, False]


async def test_another_gateway_takes_over_from_one_that_is_not_bound(smsc: Smsc) -> None:
    dead = {"name": "dead", "kind": "smpp", "host": "127.0.0.1:1", "system_id": "x", "priority": -1}
    wrong = {"name": "wrong", "kind": "smpp", "host": smsc.host, "system_id": "pbx", "password": "no", "priority": -2}
    abroad = {"name": "abroad", "kind": "smpp", "host": "127.0.0.1:1", "system_id": "x", "prefixes": ["+7"]}
    async with world(smsc, dead, wrong, abroad) as found:
        await bound(found)
        ticket = await found.send()
        message = await found.until(ticket, "delivered")
        assert message.gateway == "a"
        ways = found.service.routes.of_number("+79161234567")
    assert [way.config.name for way in ways] == ["abroad", "wrong", "dead", "a"]


async def test_replies_long_ones_too_and_a_store_that_fails(smsc: Smsc) -> None:
    async with world(smsc) as found:
        await bound(found)
        text = "Dzień dobry, chciałbym zamówić 😀"
        assert await asyncio.to_thread(smsc.write, NUMBER, "5000", text, coding=8, parts=3) == 0
        await found.wait(lambda: len(found.store.inbox) == 1)
        inbound = next(iter(found.store.inbox.values()))
        assert (inbound.number, inbound.text, inbound.to) == (NUMBER, text, "+5000")
        received, found.store.received = found.store.received, _fail  # type: ignore[method-assign]
        deliver = asyncio.create_task(asyncio.to_thread(smsc.write, NUMBER, "5000", "again"))
        await asyncio.sleep(0.1)
        assert not deliver.done(), "what is not on disk is not acknowledged"
        found.store.received = received  # type: ignore[method-assign]
        assert await deliver == 0
        assert [each.text for each in found.store.inbox.values()] == [text, "again"]


async def _fail(_inbound: object) -> bool:
    raise RuntimeError("the disk is full")


async def test_the_connection_is_kept_alive_and_the_store_may_refuse(smsc: Smsc) -> None:
    async with world(smsc, enquire_link_s=0.05) as found:
        await found.wait(lambda: smsc.links >= 2)
        found.store.failing = 1
        with pytest.raises(RuntimeError, match="disk"):
            await found.send()
        found.store.failing = 0
        ticket = await found.send()
        found.store.failing = 1  # the intent to submit cannot be written: nothing is submitted, and it is tried again
        await found.until(ticket, "delivered")
    assert len(smsc.messages()) == 1


async def test_what_is_asked_too_much_is_refused_before_anything_is_kept(smsc: Smsc) -> None:
    found = world(smsc)
    with pytest.raises(SmsRefused, match="max_parts"):
        await found.send("x" * 2000)
    assert found.store.messages == {}
    assert found.service.figures().refused == {"too_long": 1}
