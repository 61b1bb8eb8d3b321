"""Features that are switched on and off while the PBX runs: what was promised before is kept, in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbx.call.regions import Regions
from pbx.contact.callback_request import RequestRefused
from pbx.contact.messaging import SmsRefused
from pbx.numbers.ranges import RangeTable
from pbx.settings.sections import AREAS, TECHNICAL
from tests.pbx.callback.world import EWA, JAN, World
from tests.pbx.reporting.test_schedule import Clock, Kept, Office
from tests.pbx.settings.home import Home, switch
from tests.pbx.sms.virtual import gateway, made, virtual
from tests.pbx.tracking.support import SITE
from tests.pbx.tracking.test_web import Site
from tests.pbx.widget.shop import KEY, Shop


def enabled(services: Any, section: str, on: bool) -> list[str]:
    """Switches one section."""
    return switch(services, **{section: {**getattr(services.config, section).model_dump(), "enabled": on}})


async def test_callbacks_end_and_begin_and_lose_nobody() -> None:
    world = await World({"201": {}}, callback={"hours": ""}).start()
    world.customer(JAN)
    world.customer(EWA)
    called, waits = await world.ask(JAN), await world.ask(EWA)
    await world.sleep(6)  # Jan is being called or talks, Ewa is due
    assert world.carrier.times(JAN)
    assert not world.carrier.times(EWA)
    assert enabled(world.services, "callback", False) == []
    with pytest.raises(RequestRefused, match="not enabled"):
        await world.ask("+48600100400")
    assert "callbacks" not in world.services.extra
    await world.sleep(120)
    assert not (await world.item(called)).is_open, "who was being called was called to the end"
    assert (await world.item(waits)).is_open
    assert not world.carrier.times(EWA)
    assert enabled(world.services, "callback", True) == []
    await world.sleep(60)
    assert not (await world.item(waits)).is_open
    assert len(world.carrier.times(EWA)) == len(world.carrier.times(JAN)) == 1
    await world.close()


async def test_callbacks_that_were_never_on_begin() -> None:
    world = await World({"201": {}}, callback={"enabled": False}).start()
    world.customer(JAN)
    with pytest.raises(RequestRefused):
        await world.ask(JAN)
    assert enabled(world.services, "callback", True) == []
    row = await world.ask(JAN)
    await world.sleep(60)
    assert not (await world.item(row)).is_open
    await world.close()


async def test_messages_end_and_begin_and_lose_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
    async with virtual("a") as world:
        services, way = world.service.services, gateway(world)
        way.takes_s, way.room = 8.0, 1
        first = await world.send(text="one")
        second = await world.send(text="two")
        await world.until(first, "submitting", "submitted")
        assert enabled(services, "sms", False) == []
        with pytest.raises(SmsRefused, match="not enabled"):
            await world.send(text="three")
        assert "sms" not in services.extra
        await world.until(first, "accepted")  # its gateway took 8 s, more than a process waits at its end
        assert world.state(second) == "queued"
        assert way.texts == ["one"]
        assert enabled(services, "sms", True) == []
        await world.until(second, "accepted")
        assert way.texts == ["one", "two"]
        for on in (False, True, False, True):  # faster than gateways begin and end
            assert enabled(services, "sms", on) == []
        last = await world.send(text="four")
        await world.until(last, "accepted")


async def test_messages_that_were_never_on_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
    async with virtual("a", enabled=False) as world:
        with pytest.raises(SmsRefused):
            await world.send(text="one")
        assert enabled(world.service.services, "sms", True) == []
        ticket = await world.send(text="two")
        await world.until(ticket, "accepted")
        assert gateway(world).texts == ["two"]


async def test_missed_calls_are_kept_from_the_switch_on() -> None:
    world = await World({}, contacts={"enabled": False}, callback={"enabled": False}).start()

    async def abandoned(number: str) -> int:
        caller = world.call(number)
        await world.sleep(30)
        caller.hang_up()
        await world.sleep(5)
        return len(world.book.open_items())

    assert await abandoned(JAN) == 0
    assert enabled(world.services, "contacts", True) == []
    assert await abandoned(JAN) == 1
    running = world.call(EWA)
    await world.sleep(30)
    assert enabled(world.services, "contacts", False) == []
    running.hang_up()
    await world.sleep(5)
    assert len(world.book.open_items()) == 1
    assert not world.contacts.missed.on_line(EWA)
    await world.close()


async def test_the_first_site_has_numbers_and_a_widget(tmp_path: Path) -> None:
    site = Site(tmp_path, site_web=[], number_pool=[], masked_number=[])
    services = site.harness.services
    services.followers.add(site.tracking.follow, "site_web", "number_pool")
    services.followers.rebuild(site.web.configure, "site_web")
    page = {"page": "https://shop.example/"}
    assert (await site.post("visit", page))[0] == 403
    assert services.attribute is None
    pool = {"name": "main", "site": "shop", "first": "+48221110001", "last": "+48221110003"}
    assert switch(services, site_web=[SITE], number_pool=[pool]) == []
    status, answer, _ = await site.post("visit", page)
    assert (status, answer["numbers"]["main"]["kind"]) == (200, "session")
    assert services.attribute is not None
    assert switch(services, site_web=[], number_pool=[]) == []
    assert (await site.post("visit", page))[0] == 403
    shop = await Shop({"201": {}}).start()
    kept = shop.world.services.config.site_web
    assert switch(shop.world.services, site_web=[]) == []
    assert shop.service.desk(KEY) is None
    assert switch(shop.world.services, site_web=[one.model_dump() for one in kept]) == []
    assert shop.service.desk(KEY) is not None
    await shop.close()


async def test_reports_are_scheduled_and_find_their_server() -> None:
    office = Office(Kept(), Clock("2026-11-20T12:00+01:00"))
    await office.look()
    config = office.config
    later = config.report_schedule[0].model_copy(update={"name": "later"})
    office.service.configure(config.model_copy(update={"report_schedule": [later]}))
    assert [state["name"] for state in office.service.states()] == ["later"]
    servers: list[str] = []
    office.service._send = lambda smtp, _made: servers.append(smtp.host)  # type: ignore[method-assign,assignment]
    await office.service.look(later)
    other = config.smtp.model_copy(update={"host": "127.0.0.2"})
    office.service.configure(config.model_copy(update={"report_schedule": [later], "smtp": other}))
    await office.service.stop()  # the test looks by itself
    office.clock.now += 86_400
    await office.service.look(later)
    assert servers == ["127.0.0.2"]
    await office.service._forget()
    assert list(office.kept.rows) == ["later"]  # who is called "boss" next begins anew
    office.service.configure(config.model_copy(update={"report_schedule": []}))
    assert office.service._task is not None
    await office.service._task  # forgets, and ends
    assert (office.service._task, office.kept.rows) == (None, {})
    office.service.configure(config)
    assert office.service._task is not None
    await office.service.stop()


async def test_another_country_reads_numbers_its_way(tmp_path: Path) -> None:
    ranges = tmp_path / "ranges.csv"
    ranges.write_text("from;to;region;operator\n+48221110000;+48221119999;Centre;Alpha\n")
    trunk = {"name": "carrier", "host": "192.0.2.9", "peers": ["192.0.2.9"], "number_format": "e164"}
    home = Home(trunk=[trunk])
    services = home.services
    regions: Regions = services.inbound.regions
    trunks = services.trunks.get("carrier")
    assert trunks is not None
    assert regions.origin("221110005").country == ""
    assert (await home.put("numbering", "", country="PL", ranges=[str(ranges)])).applied
    assert regions.origin("221110005") == ("PL", "Centre", "fixed", "Alpha")
    assert (trunks.plan.country, trunks.plan.e164("221110005")) == ("PL", "+48221110005")
    assert home.queues.wishes._read("600100200") == "+48600100200"
    assert services.dialplan.is_emergency("997")
    await home.put("numbering", "", country="DE")
    assert trunks.plan.e164("030901820") == "+4930901820"
    assert not services.dialplan.is_emergency("997")
    await home.close()
    assert isinstance(regions._ranges, RangeTable)


@pytest.mark.parametrize("section", ["site_web", "callback", "sms", "contacts", "smtp", "report_schedule", "numbering"])
def test_they_are_business(section: str) -> None:
    assert section in AREAS
    assert section not in TECHNICAL
