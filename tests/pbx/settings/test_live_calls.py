"""The call layer and the features follow: extensions, numbers, routes, trunks, hours, codes, groups, rooms, lots."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.app.reconfigure import FAILED, SettingsRefused
from pbx.call.errors import RouteError
from pbx.configfile.change import ConfigChange
from pbx.events import Alarm, RegistrationChanged
from tests.pbx.settings.home import Home

CARRIER: dict[str, Any] = {"peers": ["192.0.2.0/24"], "host": "192.0.2.9", "secret": "hush", "username": "us"}


def routed(home: Home, caller: str, number: str) -> str:
    return home.harness.service._router.from_extension(home.services.dialplan.extensions[caller], number).application


async def test_an_extension_comes_is_called_and_goes() -> None:
    home = Home()
    await home.put("extension", "103", secret="secret-of-103", max_calls=1)
    home.harness.phone("103")
    call = home.harness.call("extension:103", caller="101", extension="101", direction="internal")
    await home.sleep(2)
    assert call.call.answered
    await home.delete("extension", "103")
    assert not home.services.registrar.registered("103")
    gone = [event for event in home.harness.events if isinstance(event, RegistrationChanged) and not event.registered]
    assert [(event.extension, event.reason) for event in gone] == [("103", "removed")]
    with pytest.raises(RouteError):
        routed(home, "101", "103")
    await home.sleep(5)
    assert not call.call.ended  # the talk goes on
    assert home.services.registrar.registered("101")
    await home.close()


async def test_numbers_routes_hours_codes_and_speed_dials() -> None:
    home = Home()
    await home.put("trunk", "carrier", **CARRIER)
    await home.put("route", "0", trunk="carrier", strip=1)
    assert home.services.dialplan.route_of("0500100200") is not None
    await home.put("hours", "day", mon=["00:00-24:00"])
    await home.put("number", "610", application="echo", hours="day", closed="queue:sales")
    assert routed(home, "101", "610") in ("echo", "queue:sales")
    week = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    await home.put("hours", "day", **week)
    assert routed(home, "101", "610") == "echo"
    await home.put("hours", "day")
    assert routed(home, "101", "610") == "queue:sales"
    await home.put("features", "", echo="*99")
    assert routed(home, "101", "*99") == "echo"
    await home.put("speed_dials", "", **{"7": "102"})
    assert routed(home, "101", "*07") == "extension:102"
    await home.delete("number", "610")
    with pytest.raises(RouteError):
        routed(home, "101", "610")
    await home.close()


async def test_trunks_come_change_and_go_without_a_call_lost() -> None:
    home = Home()
    carriers, trunks = home.services.carriers, home.services.trunks
    carriers.start()
    home.services.followers.add(carriers.follow, "trunk")
    await home.put("trunk", "carrier", **CARRIER, registration=True, options_every_s=30)
    trunk = trunks.get("carrier")
    assert trunk is not None
    assert trunks.of_source("192.0.2.7") is trunk
    first = carriers.registrations["carrier"]
    await home.put("trunk", "carrier", **{**CARRIER, "peers": ["198.51.100.1"]}, registration=True, max_calls=3)
    assert trunks.get("carrier") is trunk
    assert trunk.max_calls == 3
    assert trunks.of_source("192.0.2.7") is None
    assert trunks.of_source("198.51.100.1") is trunk
    assert carriers.registrations["carrier"] is not first  # asked no more: the place is asked about in another way
    second = carriers.registrations["carrier"]
    await home.put("trunk", "carrier", **CARRIER, registration=True, max_calls=4)
    assert carriers.registrations["carrier"] is second
    await home.put("trunk", "carrier", **{**CARRIER, "secret": "other"}, registration=True)
    assert carriers.registrations["carrier"] is not second
    assert second.state == "stopped"
    assert trunk.credentials is not None
    assert trunk.credentials.password == "other"
    call = home.harness.call("queue:sales", trunk="carrier")
    await home.sleep(3)
    await home.delete("trunk", "carrier")
    assert trunks.get("carrier") is None
    assert not carriers.registrations
    await home.sleep(5)
    assert not call.call.ended
    await carriers.stop()
    await home.close()


async def test_groups_rooms_and_park_lots() -> None:
    home = Home()
    await home.put("group", "office", members=["101", "102"])
    call = home.harness.call("group:office")
    await home.sleep(3)
    assert call.call.answered
    await home.put("room", "board")
    guest = home.harness.call("room:board")
    await home.sleep(5)
    with pytest.raises(SettingsRefused, match=r"room\.board: 1 people are in the room"):
        await home.delete("room", "board")
    await home.put("room", "board", max_participants=2)
    guest.hang_up()
    await home.sleep(1)
    await home.delete("room", "board")
    await home.put("parking", "main", slots="701-702")
    parked = home.features.parking.park(call.call.a, "101")
    assert parked is not None
    assert parked.slot == "701"
    await home.sleep(1)
    with pytest.raises(SettingsRefused, match="a call is parked in slot 701"):
        await home.put("parking", "main", slots="702")
    await home.put("parking", "main", slots="701-709")
    assert home.features.parking.at("701") is parked
    await home.close()


async def test_a_change_that_cannot_be_applied_is_taken_back_everywhere() -> None:
    home = Home()
    await home.put("team", "office", members=["101"])

    def fails(change: ConfigChange) -> None:
        if any(queue.name == "bad" for queue in change.new.queue):
            raise RuntimeError("planted")

    home.services.followers.add(fails, "queue")
    caller = home.harness.call("queue:sales")
    await home.sleep(3)
    with pytest.raises(SettingsRefused, match="planted"):
        await home.put("queue", "bad", agents=["101"])
    assert list(home.queues.queues) == ["sales"]
    assert home.services.config is home.book.config
    assert set(home.store.rows) == {("team", "office")}
    assert home.settings.results["failed"] == 1
    alarms = [event for event in home.harness.events if isinstance(event, Alarm) and event.name == FAILED]
    assert alarms[-1].active
    await home.put("queue", "good", agents=["101"])
    assert home.book.revision == 4  # the team, the bad queue, back, the good one
    assert not caller.call.ended
    await home.close()


async def test_what_is_committed_holds_after_a_crash_before_it_was_applied() -> None:
    home = Home()

    def crash() -> None:
        raise SystemExit

    home.store.committed = crash
    with pytest.raises(SystemExit):
        await home.put("extension", "103", secret="secret-of-103")
    assert "103" not in home.services.dialplan.extensions
    home.store.committed = lambda: None
    home.queues.stop()
    again = Home(home.store)
    assert "103" in again.services.dialplan.extensions
    await again.settings.revert(0, "test")
    assert "103" not in again.services.dialplan.extensions
    await again.close()


async def test_two_at_a_time_come_one_after_the_other() -> None:
    home = Home()
    entry = home.book.entry("team", "one", {"members": ["101"]})
    await home.settings.change({("team", "one"): entry}, "anna", expected=0)
    with pytest.raises(SettingsRefused, match="at revision 1, not 0") as refused:
        await home.settings.change({("team", "one"): None}, "bert", expected=0)
    assert refused.value.status == 412
    looked = await home.settings.change({("team", "one"): None}, "bert", apply=False)
    assert [change.what for change in looked.changes] == ["removed"]
    assert not looked.applied
    assert home.book.revision == 1
    again = await home.settings.change({("team", "one"): entry}, "anna")
    assert again.changes == []
    assert home.book.revision == 1  # nothing came of it
    await home.close()
