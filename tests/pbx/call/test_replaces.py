"""INVITE with Replaces: a ringing or a talking leg taken over by who may, and by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.transfer.replacing import alias
from pbx.events import Kind
from tests.pbx.call.sip_world import World, config
from tests.pbx.call.test_transfer import Trio

GROUPS = [
    {"number": "101", "secret": "one-zero-one", "pickup_groups": ["office"]},
    {"number": "102", "secret": "one-zero-two", "call_groups": ["office"]},
    {"number": "103", "secret": "one-zero-three"},
]


def replaces(session: Any, more: str = "") -> str:
    """Named as a watcher of the far end would: the PBX's tag first."""
    return f"Replaces: {session.call_id};to-tag={session.remote_tag};from-tag={session.local_tag}{more}"


async def test_a_ringing_phone_is_picked_up_by_a_member_of_its_group() -> None:
    trio = await Trio(config(extension=GROUPS)).register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    bob.ring_s = None
    carol.call("102")
    await asyncio.sleep(1)
    ringing = next(iter(world.service.calls.values())).legs[0]
    anna.call("102", f"Replaces: {alias(ringing)};to-tag={ringing.name};from-tag=x;early-only")
    await asyncio.sleep(1)
    assert anna.names()[-1] == "answer"
    assert bob.names()[-1] == "cancelled"
    assert b"Call completed elsewhere" in next(m for m in bob.peer.heard if m.startswith(b"CANCEL"))
    assert trio.heard_by(carol) == {"127.15.1.1"}
    assert world.last(Kind.LEG_REPLACED) == {"by": "101", "early": True}
    carol.session.bye()
    await world.settle()
    assert anna.session.state == "terminated"


@pytest.mark.parametrize("as_caller", [True, False])
async def test_a_talk_moves_to_another_phone_of_the_same_extension(as_caller: bool) -> None:
    trio = await Trio(config(extension=GROUPS)).register()
    world, bob, carol = trio.world, trio.bob, trio.carol
    mobile = world.phone("102", "127.15.1.9")
    if as_caller:
        bob.call("103")
    else:
        carol.call("102")
    await asyncio.sleep(3)
    desk = bob.session
    mobile.call("102", replaces(desk))
    await asyncio.sleep(2)
    assert desk.state == "terminated"
    assert trio.heard_by(carol) == {"127.15.1.9"}
    assert len(world.service.calls) == 1
    assert world.services.limits.in_use("extension:102") == 1
    mobile.session.bye()
    await world.settle()
    assert carol.session.state == "terminated"


@pytest.mark.parametrize(
    ("who", "status"), [("103", 403), ("101", 403)], ids=["not of the group", "of the group, but they talk"]
)
async def test_nobody_else_takes_a_talk(who: str, status: int) -> None:
    trio = await Trio(config(extension=GROUPS)).register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    anna.call("102")
    await asyncio.sleep(3)
    thief = world.phone(who, "127.15.1.9")
    thief.call("102", replaces(bob.session))
    await asyncio.sleep(1)
    assert thief.events[-1][:2] == ("failure", status)
    assert trio.heard_by(anna) == {"127.15.1.2"}
    anna.session.bye()
    await world.settle()
    assert not carol.sessions


async def test_early_only_does_not_take_a_talk() -> None:
    trio = await Trio(config(extension=GROUPS)).register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    mobile = trio.world.phone("102", "127.15.1.9")
    mobile.call("102", replaces(trio.bob.session, ";early-only"))
    await asyncio.sleep(1)
    assert mobile.events[-1][:2] == ("failure", 486)
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    trio.anna.session.bye()
    await trio.world.settle()


async def test_strangers_and_trunks_take_nothing() -> None:
    """Security.md R10: the tags alone give no right; unknown ones are refused after authentication."""
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    stranger = world.phone("102", "127.15.9.9", "wrong")
    carrier = world.phone("gw", "127.15.2.1", "x")
    stranger.call("102", replaces(bob.session))
    carrier.call("102", replaces(bob.session))
    known = world.phone("103", "127.15.1.3")
    known.call("102", "Replaces: a;to-tag=b;from-tag=c")
    await asyncio.sleep(1)
    assert stranger.events[-1][:2] == ("failure", 403)
    assert carrier.events[-1][:2] == ("failure", 403)
    assert known.events[-1][:2] == ("failure", 481)
    assert anna.session.state == bob.session.state == "confirmed"
    anna.session.bye()
    await world.settle()


async def test_a_refer_from_elsewhere_needs_the_password() -> None:
    """The same host, another port: the dialog's own phone behind a new NAT binding, or somebody else (advisory 24)."""
    trio = await Trio().register()
    world, anna, bob = trio.world, trio.anna, trio.bob
    anna.call("102")
    await asyncio.sleep(3)
    session = bob.session
    sent = session.dialog.build(
        "REFER", "z9hG4bKforged", session.dialog.next_cseq(), ["Refer-To: <sip:103@centrala.local>"]
    )
    from pbx.sip.address import Destination

    for host, port, status in (("127.15.1.2", 5099, b"401"), ("127.15.7.7", 5060, b"403")):
        world.pbx.sent.clear()
        data = sent.replace(b"z9hG4bKforged", f"z9hG4bKforged{port}".encode())
        world.pbx.receive(data, Destination("udp", host, port))
        await asyncio.sleep(0.5)
        assert world.pbx.sent[0].startswith(b"SIP/2.0 " + status)
    assert trio.heard_by(anna) == {"127.15.1.2"}
    assert Kind.TRANSFER_STARTED not in trio.kinds()
    anna.session.bye()
    await world.settle()


async def test_a_recorded_talk_goes_on_being_recorded() -> None:
    extensions = [{**GROUPS[0]}, {**GROUPS[1], "record": True}, GROUPS[2]]
    trio = await Trio(config(extension=extensions)).register()
    world, carol = trio.world, trio.carol
    carol.call("102")
    await asyncio.sleep(3)
    mobile = world.phone("102", "127.15.1.9")
    mobile.call("102", replaces(trio.bob.session))
    await asyncio.sleep(2)
    assert trio.kinds().count(Kind.RECORDING_STARTED) == 1  # the same file goes on
    assert next(iter(world.service.calls.values())).recording
    carol.session.bye()
    await world.settle()
    assert trio.kinds().count(Kind.RECORDING_ENDED) == 1
