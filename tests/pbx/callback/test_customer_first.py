"""Customer first: launched when agents are about to be free, held at the item's place when none is."""

from __future__ import annotations

import pytest

from pbx.events import Kind
from tests.pbx.callback.world import EWA, JAN, World

EAGER = {"callback": {"mode": "customer_first"}}


async def test_a_free_agent_is_there_when_the_customer_answers() -> None:
    world = await World(queue=EAGER).start()
    world.customer()
    row = await world.ask(name="Jan")
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert (bridged["speed_s"], bridged["hold_s"]) == (pytest.approx(5.0, abs=0.1), pytest.approx(2.0, abs=0.1))
    assert world.phones["201"].invites[0]["from_"].startswith('"Jan"')
    assert '"Jan"' not in world.carrier.invites[0]["from_"], "his name is not what the customer is shown"
    assert world.state("201") == "available"
    assert not world.events(Kind.CALLBACK_SILENT)
    assert not world.events(Kind.QUEUE_JOINED)
    await world.close()


async def test_not_launched_without_an_agent() -> None:
    world = await World({"201": {}}, queue=EAGER).start()
    busy = world.call("+48601000001")
    await world.sleep(3)
    for number in (JAN, EWA):
        await world.ask(number)
    await world.sleep(60)
    assert world.carrier.calls == []
    busy.hang_up()
    await world.sleep(1)
    assert len(world.carrier.calls) == 1, "one agent, one call"
    await world.close()


async def test_never_more_than_agents_about_to_be_free() -> None:
    agents = {f"20{n}": {"answer_after_s": 1.0} for n in range(1, 5)}
    world = await World(agents, queue=EAGER).start()
    numbers = [f"+4860020{n:04}" for n in range(12)]
    most = 0
    for number in numbers:
        world.customer(number, answer_after_s=8.0, talk_s=30.0)
        await world.ask(number)
    for _ in range(600):
        await world.sleep(1)
        launched = world.callbacks.dialer.launched.get("sales", 0)
        free = world.callbacks.desk.offers.soon_free("sales", 12.0)
        most = max(most, launched)
        assert launched <= 4
        assert launched <= free + 4
    assert most == 4, "all of them, when all were free"
    assert len(world.events(Kind.CALLBACK_BRIDGED)) == 12
    assert not world.events(Kind.CALLBACK_SILENT)
    await world.close()


async def test_live_callers_who_wait_for_longer_come_first() -> None:
    world = await World({"201": {}}, queue=EAGER).start()
    first = world.call("+48601000001")
    await world.sleep(3)
    second = world.call("+48601000002")
    await world.sleep(3)
    await world.ask()
    await world.sleep(3)
    first.hang_up()
    await world.sleep(5)
    assert second.call.state == "bridged"
    assert world.carrier.calls == []
    second.hang_up()
    await world.sleep(5)
    assert len(world.carrier.calls) == 1
    await world.close()


async def test_the_customer_holds_at_the_item_s_place() -> None:
    """The agent is taken by a caller while the customer's phone rings: he is the next, before whoever came later."""
    world = await World({"201": {"answer_after_s": 1.0}}, queue=EAGER).start()
    world.customer(answer_after_s=6.0, talk_s=None)
    row = await world.ask()
    await world.sleep(1)
    caller = world.call("+48601000001")
    await world.sleep(3)
    later = world.call("+48601000002")
    await world.sleep(5)
    assert caller.call.state == "bridged"
    caller.hang_up()
    await world.sleep(8)
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert bridged["hold_s"] > 2
    assert later.call.state == "answered"
    assert world.callbacks.desk.caution["sales"].weight < 1.0, "the next launch is more careful"
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_a_silent_call_is_counted() -> None:
    world = await World({"201": {"answer_after_s": None}}, queue={**EAGER, "missed_offers_until_break": 0}).start()
    world.customer(talk_s=4.0)
    row = await world.ask()
    await world.sleep(20)
    (silent,) = world.events(Kind.CALLBACK_SILENT)
    assert silent["hold_s"] == pytest.approx(4.0, abs=0.1)
    item = await world.item(row)
    assert world.outcomes(item) == ["hung_up"]
    assert item.is_open
    assert world.callbacks.figures().silent_share == {"sales": 1.0}
    assert world.callbacks.figures().caution == {"sales": 0.0}
    await world.close()


@pytest.mark.parametrize(("refuse", "outcome"), [(486, "busy"), (404, "unreachable"), (0, "no_answer")])
async def test_a_customer_who_is_not_reached(refuse: int, outcome: str) -> None:
    world = await World(queue=EAGER).start()
    world.customer(refuse=refuse, answer_after_s=1.0 if refuse else None)
    row = await world.ask()
    await world.sleep(60)
    item = await world.item(row)
    assert world.outcomes(item) == [outcome]
    assert not world.phones["201"].sessions, "no agent was troubled"
    await world.close()


async def test_no_trunk_is_a_fault_of_ours() -> None:
    world = await World(queue=EAGER).start()
    world.carrier.refuse = 503
    row = await world.ask()
    await world.sleep(30)
    item = await world.item(row)
    assert set(world.outcomes(item)) == {"fault"}
    await world.close()


@pytest.mark.parametrize(("key", "end"), [("1", "reached"), ("9", "refused")])
async def test_the_key_comes_before_the_agent(key: str, end: str) -> None:
    world = await World(queue={"callback": {"mode": "customer_first", "confirm": "customer"}}).start()
    world.customer(talk_s=40.0)
    row = await world.ask(language="en")
    await world.sleep(5)
    assert not world.phones["201"].sessions
    world.press(key)
    await world.sleep(60)
    assert (await world.item(row)).end == end
    assert len(world.phones["201"].sessions) == (1 if key == "1" else 0)
    await world.close()


async def test_the_customer_rings_us_while_his_phone_rings() -> None:
    world = await World({"201": {}, "202": {}}, queue=EAGER).start()
    world.customer(answer_after_s=20.0)
    row = await world.ask()
    await world.sleep(3)
    jan = world.call(JAN)
    await world.sleep(10)
    item = await world.item(row)
    assert item.end == "customer_came_back"
    assert len(world.carrier.calls) == 1
    jan.hang_up()
    await world.close()


async def test_agents_shared_by_two_queues_are_counted_once() -> None:
    queues = [{"name": name, "agents": ["201"], **EAGER} for name in ("sales", "support")]
    world = await World({"201": {}}, queues=queues).start()
    for number, queue in ((JAN, "sales"), (EWA, "support")):
        world.customer(number, answer_after_s=10.0)
        await world.ask(number, queue=queue)
    await world.sleep(9)
    assert len(world.carrier.calls) == 1
    await world.close()


async def test_an_agent_on_demand_is_called_at_his_number() -> None:
    lines = {
        "maria": {"line": "on-demand", "line_number": "+48501999000", "line_account": "201", "line_confirm": False}
    }
    extension = [{"number": "201", "secret": "s", "outbound": True}]
    world = await World({"maria": {}}, lines=lines, extension=extension).start()
    world.customer("+48501999000", answer_after_s=2.0, talk_s=None)
    world.customer()
    row = await world.ask()
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    assert [number for _, number in world.carrier.calls] == ["+48501999000", JAN]
    await world.close()


async def test_an_agent_whose_line_is_up_gets_the_customer_first() -> None:
    lines = {
        "maria": {"line": "persistent", "line_number": "+48501999000", "line_account": "201", "line_confirm": False}
    }
    extension = [{"number": "201", "secret": "s", "outbound": True}]
    world = World({"maria": {}}, lines=lines, extension=extension)
    world.customer("+48501999000", answer_after_s=2.0, talk_s=None)
    world.customer()
    await world.start()
    await world.sleep(5)
    assert world.state("maria") == "available"
    row = await world.ask()
    await world.sleep(40)
    assert (await world.item(row)).end == "reached"
    assert [number for _, number in world.carrier.calls] == ["+48501999000", JAN]
    assert world.events(Kind.CALLBACK_BRIDGED)[0]["mode"] == "customer_first"
    assert world.state("maria") == "available", "his line goes on"
    await world.close()
