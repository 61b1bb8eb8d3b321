"""Short calls to a number that a page shows: an alarm when they are many more than usual, and only then."""

from __future__ import annotations

from pbx.events import Alarm, CallEvent, Kind
from tests.pbx.widget.shop import SITE, Shop

NUMBER = SITE["number"]


def rings(shop: Shop, count: int, *, lasts_s: float = 2.0, number: object = NUMBER, every_s: float = 1.0) -> None:
    bus, now = shop.world.services.bus, shop.world.services.clock.unix()
    for index in range(count):
        at = now - (count - index) * every_s
        data = {"direction": "inbound", "did": number}
        bus.publish(CallEvent(Kind.CALL_STARTED, f"{now}-{index}", "a", at - lasts_s, data))
        bus.publish(CallEvent(Kind.CALL_ENDED, f"{now}-{index}", "a", at, {}))


async def test_a_flood_and_its_end() -> None:
    shop = await Shop().start()
    alarms: list[Alarm] = []
    shop.world.services.bus.subscribe(Alarm, alarms.append)
    rings(shop, 5)
    rings(shop, 20, lasts_s=60.0)
    rings(shop, 20, number="+48229999999")
    assert alarms == [], "five, long ones, and those of another number"
    rings(shop, 3, number="22 123 00 00".replace(" ", ""))
    assert [(alarm.name, alarm.active) for alarm in alarms] == [(f"flood:{NUMBER}", True)]
    (told,) = shop.world.events(Kind.FLOOD_STARTED)
    assert (told["number"], told["calls"]) == (NUMBER, 6)
    await shop.world.sleep(700)
    assert [(alarm.name, alarm.active) for alarm in alarms][1:] == [(f"flood:{NUMBER}", False)]
    assert shop.service.floods.floods == {}
    await shop.close()


async def test_what_is_usual_is_no_flood() -> None:
    shop = await Shop().start()
    rings(shop, 430, every_s=200.0)  # all day long three within ten minutes
    assert not shop.service.floods.floods
    rings(shop, 8)
    assert not shop.service.floods.floods, "eleven are less than four times three"
    rings(shop, 6)
    assert list(shop.service.floods.floods) == [NUMBER]
    await shop.close()
