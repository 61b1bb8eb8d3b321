"""Calls out: what they cost, and emergencies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.trunks.ledger import Caps, Ledger
from pbx.events import Alarm, Kind
from tests.pbx.call.sip_world import BASIC, World
from tests.pbx.call.trunk_world import CAROL, FIRST, SECOND, carrier, reached, talk, trunks, with_extension

# -- money ------------------------------------------------------------------------------------------------------------


def priced(tmp_path: Any, rows: str) -> str:
    path = tmp_path / "rates.csv"
    path.write_text(f"prefix,price_per_minute,first_s,increment_s\n{rows}\n")
    return str(path)


async def test_the_cheapest_trunk_of_the_longest_prefix_is_first(tmp_path: Any) -> None:
    cheap = tmp_path / "cheap.csv"
    cheap.write_text("prefix;price_per_minute\n48;0,05\n4860;0,20\n")
    settings = trunks(
        {"rates": priced(tmp_path, "48,0.10,1,1")},
        {"rates": str(cheap)},
        numbering={"country": "PL"},
        route=[{"match": "0", "trunks": ["first", "second"], "order": "cost", "strip": 1}],
    )
    world = World(settings)
    first, second = carrier(world), carrier(world, SECOND)
    carol = await talk(world, "0221234567")
    assert len(reached(second)) == 1, "0.05 before 0.10"
    carol.session.bye()
    await asyncio.sleep(1)
    carol.call("0600100200")
    await asyncio.sleep(3)
    assert len(reached(first)) == 1, "0.10 before the 0.20 of mobiles"
    carol.session.bye()
    await world.settle()


async def test_a_call_is_cut_when_the_money_of_its_trunk_is_spent(tmp_path: Any) -> None:
    world = World(trunks({"rate_per_minute": 0.6, "money_per_day": 0.25, "currency": "PLN"}))
    first, second = carrier(world), carrier(world, SECOND)
    carol = await talk(world, "0500100200", 60)
    assert carol.names()[-1] == "ended", "0.25 pays for 25 seconds"
    charged = world.last(Kind.LEG_CHARGED)
    assert charged == {"trunk": "first", "cost": 0.25, "currency": "PLN", "seconds": 25}
    assert world.last(Kind.CALL_ENDED)["cause"] == "spend_cap"
    carol.call("0500100200")
    await asyncio.sleep(3)
    assert len(reached(first)) == len(reached(second)) == 1, "what is spent is spent: the other trunk takes it"
    carol.session.bye()
    await world.settle()


async def test_an_extension_that_has_spent_its_money_is_refused() -> None:
    first = {"rate_per_minute": 1.0}
    world = World(trunks(first, first, extension=with_extension(outbound_money_per_month=0.1)))
    carrier(world)
    carol = await talk(world, "0500100200", 30)
    assert world.last(Kind.BRIDGE_ENDED)["talk_s"] == pytest.approx(5.75, abs=0.1)
    carol.call("0500100200")
    await asyncio.sleep(2)
    assert carol.events[-1][:2] == ("failure", 403)
    assert world.last(Kind.CALL_ENDED)["cause"] == "spend_cap"
    await world.settle()


async def test_calls_at_the_same_time_share_what_is_left() -> None:
    world = World(trunks({"rate_per_minute": 0.6, "money_per_day": 0.5}))
    carrier(world)
    first, second = world.phone("103", CAROL), world.phone("103", "127.15.1.4")
    first.call("0500100200")
    second.call("0500100201")
    await asyncio.sleep(80)
    spent = world.services.ledger.spent("trunk:first")
    assert spent.day_money == 500_000
    assert spent.day_s == pytest.approx(50, abs=1.5)
    await world.settle()


async def test_a_number_without_a_price_is_not_called_where_money_is_capped(tmp_path: Any) -> None:
    first = {"rates": priced(tmp_path, "48,0.10,1,1"), "money_per_day": 5.0}
    world = World(trunks(first, route=[{"match": "0", "trunk": "first", "strip": 1}]))
    carrier(world)
    carol = await talk(world, "0+88216123456")
    assert carol.events[-1][:2] == ("failure", 403)
    await world.settle()


async def test_what_was_spent_is_known_after_a_restart() -> None:
    keeper, world = MemoryKeeper(), World()
    ledger = Ledger(world.clock, keeper)
    ledger.charge("extension:101", 30.0, 250_000)
    ledger.charge("extension:101", -5.0, -50_000)
    again = Ledger(world.clock, keeper)
    again.cap("extension:101", Caps(60, 1_000_000, 300_000))
    assert again.spent("extension:101") == (25.0, 200_000, 200_000)
    assert again.left_s("extension:101") == 35
    assert again.left_money("extension:101") == 100_000
    await asyncio.sleep(86_400)
    assert again.spent("extension:101") == (0.0, 0, 200_000), "a new day of the same month"
    await asyncio.sleep(31 * 86_400)
    assert again.left_money("extension:101") == 300_000
    await world.settle()


# -- emergencies ------------------------------------------------------------------------------------------------------


async def test_an_emergency_call_needs_no_right_and_ends_another_when_all_is_full() -> None:
    sites = [{"name": "hq", "emergency_caller_id": "+48221112200", "location": "Prosta 1, Warsaw, 3rd floor"}]
    extensions = [{**BASIC["extension"][0], "site": "hq"}, *BASIC["extension"][1:]]
    settings = trunks({"max_calls": 1}, {"max_calls": 1}, site=sites, extension=extensions, sip={"max_calls": 2})
    world = World(settings)
    first, second = carrier(world), carrier(world, SECOND)
    older, newer = world.phone("103", CAROL), world.phone("103", "127.15.1.4")
    older.call("0500100200")
    await asyncio.sleep(2)
    newer.call("0500100201")
    await asyncio.sleep(2)
    anna = world.phone("101", "127.15.1.1")
    anna.call("112")
    await asyncio.sleep(3)
    assert anna.names()[-1] == "answer"
    assert older.names()[-1] == "ended", "the only other call on the first trunk made room"
    assert newer.names()[-1] == "answer"
    invite = reached(first)[-1]
    assert invite.uri == f"sip:112@{FIRST}"
    assert invite.from_.uri.user == "+48221112200"
    told = world.last(Kind.EMERGENCY)
    assert (told["extension"], told["site"], told["location"]) == ("101", "hq", "Prosta 1, Warsaw, 3rd floor")
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert alarms[-1].active
    assert "3rd floor" in alarms[-1].text
    anna.session.bye()
    newer.session.bye()
    await asyncio.sleep(1)
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert not alarms[-1].active
    assert len(reached(second)) == 1
    await world.settle()


async def test_an_emergency_call_goes_by_whichever_trunk_takes_it() -> None:
    world = World(trunks({"rate_per_minute": 1.0, "money_per_day": 0.001}, emergency={"trunks": ["second"]}))
    first, second = carrier(world), carrier(world, SECOND)
    second.refuse = 503
    anna = world.phone("101", "127.15.1.1")
    anna.call("0112")
    await asyncio.sleep(30)
    assert anna.names()[-1] == "answer", "no cap ends it, and the outside prefix does not hide it"
    assert len(reached(second)) == len(reached(first)) == 1
    anna.session.bye()
    await world.settle()
