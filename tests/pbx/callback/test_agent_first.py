"""Agent first: the agent's phone rings, then the customer's; what every end of an attempt leads to."""

from __future__ import annotations

import pytest

from pbx.events import Kind
from tests.pbx.callback.world import JAN, World


async def test_an_idle_agent_and_a_customer_speak() -> None:
    world = await World({"201": {}}).start()
    world.customer()
    row = await world.ask(name="Jan", tags={"campaign": "autumn"})
    await world.sleep(4)
    assert world.state("201") == "talking"
    await world.sleep(30)
    item = await world.item(row)
    assert (item.end, world.outcomes(item)) == ("reached", ["reached"])
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert bridged["speed_s"] == pytest.approx(5.0, abs=0.1), "the two phones' ringing and nothing else"
    assert bridged["agent"] == "201"
    assert world.state("201") == "available"
    (invite,) = world.phones["201"].invites
    assert f'"Jan" <sip:{JAN}@' in invite["from_"]
    assert "+48221112233" in world.carrier.invites[0]["from_"]
    started = world.events(Kind.CALL_STARTED)[0]
    assert (started["contact"], started["direction"], started["callee"]) == (row.id, "outbound", JAN)
    (offered,) = world.events(Kind.CALLBACK_OFFERED)
    assert (offered["agent"], offered["by"]) == ("201", "longest-idle")
    assert not world.events(Kind.QUEUE_JOINED), "callbacks have figures of their own"
    await world.close()


async def test_nobody_is_called_while_no_agent_is_free() -> None:
    world = await World({"201": {}}).start()
    caller = world.call("+48601000001")
    await world.sleep(3)
    assert world.state("201") == "talking"
    await world.ask()
    await world.sleep(600)
    assert world.carrier.calls == []
    assert len(world.phones["201"].sessions) == 1
    caller.hang_up()
    await world.sleep(8)
    assert len(world.carrier.times(JAN)) == 1
    await world.close()


@pytest.mark.parametrize(
    ("behaviour", "outcome", "wait_s"),
    [
        ({"refuse": 486}, "busy", 300),
        ({"answer_after_s": None}, "no_answer", 1800),
        ({"refuse": 404}, "unreachable", 3600),
        ({"refuse": 603}, "busy", 300),
    ],
)
async def test_a_customer_who_is_not_reached_is_called_again(
    behaviour: dict[str, object], outcome: str, wait_s: float
) -> None:
    world = await World().start()
    world.customer(**behaviour)
    row = await world.ask()
    await world.sleep(60)
    item = await world.item(row)
    assert world.outcomes(item) == [outcome]
    assert item.is_open
    assert world.state("201") == "available"
    world.customer()
    await world.sleep(wait_s + 60)
    first, second = world.carrier.times(JAN)
    assert wait_s <= second - first <= wait_s + 45
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_attempts_are_used_up() -> None:
    world = await World(callback={"max_attempts": 3, "asked_s": 360_000.0}).start()
    world.customer(answer_after_s=None)
    row = await world.ask()
    await world.sleep(86_400)
    item = await world.item(row)
    assert (item.end, item.reason, len(item.attempts)) == ("unreachable", "attempts_used_up", 3)
    first, second, third = world.carrier.times(JAN)
    assert third - second > second - first, "each wait is longer"
    await world.close()


async def test_a_fault_of_ours_uses_up_no_attempt() -> None:
    world = await World(callback={"max_attempts": 1}).start()
    world.carrier.refuse = 503
    row = await world.ask()
    await world.sleep(100)
    item = await world.item(row)
    assert set(world.outcomes(item)) == {"fault"}
    assert item.is_open
    world.carrier.refuse = 0
    world.customer()
    await world.sleep(300)
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_the_agent_who_does_not_answer_loses_the_offer() -> None:
    world = await World({"201": {"answer_after_s": None}, "202": {}}).start()
    world.customer()
    row = await world.ask()
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    assert world.events(Kind.CALLBACK_BRIDGED)[0]["agent"] == "202"
    assert [data["reason"] for data in world.events(Kind.CALLBACK_OFFER_ENDED)] == ["no_answer"]
    assert world.state("201") == "not_responding"
    await world.close()


async def test_ring_all_one_agent_has_the_item() -> None:
    agents = {"201": {"answer_after_s": 2.0}, "202": {"answer_after_s": 2.0}, "203": {"answer_after_s": 4.0}}
    world = await World(agents, queue={"strategy": "ring-all"}).start()
    world.customer()
    row = await world.ask()
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    assert len(world.carrier.calls) == 1
    assert {world.state(name) for name in agents} == {"available"}
    await world.close()


async def test_the_agent_leaves_before_the_customer_answers() -> None:
    world = await World().start()
    world.customer(answer_after_s=10.0)
    row = await world.ask()
    await world.sleep(5)
    world.phones["201"].hang_up()
    await world.sleep(1)
    item = await world.item(row)
    assert world.outcomes(item) == ["agent_left"]
    assert world.carrier.sessions[JAN][0].state == "terminated"
    await world.sleep(60)
    assert (await world.item(row)).end == "reached"
    await world.close()


@pytest.mark.parametrize(
    ("key", "outcome", "end"), [("1", "reached", "reached"), ("9", "refused", "refused"), ("", "voicemail", "")]
)
async def test_the_customer_presses_a_key(key: str, outcome: str, end: str) -> None:
    world = await World(queue={"callback": {"confirm": "customer", "company": "Nowak"}}).start()
    world.customer(talk_s=60.0)
    row = await world.ask(language="en")
    await world.sleep(7)
    assert not world.events(Kind.CALLBACK_BRIDGED)
    heard = [text for _, text in world.carrier.sessions[JAN][0].observer.media.played]
    assert any(text.startswith("en:Hello, this is Nowak") for text in heard)
    if key:
        world.press(key)
    await world.sleep(100)
    item = await world.item(row)
    assert (world.outcomes(item), item.end) == ([outcome], end)
    assert world.state("201") == "available"
    await world.close()


async def test_the_agent_presses_a_key() -> None:
    world = await World(queue={"callback": {"confirm": "agent"}}).start()
    world.customer()
    row = await world.ask()
    await world.sleep(4)
    assert world.carrier.calls == []
    world.phones["201"].sessions[-1].observer.media.on_digit("1", "rfc4733")
    await world.sleep(30)
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_an_agent_s_mailbox_does_not_take_the_item() -> None:
    world = await World(queue={"callback": {"confirm": "agent"}}).start()
    row = await world.ask()
    await world.sleep(40)
    assert world.carrier.calls == []
    item = await world.item(row)
    assert item.is_open
    assert not item.attempts
    assert world.state("201") == "not_responding"
    await world.close()


async def test_a_mailbox_of_the_customer_is_no_talk() -> None:
    world = await World().start()
    world.customer(talk_s=None)
    row = await world.ask()
    await world.sleep(7)
    world.phones["201"].hang_up()
    await world.sleep(5)
    item = await world.item(row)
    assert (world.outcomes(item), item.is_open) == (["voicemail"], True)
    await world.close()
