"""Mailboxes, test calls, deadlines of contacts, lamps and overflow partners follow changes, with things under way."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pbx.config import Extension
from pbx.configfile.change import Followers
from pbx.contact.item import ItemKind, OpenRequest
from pbx.events import EventBus
from pbx.selftest.result import Result
from pbx.selftest.service import SelfTests
from tests.pbx.callback.world import JAN, World
from tests.pbx.flow.test_overflow import house, partner
from tests.pbx.presence.test_subscriptions import watched_world
from tests.pbx.settings.home import switch
from tests.pbx.voicemail.office import Office


async def test_a_box_comes_and_goes_while_a_message_is_left(tmp_path: Path) -> None:
    office = Office(tmp_path)
    await office.voicemail.start()
    boxes = [box.model_dump() for box in office.services.config.voicemail]
    caller = office.call("voicemail:101")
    await office.at_the_tone(caller)
    assert switch(office.services, voicemail=[boxes[1], {"name": "102", "extension": "102", "pin": "1357"}]) == []
    await office.speak(caller, 3)
    caller.press("#")
    await caller.over()
    (message,) = office.messages.rows.values()
    assert (message.box, message.is_new) == ("101", True), "what was begun is kept"
    await office.message("102")
    assert office.lamps.shown["102"] == (1, 0)
    assert switch(office.services, voicemail=boxes) == []
    assert [len(office.voicemail.shelf.messages(name)) for name in ("101", "102")] == [1, 1]
    assert office.lamps.shown["101"] == (1, 0)
    await office.voicemail.stop()
    await office.close()


async def test_a_test_call_gets_another_schedule() -> None:
    ran: list[str] = []
    clock = asyncio.get_running_loop().clock  # type: ignore[attr-defined]
    config: Any = World({}, selftest=[{"name": "door", "number": "600", "every_min": 10}]).services.config
    services = SimpleNamespace(config=config, clock=clock, bus=EventBus(), followers=Followers())
    tests = SelfTests(services, None, None, None)  # type: ignore[arg-type]

    async def run(test: Any) -> Result:
        ran.append(test.number)
        await asyncio.sleep(60)
        return Result("", test.name, "", test.number, clock.unix(), clock.unix(), passed=True)

    tests._run = run  # type: ignore[method-assign]
    async with AsyncExitStack() as stack:
        tests.start(stack)
        await asyncio.sleep(630)  # the first one runs
        faster = {"name": "door", "number": "601", "every_min": 5}
        assert switch(services, selftest=[faster, {"name": "gate", "number": "602", "every_min": 30}]) == []
        await asyncio.sleep(500)
        assert ran == ["600", "601"], "who was changed was cut short, and begins with its own interval"
        assert tests.latest["door"].number == "601"
        assert switch(services, selftest=[]) == []
        await asyncio.sleep(7200)
        assert ran == ["600", "601"]


async def test_deadlines_of_open_contacts_are_others() -> None:
    world = await World({}, contacts={"sla_s": [3600]}).start()
    now = world.services.clock.unix()
    item, _ = await world.book.open(OpenRequest(kind=ItemKind.MISSED, number=JAN, queue="sales", since=now))
    await world.sleep(600)
    assert world.contacts.deadlines.late == 0
    shorter = {**world.services.config.contacts.model_dump(), "sla_s": [900.0], "max_open": 1}
    assert switch(world.services, contacts=shorter) == []
    await world.sleep(310)
    assert world.contacts.deadlines.late == 1
    assert not world.book.has_room
    assert item.is_open
    await world.close()


async def test_a_lamp_watches_an_extension_that_is_new_and_loses_one_that_goes() -> None:
    world, lamp = await watched_world()
    services = world.service.services
    assert (await lamp.subscribe()).status == 200
    lamp.resource = "109"
    assert (await type(lamp)(lamp.phone, "dialog", "109").subscribe()).status == 404
    config = services.config
    more = [*config.extension, Extension(number="109", secret="one-zero-nine")]
    change = [entry.model_dump() for entry in more]
    assert switch(services, extension=change) == []
    newer = type(lamp)(lamp.phone, "dialog", "109")
    assert (await newer.subscribe()).status == 200
    assert switch(services, extension=[entry.model_dump() for entry in config.extension]) == []
    await asyncio.sleep(1)
    assert 'entity="sip:109@' in newer.bodies[-1]
    assert "<dialog " not in newer.bodies[-1], "nobody is there any more"
    assert (await newer.subscribe(0)).status in (200, 404)
    lamp.resource = "102"
    assert (await lamp.subscribe(0)).status == 200
    await asyncio.sleep(1)
    await world.settle()


async def test_a_partner_gets_other_caps_while_he_talks() -> None:
    here = house(max_calls=1)
    services = here.harness.services
    here.harness.phone("102", answer_after_s=1.0, talk_s=120.0)
    here.queues.queues["sales"].agents.clear()
    first = here.call()
    await here.harness.sleep(10)
    await here.run()
    assert "over:cap" in here.way()
    assert switch(services, partner=[partner(max_calls=2)]) == []
    second = here.call()
    await here.harness.sleep(10)
    (row,) = here.equipment.partners.rows()
    assert row["running"] == 2
    first.hang_up()
    second.hang_up()
    await here.harness.sleep(5)
    (row,) = here.equipment.partners.rows()
    assert (row["running"], row["calls"]) == (0, 2), "what is known of him stays"
    await here.close()
