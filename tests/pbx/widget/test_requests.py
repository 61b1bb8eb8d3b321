"""A request of a page from the form to the talk, what its visitor is told, and what a restart leaves of it."""

from __future__ import annotations

import asyncio

import pytest

from pbx.contact.callback_request import RequestRefused
from pbx.events import Kind
from tests.pbx.callback.world import EWA, JAN
from tests.pbx.widget.shop import Shop


async def test_a_visitor_is_called_and_sees_it() -> None:
    shop = await Shop({"201": {}}).start()
    shop.world.customer(talk_s=30.0)
    page = shop.page()
    promised = page["departments"][0]["seconds"]
    assert 0 < promised <= 60
    assert page["departments"][0]["says"][0][0] == f"We will call you back within {promised} seconds"
    token, state = await shop.ask(visit="v1", zone="Europe/Warsaw")
    assert (state.state, state.over) == ("requested", False)
    seen = []

    async def follow() -> None:
        row = await shop.row(token)
        async for each in shop.service.followed.stream(row.contact, await shop.service.state(row)):
            if each is not None:
                seen.append((each.state, each.over))

    following = asyncio.create_task(follow())
    await asyncio.sleep(60)
    await asyncio.wait_for(following, 30)
    assert seen == [("requested", False), ("ringing", False), ("connected", False), ("connected", True)]
    row = await shop.row(token)
    item = await shop.world.book.get(row.contact)
    assert item is not None
    assert (item.end, item.kind, item.source["visit"], item.source["site"]) == ("reached", "widget", "v1", "shop")
    assert item.source["zone"] == "Europe/Warsaw"
    assert item.promise == pytest.approx(row.created + promised)
    assert (row.shown_s, row.number, row.page) == (promised, JAN, "https://shop.example/shoes")
    assert 0 < row.rung - row.created <= promised
    assert row.connected > row.rung
    assert await shop.store.wording(row.consent) == page["consent"]["text"], "the wording that he was shown"
    assert row.given
    (told,) = shop.world.events(Kind.WIDGET_REQUESTED)
    assert (told["site"], told["visit"], told["shown_s"]) == ("shop", "v1", promised)
    assert shop.service.figures().kept == {("shop", True): 1}
    assert shop.service.figures().taken == {("shop", "taken"): 1}
    assert shop.service.followed.count == 0
    await shop.close()


async def test_a_hotline_without_data_calls_all_the_same() -> None:
    """Nobody knows yet how long calls take: no seconds are said, and the free agent is rung from the first minute."""
    shop = await Shop({"201": {}}, queue={"wait_after_calls": 20}).start()
    shop.world.customer(talk_s=30.0)
    department = shop.page()["departments"][0]
    assert (department["seconds"], department["offer"]) == (0, "")
    assert (department["now"], department["later"]) == (True, False)
    assert department["says"][0][0] == "We will call you as soon as an agent is free"
    assert department["slots"], "who would rather talk later may choose an hour"
    token, _ = await shop.ask()
    await asyncio.sleep(20)
    assert await shop.state(token) == "connected"
    row = await shop.row(token)
    assert (row.shown_s, shop.service.figures().kept) == (0.0, {}), "nothing was promised, so nothing is kept or broken"
    await shop.close()
    absent = await Shop({"201": {}}, queue={"wait_after_calls": 20}).start()
    absent.world.queues.set_agent("201", "offline")
    department = absent.page()["departments"][0]
    assert (department["now"], department["later"]) == (False, True), "nobody is there to call"
    assert department["says"][1] == ("When should we call you?", "Choose a day and an hour, and we will call you.")
    await absent.close()


async def test_nothing_is_promised_that_cannot_be_kept() -> None:
    shop = await Shop({"201": {"talk_s": None}}).start()
    busy = [shop.world.call(f"+4860100000{count}") for count in range(4)]
    await asyncio.sleep(5)
    department = shop.page()["departments"][0]
    assert department["seconds"] == 0, "three wait before him, with one agent"
    assert (department["now"], department["later"]) == (True, True), "hours come first, and he may wait all the same"
    token, _ = await shop.ask(offer=shop.service._promises.offer("other", "sales", 5))
    assert (await shop.row(token)).shown_s == 0.0, "an offer of another site is none"
    for each in busy:
        each.hang_up()
    await shop.close()


async def test_a_promise_that_was_broken_is_counted() -> None:
    shop = await Shop({"201": {"answer_after_s": 20.0, "talk_s": None}}, queue={"ring_timeout_s": 300.0}).start()
    offer = shop.service._promises.offer("shop", "sales", 10)
    await shop.ask(offer=offer)
    await asyncio.sleep(60)
    assert shop.service.figures().kept == {("shop", False): 1}
    await shop.close()


async def test_a_failed_attempt_is_told_and_may_be_repeated() -> None:
    shop = await Shop({"201": {}}).start()
    shop.world.customer(refuse=486)
    token, _ = await shop.ask(visit="v1")
    await asyncio.sleep(20)
    row = await shop.row(token)
    state = await shop.service.state(row)
    assert (state.state, state.over) == ("failed", False)
    assert state.at == pytest.approx(row.created + 300, abs=60), "when we call again"
    shop.world.customer()
    again, state = await shop.ask(visit="v1")
    assert state.state in ("requested", "failed")
    await asyncio.sleep(150)  # two minutes between two calls to one number
    assert await shop.state(again) == "connected"
    assert (await shop.row(again)).contact == row.contact, "one item for both"
    await shop.close()


async def test_the_same_request_twice_is_one() -> None:
    shop = await Shop({"201": {"answer_after_s": None}}).start()
    body = {"id": "0" * 32}
    first, _ = await shop.ask(**body)
    second, _ = await shop.ask(**body)
    assert first == second
    assert len(shop.world.book.open_items()) == 1
    assert shop.service.figures().taken == {("shop", "taken"): 1, ("shop", "repeated"): 1}
    await shop.close()


async def test_a_slot_and_its_room() -> None:
    shop = await Shop({"201": {}}, widget={"slot_requests": 1}).start()
    slots = shop.page()["departments"][0]["slots"]
    token, state = await shop.ask(at=slots[0])
    assert (state.state, state.at) == ("scheduled", slots[0])
    assert slots[0] not in shop.page(address="192.0.2.2")["departments"][0]["slots"], "it is taken"
    with pytest.raises(RequestRefused, match="slot") as refused:
        await shop.ask(EWA, at=slots[0])
    assert refused.value.reason == "slot"
    with pytest.raises(RequestRefused, match="slot"):
        await shop.ask(EWA, at=slots[1] + 1)
    assert not shop.world.carrier.calls
    state = await shop.service.cancel(await shop.row(token))
    assert (state.state, state.over) == ("cancelled", True)
    assert slots[0] in shop.service._pages.slots(shop.desk, "sales", shop.world.services.clock.unix(), fresh=True)
    await shop.close()


async def test_closed_hours_offer_slots_alone() -> None:
    hours = [{"name": "day", **{day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}]
    shop = Shop({"201": {}}, widget={"hours": "day", "slot_days": 2}, hours=hours)
    await shop.start()
    now = shop.world.services.clock.unix()
    state = shop.desk.hours.state(now)  # type: ignore[union-attr]
    department = shop.page()["departments"][0]
    closed = state != "open"
    assert department["says"][1][0].startswith("We are closed now") is closed
    if closed:
        assert (department["seconds"], department["now"], department["later"]) == (0, False, True)
    assert department["slots"]
    assert all(shop.desk.hours.state(at) == "open" for at in department["slots"])  # type: ignore[union-attr]
    await shop.close()


async def test_a_restart_forgets_neither_request_nor_token() -> None:
    shop = await Shop({"201": {"answer_after_s": None}}).start()
    token, _ = await shop.ask(visit="v1")
    await shop.close()
    after = Shop({"201": {}}, store=shop.store, keeper=shop.keeper, contacts=shop.world.store)
    await after.start()
    after.world.customer()
    assert await after.state(token) == "requested"
    await asyncio.sleep(15)
    assert await after.state(token) == "connected"
    assert (await after.row(token)).rung > 0, "open requests are taken up"
    assert await after.service.of_token(token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    await after.close()


async def test_a_message_about_a_failure_is_told() -> None:
    shop = await Shop({"201": {}}).start()
    shop.world.customer(refuse=486)
    token, _ = await shop.ask()
    await asyncio.sleep(20)
    row = await shop.row(token)
    assert not (await shop.service.state(row)).sms
    from pbx.events import CallEvent

    event = CallEvent(Kind.SMS_QUEUED, "m1", "", 0.0, {"key": f"callback:{row.contact}"})
    shop.world.services.bus.publish(event)
    assert (await shop.service.state(row)).sms
    await shop.close()
