"""Codes pressed while one talks: blind and attended transfer, and who may use them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.presses import CARRY_S
from pbx.events import Kind
from tests.pbx.call.sip_world import Phone, config
from tests.pbx.call.test_transfer import Trio

CODES = [
    {"number": "101", "secret": "one-zero-one", "incall_codes": True},
    {"number": "102", "secret": "one-zero-two"},
    {"number": "103", "secret": "one-zero-three"},
]


async def talking(caller: str) -> Trio:
    """Anna, who may use codes, talks to Bob; `caller` called."""
    trio = await Trio(config(extension=CODES)).register()
    if caller == "101":
        trio.anna.call("102")
    else:
        trio.bob.call("101")
    await asyncio.sleep(3)
    return trio


def stream(trio: Trio, phone: Phone) -> Any:
    return next(s for s in trio.world.media.open_streams if s.settings and s.settings.remote_ip == phone.peer.host)


async def press(trio: Trio, phone: Phone, digits: str) -> None:
    for digit in digits:
        stream(trio, phone).digit(digit)
        await asyncio.sleep(0.2)


async def test_a_code_of_two_keys_is_told_from_digits() -> None:
    trio = await talking("101")
    await press(trio, trio.anna, "#1#")
    await asyncio.sleep(3)
    await press(trio, trio.anna, "#")
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    await press(trio, trio.bob, "##")  # Bob may not
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    trio.anna.session.bye()
    await trio.world.settle()


@pytest.mark.parametrize("caller", ["101", "102"])
async def test_blind(caller: str) -> None:
    trio = await talking(caller)
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    await press(trio, anna, "##")
    await asyncio.sleep(0.1)
    assert stream(trio, bob).playing == ["music:default"]
    assert stream(trio, anna).playing == ["en:Dial the number."]
    await press(trio, anna, "103#")
    await asyncio.sleep(0.5)
    assert anna.session.state == "terminated"
    assert stream(trio, bob).playing == ["tone:ringback"]
    await asyncio.sleep(2)
    assert trio.heard_by(carol) == {"127.15.1.2"}
    bob.session.bye()
    await world.settle()
    assert world.last(Kind.TRANSFER_COMPLETED) == {"by": "101", "to": "103", "method": "code"}


@pytest.mark.parametrize("digits", ["777#", "#", ""])
async def test_nowhere_to_go(digits: str) -> None:
    trio = await talking("102")
    await press(trio, trio.anna, f"##{digits}")
    await asyncio.sleep(8)
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    assert not stream(trio, trio.bob).playing
    trio.anna.session.bye()
    await trio.world.settle()


@pytest.mark.parametrize("caller", ["101", "102"])
async def test_attended(caller: str) -> None:
    trio = await talking(caller)
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    await press(trio, anna, "*2103#")
    await asyncio.sleep(0.3)
    assert stream(trio, anna).playing == ["tone:ringback"]
    await asyncio.sleep(2)
    assert trio.heard_by(anna) == {"127.15.1.3"}
    assert stream(trio, bob).playing == ["music:default"]
    await press(trio, anna, "*3")
    assert trio.heard_by(anna) == {"127.15.1.2"}
    assert stream(trio, carol).playing == ["music:default"]
    await press(trio, anna, "*3")
    assert trio.heard_by(anna) == {"127.15.1.3"}
    anna.session.bye()
    await asyncio.sleep(1)
    assert trio.heard_by(carol) == {"127.15.1.2"}
    assert not stream(trio, bob).playing
    bob.session.bye()
    await world.settle()
    assert carol.session.state == "terminated"
    assert world.last(Kind.TRANSFER_COMPLETED)["by"] == "101"


@pytest.mark.parametrize("caller", ["101", "102"])
@pytest.mark.parametrize("how", ["code", "target hangs up", "target refuses", "code while it rings"])
async def test_back_to_the_first_party(caller: str, how: str) -> None:
    trio = await talking(caller)
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    if how == "target refuses":
        carol.refuse = 486
    if how == "code while it rings":
        carol.ring_s = None
    await press(trio, anna, "*2103#")
    await asyncio.sleep(2)
    if how == "target hangs up":
        carol.session.bye()
    elif how.startswith("code"):
        await press(trio, anna, "*0")
    await asyncio.sleep(4)
    assert trio.heard_by(anna) == {"127.15.1.2"}
    assert not stream(trio, bob).playing
    assert len(world.media.open_streams) == 2
    assert world.last(Kind.TRANSFER_FAILED)["by"] == "101"
    anna.session.bye()
    await world.settle()
    assert bob.session.state == "terminated"


@pytest.mark.parametrize("caller", ["101", "102"])
async def test_hanging_up_while_it_rings(caller: str) -> None:
    trio = await talking(caller)
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.ring_s = 3.0
    await press(trio, anna, "*2103#")
    await asyncio.sleep(1)
    anna.session.bye()
    await asyncio.sleep(1)
    assert stream(trio, bob).playing == ["tone:ringback"]
    await asyncio.sleep(4)
    assert trio.heard_by(carol) == {"127.15.1.2"}
    carol.session.bye()
    await world.settle()
    assert bob.session.state == "terminated"


async def test_all_three_talk() -> None:
    trio = await talking("102")
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    await press(trio, anna, "*2103#")
    await asyncio.sleep(2)
    await press(trio, anna, "*5")
    room = stream(trio, anna).room
    assert room is not None
    assert {s.settings.remote_ip for s in room.members} == {"127.15.1.1", "127.15.1.2", "127.15.1.3"}
    anna.session.bye()
    await asyncio.sleep(1)
    assert room.closed
    assert trio.heard_by(carol) == {"127.15.1.2"}
    bob.session.bye()
    await world.settle()


async def test_the_party_hangs_up_while_one_consults() -> None:
    trio = await talking("102")
    await press(trio, trio.anna, "*2103#")
    await asyncio.sleep(2)
    trio.bob.session.bye()
    await asyncio.sleep(1)
    assert trio.anna.session.state == trio.carol.session.state == "terminated"
    await trio.world.settle()


async def test_digits_by_info_are_held_back_until_they_are_no_code() -> None:
    trio = await talking("101")
    for digit in "#5":
        trio.anna.session.info(digit.encode(), "application/dtmf")
        await asyncio.sleep(0.1)
    await asyncio.sleep(CARRY_S)  # it might have said them in RTP as well
    assert stream(trio, trio.bob).sent_digits == "#5"
    for digit in "##":
        trio.anna.session.info(digit.encode(), "application/dtmf")
        await asyncio.sleep(0.1)
    assert stream(trio, trio.bob).sent_digits == "#5"
    assert stream(trio, trio.bob).playing == ["music:default"]
    trio.anna.session.bye()
    await trio.world.settle()
