"""Numbers that are imported while the PBX runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.number_book import NumberBook, NumberError
from pbx.config import Config
from tests.pbx.call.sip_world import BASIC, World


def book(world: World, keeper: MemoryKeeper | None = None) -> NumberBook:
    services = world.services
    return NumberBook(world.config, services.dialplan, services.applications, keeper or MemoryKeeper())


def row(number: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "application": "echo", "trunks": ["carrier"], "internal": False, **more}


async def reached(world: World, number: str) -> str:
    """What happens to a call of the carrier to `number`."""
    phone = world.phone("000", f"127.15.2.{10 + len(world.net.peers)}")
    phone.secret = ""
    phone.call(number, from_="<sip:+48600100200@carrier>")
    await asyncio.sleep(2)
    phone.session.bye()
    await asyncio.sleep(1)
    return str(phone.names()[-1])


async def test_an_imported_number_works_at_once_and_after_a_restart() -> None:
    world, keeper = World(Config.model_validate(BASIC)), MemoryKeeper()
    numbers = book(world, keeper)
    assert await reached(world, "+48223334455") == "failure"
    assert numbers.take([row("+48223334455", tag="spring"), row("+48223340000", last="+48223349999")]) == 2
    assert await reached(world, "+48223334455") == "answer"
    assert await reached(world, "+48223341234") == "answer"
    assert {number.number for number, imported in book(world, keeper).all() if imported} == {
        "+48223334455",
        "+48223340000",
    }
    assert numbers.remove("+48223334455")
    assert not numbers.remove("+48223334455")
    assert await reached(world, "+48223334455") == "failure"
    assert numbers.take([row("+48225556677")], replace=True) == 1
    assert await reached(world, "+48223341234") == "failure"
    assert world.services.dialplan.directory.get("+48221112233") is not None, "what is configured stays"
    await world.settle()


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (row("+48221112233"), "stands in the configuration file"),
        (row("anna"), "is no number"),
        (row("+4822", last="+481"), "does not end a range"),
        (row("+4822", trunks=["nobody"]), "is no trunk"),
        (row("+4822", trunks=[]), "neither from a phone nor from a trunk"),
        (row("+4822", application="queue:none"), "application"),
        ({**row("101"), "internal": True}, "is an extension"),
        (row("+4822", colour="red"), "colour"),
        (row("+48223330000", last="+48223339999"), "overlaps"),
    ],
)
async def test_one_wrong_row_refuses_all(bad: dict[str, Any], fault: str) -> None:
    world = World(Config.model_validate(BASIC))
    numbers = book(world)
    numbers.take([row("+48223335000", last="+48223336000")])
    with pytest.raises(NumberError, match=fault):
        numbers.take([row("+48224445566"), bad])
    assert [number.number for number, imported in numbers.all() if imported] == ["+48223335000"]
    await world.settle()


async def test_a_number_that_comes_twice_is_a_fault_with_its_line() -> None:
    world = World(Config.model_validate(BASIC))
    with pytest.raises(NumberError, match=r"line 3: .* comes twice"):
        book(world).take([row("+48224445566"), row("+48224445566")])
    await world.settle()
