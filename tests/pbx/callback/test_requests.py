"""Requests and their hours: age, merging, refusals, slots, who rings himself, money and numbers shown."""

from __future__ import annotations

import pytest

from pbx.contact.callback_request import RequestRefused
from pbx.events import Kind
from tests.pbx.callback.world import EWA, JAN, World


async def test_the_age_of_the_first_contact_goes_before_later_callers() -> None:
    world = await World({"201": {"talk_s": None}}).start()
    world.customer()
    busy = world.call("+48601000001")
    await world.sleep(3)
    early = world.services.clock.unix() - 300
    later = world.call("+48601000002")
    await world.sleep(5)
    await world.ask(since=early)
    await world.sleep(5)
    busy.hang_up()
    await world.sleep(10)
    assert len(world.carrier.times(JAN)) == 1, "he asked before the caller who waits"
    assert later.call.state == "answered"
    await world.close()


async def test_a_second_request_merges() -> None:
    world = await World({"201": {"answer_after_s": None}}).start()
    first = await world.ask(key="a")
    again = await world.ask(key="a")
    other = await world.ask(key="b")
    assert first.id == again.id == other.id
    assert len(world.book.open_items()) == 1
    elsewhere = await world.ask(EWA)
    assert elsewhere.id != first.id
    await world.close()


async def test_what_is_refused() -> None:
    world = await World().start()
    for number, status in (("+48701234567", 403), ("+4915112345678", 403), ("112", 403), ("12", 422)):
        with pytest.raises(RequestRefused) as refused:
            await world.ask(number)
        assert refused.value.status == status, number
    with pytest.raises(RequestRefused, match="there is no queue") as refused:
        await world.ask(queue="nobody")
    assert refused.value.status == 404
    assert world.book.open_items() == []
    assert world.callbacks.figures().refused == {"premium": 1, "foreign": 1, "emergency": 1, "invalid": 1, "queue": 1}
    await world.close()


async def test_too_many_requests() -> None:
    world = await World({"201": {"answer_after_s": None}}).start()
    for _ in range(7):
        await world.ask()
    with pytest.raises(RequestRefused) as refused:
        await world.ask()
    assert (refused.value.status, refused.value.reason) == (429, "limit_number")
    assert refused.value.wait_s == pytest.approx(900, abs=1)
    for digit in range(5):
        await world.ask(f"+4860020000{digit}", source="192.0.2.7")
    with pytest.raises(RequestRefused) as refused:
        await world.ask("+48600200009", source="192.0.2.7")
    assert refused.value.reason == "limit_source"
    await world.close()


async def test_a_chosen_hour() -> None:
    world = await World().start()
    world.customer()
    now = world.services.clock.unix()
    row = await world.ask(at=now + 1800)
    await world.sleep(1790)
    assert world.carrier.calls == []
    await world.sleep(60)
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert bridged["speed_s"] == pytest.approx(5.0, abs=0.2), "counted from the hour that was chosen"
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_a_missed_slot_is_over() -> None:
    world = await World({"201": {"answer_after_s": None}}, queue={"missed_offers_until_break": 0}).start()
    now = world.services.clock.unix()
    row = await world.ask(at=now + 600, until=now + 900)
    await world.sleep(1500)
    item = await world.item(row)
    assert (item.end, item.reason) == ("unreachable", "slot_missed")
    await world.close()


async def test_put_off_and_taken_back() -> None:
    world = await World({"201": {"answer_after_s": None}}, queue={"missed_offers_until_break": 0}).start()
    row = await world.ask()
    await world.sleep(2)
    assert world.state("201") in ("reserved", "ringing")
    await world.callbacks.reschedule(row.id, world.services.clock.unix() + 3600)
    await world.sleep(1)
    assert world.state("201") == "available", "the phone stopped ringing"
    await world.callbacks.cancel(row.id)
    assert (await world.item(row)).end == "cancelled"
    with pytest.raises(RequestRefused) as refused:
        await world.callbacks.cancel(row.id)
    assert refused.value.status == 409
    with pytest.raises(RequestRefused) as refused:
        await world.callbacks.cancel("0" * 32)
    assert refused.value.status == 404
    await world.close()


async def test_the_customer_rings_first() -> None:
    world = await World({"201": {"talk_s": None}}).start()
    busy = world.call("+48601000001")
    await world.sleep(3)
    row = await world.ask()
    jan = world.call(JAN)
    await world.sleep(5)
    busy.hang_up()
    await world.sleep(5)
    assert jan.call.state == "bridged"
    assert world.carrier.calls == []
    jan.hang_up()
    await world.sleep(5)
    assert (await world.item(row)).end == "customer_came_back"
    await world.sleep(600)
    assert world.carrier.calls == []
    await world.close()


async def test_the_customer_rings_while_we_call_him() -> None:
    world = await World({"201": {}, "202": {}}).start()
    world.customer(answer_after_s=20.0)
    row = await world.ask()
    await world.sleep(4)
    assert len(world.carrier.calls) == 1
    jan = world.call(JAN)
    await world.sleep(1)
    assert world.carrier.sessions[JAN][0].state == "terminated", "his phone stops ringing"
    await world.sleep(10)
    item = await world.item(row)
    assert item.end == "customer_came_back"
    jan.hang_up()
    await world.close()


async def test_abandoned_callers_are_called_back() -> None:
    world = await World({"201": {"talk_s": None}}, queue={"callback": {"on": ["abandoned"], "delay_s": 30}}).start()
    busy = world.call("+48601000001")
    await world.sleep(3)
    jan = world.call(JAN)
    await world.sleep(20)
    jan.hang_up()
    await world.sleep(1)
    busy.hang_up()
    world.customer()
    await world.sleep(20)
    assert world.carrier.calls == []
    await world.sleep(20)
    assert len(world.carrier.times(JAN)) == 1
    await world.close()


async def test_two_queues_do_not_call_one_number_at_once() -> None:
    queues = [{"name": "sales", "agents": ["201"]}, {"name": "support", "agents": ["202"]}]
    world = await World({"201": {}, "202": {}}, queues=queues).start()
    world.customer(talk_s=60.0)
    first = await world.ask(queue="sales")
    second = await world.ask(queue="support")
    assert first.id != second.id
    await world.sleep(400)
    times = world.carrier.times(JAN)
    assert len(times) == 2
    assert times[1] - times[0] > 120
    await world.close()


async def test_the_number_shown() -> None:
    caller_ids = [{"tag": "autumn", "number": "+48225550000"}]
    world = await World(callback={"caller_id": "+48224440000"}, caller_id=caller_ids).start()
    for number in (JAN, EWA):
        world.customer(number, talk_s=6.0)
    await world.ask(JAN, tags={"campaign": "autumn"})
    await world.sleep(30)
    await world.ask(EWA)
    await world.sleep(30)
    shown = [invite["from_"] for invite in world.carrier.invites]
    assert ["+48225550000" in shown[0], "+48224440000" in shown[1]] == [True, True]
    await world.close()
    world = await World(queue={"callback": {"caller_id": "called"}}).start()
    await world.ask(JAN, tags={"did": "+48227770000"})
    await world.sleep(5)
    assert "+48227770000" in world.carrier.invites[0]["from_"]
    await world.close()


async def test_the_day_s_money_is_spent() -> None:
    trunk = [{"name": "carrier", "host": "10.9.8.7", "rate_per_minute": 6.0, "peers": ["10.9.8.7"]}]
    world = await World(callback={"money_per_day": 1.0}, trunk=trunk).start()
    world.customer(talk_s=8.0)
    row = await world.ask()
    await world.sleep(20)
    assert (await world.item(row)).end == "reached"
    world.customer(EWA)
    second = await world.ask(EWA)
    await world.sleep(30)
    third = await world.ask("+48600100400")
    await world.sleep(60)
    item = await world.item(third)
    assert set(world.outcomes(item)) == {"fault"}
    assert item.is_open
    assert (await world.item(second)).attempts
    await world.close()


async def test_who_was_never_tried_is_not_given_up() -> None:
    """Four days without anybody at work: the request waits, late as it is, and is called."""
    world = await World({"201": {"answer_after_s": 2.0}}, callback={"give_up_s": 3600.0}).start()
    world.queues.set_agent("201", "offline")
    row = await world.ask()
    await world.sleep(4 * 86_400)
    assert (await world.item(row)).is_open
    world.customer()
    world.queues.set_agent("201", "available")
    await world.sleep(86_400)
    assert (await world.item(row)).end == "reached"
    await world.close()


async def test_night_and_retries() -> None:
    """At 22:30 in Warsaw who asks is called at once; the second try waits for the morning."""
    world = await World().start()
    now = world.services.clock.unix()
    await world.sleep(86_400 - (now - 20.5 * 3600) % 86_400)  # 20:30 UTC
    world.customer(refuse=486)
    row = await world.ask()
    await world.sleep(10)
    assert len(world.carrier.calls) == 1
    found = world.callbacks.list()[0]
    assert found.waits_for == "not_before"
    await world.sleep(400)
    found = world.callbacks.list()[0]
    assert found.waits_for == "hours"
    assert len(world.carrier.calls) == 1
    await world.sleep(8.5 * 3600)
    assert len(world.carrier.calls) == 1
    assert (await world.item(row)).is_open
    await world.close()
