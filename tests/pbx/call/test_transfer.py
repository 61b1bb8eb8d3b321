"""Transfers by REFER between real user agents: who hears whom, who is told what, and what is left on record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.events import Kind
from tests.pbx.call.sip_world import DOMAIN, Phone, World, config


class Trio:
    """101, 102 and 103 registered; `pick` gives each phone's present sessions."""

    def __init__(self, settings: Any = None) -> None:
        self.world = World(settings)
        self.anna = self.world.phone("101", "127.15.1.1")
        self.bob = self.world.phone("102", "127.15.1.2")
        self.carol = self.world.phone("103", "127.15.1.3")

    async def register(self) -> Trio:
        for phone in (self.anna, self.bob, self.carol):
            await phone.register()
        return self

    def kinds(self) -> list[Kind]:
        return self.world.journey()

    def heard_by(self, phone: Phone) -> set[str]:
        """Hosts of the phones that `phone` hears and that hear it."""
        mine = [s for s in self.world.media.open_streams if s.settings and s.settings.remote_ip == phone.peer.host]
        return {s.partner.settings.remote_ip for s in mine if s.partner is not None}


def refer(session: Any, target: str, *headers: str, replaces: Any = None) -> list[int]:
    statuses: list[int] = []
    query = ""
    if replaces is not None:
        to_tag, from_tag = replaces.remote_tag, replaces.local_tag
        query = f"?Replaces={replaces.call_id.replace('@', '%40')}%3Bto-tag%3D{to_tag}%3Bfrom-tag%3D{from_tag}"
    session.send("REFER", headers=[f"Refer-To: <sip:{target}@{DOMAIN}{query}>", *headers], done=statuses.append)
    return statuses


def told(phone: Phone) -> list[str]:
    """The status lines that NOTIFYs brought."""
    return [event[1].body.decode().strip() for event in phone.events if event[0] == "notify"]


@pytest.mark.parametrize("by_caller", [True, False])
async def test_blind(by_caller: bool) -> None:
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    anna.call("102")
    await asyncio.sleep(3)
    transferor, other = (anna, bob) if by_caller else (bob, anna)
    assert trio.heard_by(anna) == {"127.15.1.2"}
    statuses = refer(transferor.session, "103")
    await asyncio.sleep(0.5)
    assert statuses == [202]
    assert told(transferor) == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"]
    invite = carol.events[0][1]
    assert invite.from_.uri.user == other.number
    assert invite.header("Referred-By") == f"<sip:{transferor.number}@{DOMAIN}>"
    await asyncio.sleep(2)
    assert told(transferor)[2:] == ["SIP/2.0 200 OK"]
    assert trio.heard_by(carol) == {other.peer.host}
    await asyncio.sleep(3)  # the phone did not hang up by itself
    assert transferor.session.state == "terminated"
    assert other.session.state == "confirmed"
    other.session.bye()
    await world.settle()
    assert carol.session.state == "terminated"
    assert trio.kinds().count(Kind.TRANSFER_COMPLETED) == 1
    assert world.last(Kind.TRANSFER_COMPLETED) == {"by": transferor.number, "to": "103", "method": "refer"}
    assert Kind.TRANSFER_FAILED not in trio.kinds()


@pytest.mark.parametrize("by_caller", [True, False])
@pytest.mark.parametrize("hangs_up", [True, False])
async def test_blind_to_a_busy_phone_comes_back(by_caller: bool, hangs_up: bool) -> None:
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.refuse = 486
    anna.call("102")
    await asyncio.sleep(3)
    transferor, other = (anna, bob) if by_caller else (bob, anna)
    first = transferor.session
    refer(first, "103")
    if hangs_up:
        first.bye()
    await asyncio.sleep(4)
    assert trio.heard_by(transferor) == {other.peer.host}
    if hangs_up:
        assert transferor.session is not first  # rung again
    else:
        assert told(transferor)[-1] == "SIP/2.0 486 Busy Here"
        assert first.state == "confirmed"
    assert world.last(Kind.TRANSFER_FAILED)["cause"] == "busy"
    transferor.session.bye()
    await world.settle()
    assert other.session.state == "terminated"


async def test_the_transferred_party_gives_up() -> None:
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.ring_s = None
    anna.call("102")
    await asyncio.sleep(3)
    refer(bob.session, "103")
    await asyncio.sleep(1)
    anna.session.bye()
    await asyncio.sleep(1)
    assert carol.names()[-1] == "cancelled"
    assert bob.session.state == "terminated"
    await world.settle()
    assert world.last(Kind.TRANSFER_FAILED)["cause"] == "cancelled"


async def test_refer_without_subscription() -> None:
    trio = await Trio().register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    assert refer(trio.bob.session, "103", "Refer-Sub: false") == []
    await asyncio.sleep(2)
    assert told(trio.bob) == []
    assert trio.heard_by(trio.anna) == {"127.15.1.3"}
    trio.anna.session.bye()
    await trio.world.settle()


async def test_what_a_transferor_may_not_dial_it_may_not_transfer_to() -> None:
    trio = await Trio().register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    for target, status in (("0123456", 403), ("777", 404), ("*50", 403)):
        statuses = refer(trio.bob.session, target)
        await asyncio.sleep(0.5)
        assert statuses == [status], target
    assert trio.heard_by(trio.anna) == {"127.15.1.2"}
    assert Kind.TRANSFER_STARTED not in trio.kinds()
    trio.anna.session.bye()
    await trio.world.settle()


async def test_rights_to_transfer() -> None:
    extensions = [
        {"number": "101", "secret": "one-zero-one"},
        {"number": "102", "secret": "one-zero-two", "transfer": "none"},
        {"number": "103", "secret": "one-zero-three", "outbound": True, "transfer": "internal"},
    ]
    trio = await Trio(config(extension=extensions)).register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    statuses = refer(trio.bob.session, "103")
    await asyncio.sleep(0.5)
    assert statuses == [403]
    trio.anna.session.bye()
    trio.anna.call("103")
    await asyncio.sleep(3)
    statuses = refer(trio.carol.session, "0123456")
    await asyncio.sleep(0.5)
    assert statuses == [403]
    trio.anna.session.bye()
    await trio.world.settle()


async def test_a_transfer_outside_is_the_transferors_call() -> None:
    trio = await Trio().register()
    world, anna, carol = trio.world, trio.anna, trio.carol
    gateway = world.phone("gw", "127.15.2.1", "x")
    anna.call("103")
    await asyncio.sleep(3)
    assert refer(carol.session, "0123456") == []
    await asyncio.sleep(2)
    assert trio.heard_by(gateway) == {"127.15.1.1"}
    assert world.services.limits.in_use("outbound:103") == 1
    assert world.services.limits.in_use("outbound:101") == 0
    await asyncio.sleep(60)
    anna.session.bye()
    await asyncio.sleep(1)
    assert 60 < world.services.ledger.spent("extension:103").day_s < 65
    await world.settle()


async def test_to_an_application() -> None:
    trio = await Trio().register()
    trio.anna.call("102")
    await asyncio.sleep(3)
    refer(trio.bob.session, "601")
    await asyncio.sleep(1)
    assert told(trio.bob)[-1] == "SIP/2.0 200 OK"
    stream = next(s for s in trio.world.media.open_streams if s.settings.remote_ip == "127.15.1.1")
    assert stream.echoing
    trio.anna.session.bye()
    await trio.world.settle()


# -- attended ------------------------------------------------------------------------------------------------------


async def two_calls(trio: Trio, first: str, second: str) -> tuple[Any, Any]:
    """Anna talks to Bob and to Carol; `first` and `second` tell who called: "out" when she did. Gives her dialogs."""
    anna = trio.anna
    sessions = []
    for phone, way in ((trio.bob, first), (trio.carol, second)):
        if way == "out":
            anna.call(phone.number)
        else:
            phone.call("101")
        await asyncio.sleep(3)
        sessions.append(anna.session)
        if len(sessions) == 1:
            anna.session.reinvite(anna.sdp.replace(b"sendrecv", b"sendonly"))
            await asyncio.sleep(0.5)
    return sessions[0], sessions[1]


@pytest.mark.parametrize("first", ["out", "in"])
@pytest.mark.parametrize("second", ["out", "in"])
async def test_attended(first: str, second: str) -> None:
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    to_bob, to_carol = await two_calls(trio, first, second)
    assert trio.heard_by(bob) == {"127.15.1.1"}
    statuses = refer(to_bob, "103", replaces=to_carol)
    await asyncio.sleep(0.5)
    assert statuses == [202]
    assert told(anna)[-1] == "SIP/2.0 200 OK"
    assert trio.heard_by(bob) == {"127.15.1.3"}
    await asyncio.sleep(3)
    assert to_bob.state == to_carol.state == "terminated"
    assert bob.session.state == carol.session.state == "confirmed"
    assert trio.heard_by(bob) == {"127.15.1.3"}
    assert len(world.service.calls) == 1
    streams = [s for s in world.media.open_streams if not s.playing]
    assert len(streams) == 2  # nobody hears music any more
    bob.session.bye()
    await world.settle()
    assert carol.session.state == "terminated"
    assert trio.kinds().count(Kind.TRANSFER_COMPLETED) == 1
    assert trio.kinds().count(Kind.CALL_ENDED) == trio.kinds().count(Kind.CALL_STARTED)


@pytest.mark.parametrize("first", ["out", "in"])
async def test_semi_attended(first: str) -> None:
    """The target still rings when the transferor completes: the transferred party hears it ring."""
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.ring_s = 4.0
    to_bob, to_carol = await two_calls(trio, first, "out")
    assert to_carol.state == "early"
    ringing = Early(to_carol, anna.early_tag)
    statuses = refer(to_bob, "103", replaces=ringing)
    await asyncio.sleep(0.5)
    assert statuses == [202]
    stream = next(s for s in world.media.open_streams if s.settings and s.settings.remote_ip == "127.15.1.2")
    assert stream.playing == ["tone:ringback"]
    await asyncio.sleep(3)
    assert trio.heard_by(carol) == {"127.15.1.2"}
    bob.session.bye()
    await world.settle()
    assert world.last(Kind.TRANSFER_COMPLETED)["by"] == "101"


async def test_semi_attended_to_nobody_comes_back() -> None:
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.ring_s = None
    to_bob, to_carol = await two_calls(trio, "in", "out")
    refer(to_bob, "103", replaces=Early(to_carol, anna.early_tag))
    await asyncio.sleep(35)
    assert anna.session not in (to_bob, to_carol)  # rung back
    assert trio.heard_by(anna) == {"127.15.1.2"}
    assert world.last(Kind.TRANSFER_FAILED)["cause"] == "no_answer"
    bob.session.bye()
    await world.settle()


async def test_attended_to_an_application_keeps_its_place() -> None:
    trio = await Trio().register()
    world, anna, bob = trio.world, trio.anna, trio.bob
    bob.call("101")
    await asyncio.sleep(3)
    to_bob = anna.session
    to_echo = anna.call("601")
    await asyncio.sleep(1)
    refer(to_bob, "601", replaces=to_echo)
    await asyncio.sleep(3)
    assert told(anna)[-1] == "SIP/2.0 200 OK"
    assert to_echo.state == to_bob.state == "terminated"
    assert bob.session.state == "confirmed"
    assert len(world.service.calls) == 1
    bob.session.bye()
    await world.settle()


async def test_only_own_dialogs_can_be_joined() -> None:
    """Bob may not make Carol's call his own by knowing its tags (security.md R10)."""
    trio = await Trio().register()
    world, anna, bob, carol = trio.world, trio.anna, trio.bob, trio.carol
    carol.call("601")
    anna.call("102")
    await asyncio.sleep(3)
    for stolen in (carol.session, Forged()):
        statuses = refer(bob.session, "601", replaces=stolen)
        await asyncio.sleep(0.5)
        assert statuses == [481]
    assert carol.session.state == bob.session.state == "confirmed"
    assert trio.heard_by(anna) == {"127.15.1.2"}
    anna.session.bye()
    carol.session.bye()
    await world.settle()


class Early:
    """The dialog of an INVITE that is not answered: its tag came in the 180."""

    def __init__(self, session: Any, remote_tag: str) -> None:
        self.call_id = session.call_id
        self.local_tag = session.local_tag
        self.remote_tag = remote_tag


class Forged:
    call_id = "nobody@nowhere"
    local_tag = "a"
    remote_tag = "b"
