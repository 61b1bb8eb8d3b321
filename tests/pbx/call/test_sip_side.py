"""What SIP brings into a call and out of it: who calls, by which way, and why it ended."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.location import Binding
from pbx.call.testing import CallHarness
from pbx.events import Kind
from pbx.sip.address import Destination
from pbx.sip.extensions import Extensions
from pbx.sip.message import response as build
from pbx.sip.parser import parse
from tests.pbx.call.sip_world import DOMAIN, PBX, World, config

CARRIER = "127.15.2.1"
CALLED_ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"'


def header(request: Any, name: str) -> str | None:
    return request.header(name)


def invited(phone: Any) -> Any:
    return next(event[1] for event in phone.events if event[0] == "invite")


async def from_carrier(world: World, *headers: str, **more: Any) -> Any:
    """A call of the trunk to phone 101; (the trunk's phone, the INVITE that the phone got)."""
    anna = world.phone("101", "127.15.1.1")
    await anna.register()
    carrier = world.phone("101", CARRIER)
    carrier.secret = ""
    carrier.call("+48221112233", *headers, from_=more.pop("from_", '"Someone" <sip:+48600100200@carrier.example>'))
    await asyncio.sleep(0.5)
    return carrier, anna


async def over(world: World, *phones: Any) -> None:
    for phone in phones:
        for session in phone.sessions:
            session.end()
    await world.settle()


class TestWhoCalls:
    async def test_the_asserted_identity_of_a_trusted_trunk(self):
        world = World()
        carrier, anna = await from_carrier(world, 'P-Asserted-Identity: "Jan" <tel:+48221000000>')
        assert world.last(Kind.CALL_STARTED)["caller"] == "+48221000000"
        assert invited(anna).header("From").startswith('"Jan" <sip:+48221000000@')
        await over(world, carrier, anna)

    async def test_a_trunk_that_is_not_believed(self):
        trunk = {"name": "carrier", "peers": ["127.15.2.0/24"], "host": CARRIER, "trust_identity": False}
        world = World(config(trunk=[trunk]))
        carrier, anna = await from_carrier(world, "P-Asserted-Identity: <tel:+48221000000>", "Diversion: <sip:1@x>")
        assert world.last(Kind.CALL_STARTED)["caller"] == "+48600100200"
        assert "diverted_by" not in world.last(Kind.CALL_STARTED)
        assert header(invited(anna), "Diversion") is None
        await over(world, carrier, anna)

    async def test_a_phone_cannot_assert_anything(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        anna.call("102", "P-Asserted-Identity: <sip:999@x>", "Diversion: <sip:1@x>", "Remote-Party-ID: <sip:8@x>")
        await asyncio.sleep(0.5)
        assert invited(berta).from_.uri.user == "101"
        assert header(invited(berta), "Diversion") is None
        await over(world, anna, berta)

    @pytest.mark.parametrize(
        ("lines", "from_"),
        [
            (
                ["P-Asserted-Identity: <tel:+48221000000>", "Privacy: id"],
                '"Anonymous" <sip:anonymous@anonymous.invalid>',
            ),
            (["Privacy: user"], "<sip:+48600100200@carrier>"),
            (["Remote-Party-ID: <sip:+48221000000@c>;privacy=full"], "<sip:x@carrier>"),
            ([], "<sip:anonymous@anonymous.invalid>"),
        ],
    )
    async def test_who_does_not_want_to_be_shown_is_not(self, lines, from_):
        world = World()
        carrier, anna = await from_carrier(world, *lines, from_=from_)
        request = invited(anna)
        assert request.header("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
        assert b"48221000000" not in request.data
        assert b"48600100200" not in request.data
        assert world.last(Kind.CALL_STARTED)["withheld"] is True
        await over(world, carrier, anna)

    async def test_a_phone_may_ask_not_to_be_shown(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        anna.call("102", "Privacy: id")
        await asyncio.sleep(0.5)
        assert b"101" not in b"".join(
            line for line in invited(berta).data.split(b"\r\n") if line[:4] in (b"From", b"Cont")
        )
        assert world.last(Kind.CALL_STARTED)["caller"] == "101"
        await over(world, anna, berta)


class TestWay:
    async def test_a_diversion_goes_on_and_injects_nothing(self):
        world = World()
        line = 'Diversion: "Evil" <sip:+48221%0D%0AX-Evil:1@c>;reason=user-busy, <sip:7@h>;reason="a;b";counter=9999'
        carrier, anna = await from_carrier(world, line)
        request = invited(anna)
        assert world.last(Kind.CALL_STARTED)["diverted_by"].startswith("+48221")
        assert len(request.values("Diversion")) == 2
        assert "reason=user-busy" in request.values("Diversion")[0]
        assert "reason=unknown;counter=1" in request.values("Diversion")[1]
        assert request.values("History-Info")[-1] == f"<sip:101@{DOMAIN}>;index=1.1.1;rc=1.1"
        assert request.header("X-Evil") is None
        await over(world, carrier, anna)


class TestReason:
    async def test_completed_elsewhere_goes_through_to_the_phone(self):
        """A switch before us rang others as well: our phone's list of missed calls stays right."""
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        berta.ring_s = None
        session = anna.call("102")
        await asyncio.sleep(1)
        session.cancel((CALLED_ELSEWHERE,))
        await asyncio.sleep(1)
        cancel = next(parse(data) for data in berta.peer.heard if data.startswith(b"CANCEL"))
        assert f"Reason: {cancel.header('Reason')}" == CALLED_ELSEWHERE
        await over(world, anna, berta)

    async def test_the_reason_of_a_bye_is_said_on(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        anna.call("102")
        await asyncio.sleep(3)
        berta.session.bye(('Reason: Q.850;cause=31;text="Normal, unspecified"',))
        await asyncio.sleep(1)
        bye = next(parse(data) for data in anna.peer.heard if data.startswith(b"BYE"))
        assert bye.header("Reason") == 'Q.850;cause=31;text="Normal, unspecified"'
        await world.settle()

    async def test_the_reason_of_a_refusal_is_said_on_but_not_that_of_a_call_that_went_on(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        berta.on_invite = lambda session, request, source: session.reject(486, headers=("Reason: Q.850;cause=17",))
        anna.call("102")
        await asyncio.sleep(1)
        refusal = next(event[2] for event in anna.events if event[0] == "failure")
        assert refusal.header("Reason") == "Q.850;cause=17"
        await world.settle()

    async def test_who_lost_the_race_of_two_phones_is_told(self):
        world = World()
        anna, desk, mobile = (
            world.phone(n, h) for n, h in (("101", "127.15.1.1"), ("102", "127.15.1.2"), ("102", "127.15.1.3"))
        )
        await desk.register()
        await mobile.register()
        desk.ring_s, mobile.ring_s = None, 1.0
        anna.call("102")
        await asyncio.sleep(3)
        cancel = next(parse(data) for data in desk.peer.heard if data.startswith(b"CANCEL"))
        assert f"Reason: {cancel.header('Reason')}" == CALLED_ELSEWHERE
        await over(world, anna, mobile)


async def test_an_update_of_a_phone_holds_the_call() -> None:
    world = World()
    anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await berta.register()
    anna.call("102")
    await asyncio.sleep(3)
    assert anna.session.update(anna.sdp.replace(b"sendrecv", b"sendonly"))
    await asyncio.sleep(1)
    assert Kind.HOLD_STARTED in world.journey()
    assert anna.session.update(anna.sdp)
    await asyncio.sleep(1)
    assert Kind.HOLD_ENDED in world.journey()
    await over(world, anna, berta)


async def test_a_phone_that_vanished_ends_the_call_although_rtp_goes_on() -> None:
    """Session timers, security.md R15."""
    world = World()
    anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await berta.register()
    anna.peer.ua.extensions = Extensions("never", "supported", 90)
    anna.call("102")
    await asyncio.sleep(3)
    assert anna.session.timer.ours
    anna.session.finish()
    await asyncio.sleep(80)
    assert world.last(Kind.CALL_ENDED)["cause"] == "expired"
    assert ("ended", "bye") in berta.events
    await world.settle()


async def test_a_refusal_that_nobody_expects_is_not_taken_for_an_answer() -> None:
    """Two 2xx of one phone (a fork behind it): one call, one leg, the other is hung up."""
    world = World()
    anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await berta.register()
    anna.call("102")
    await asyncio.sleep(0.5)
    invite = next(parse(data) for data in berta.peer.heard if data.startswith(b"INVITE"))
    await asyncio.sleep(2)
    second = build(invite, 200, to_tag="other", headers=["Contact: <sip:x@127.15.1.2>"], body=berta.sdp)
    world.pbx.receive(second, Destination("udp", "127.15.1.2", 5060))
    await asyncio.sleep(1)
    assert any(parse(data).to_tag == "other" for data in world.pbx.sent if data.startswith(b"BYE"))
    assert world.journey().count(Kind.LEG_ANSWERED) == 1
    assert berta.session.state == "confirmed"
    assert PBX
    await over(world, anna, berta)


async def test_ringing_that_nobody_acknowledges_goes_away() -> None:
    """300 callers who require reliable responses and never send a PRACK: 504, and nothing is left (security.md R14)."""
    trunk = {"name": "carrier", "peers": [CARRIER], "host": CARRIER, "max_calls": 300}
    world = World(config(trunk=[trunk]))
    world.config.extension[0].max_calls, world.config.extension[0].ring_timeout_s = 300, 90
    anna = world.phone("101", "127.15.1.1")
    await anna.register()
    anna.ring_s = None
    carrier = world.phone("101", CARRIER)
    carrier.secret = ""
    world.net.link = lambda sender, receiver, data: () if data.startswith(b"PRACK") else (0.001,)
    for _ in range(300):
        carrier.call("+48221112233", "Require: 100rel")
    await asyncio.sleep(1)
    assert len(world.service.calls) == 300
    await asyncio.sleep(64 * 0.5 + 5)
    assert not world.service.calls
    assert not world.pbx.ua.sessions
    assert [event[1] for event in carrier.events if event[0] == "failure"] == [504] * 300
    assert world.journey().count(Kind.CALL_ENDED) == 300
    await world.settle()


@pytest.mark.parametrize("method", ["UPDATE", "PRACK", "INFO", "NOTIFY", "MESSAGE", "INVITE", "BYE"])
async def test_a_stranger_who_knows_the_dialog_changes_nothing(method: str) -> None:
    """security.md R10: in the early dialog and in the answered call."""
    world = World()
    anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await berta.register()
    session = anna.call("102", "Require: 100rel")
    await asyncio.sleep(0.5)
    stranger = world.net.add("127.15.9.9")
    for number in (60, 61):
        body = anna.sdp.replace(b"sendrecv", b"inactive") if method in ("UPDATE", "INVITE") else b""
        dialog = session.ensure_dialog()
        data = dialog.build(method, f"z9hG4bKattack{number}", number, ["RAck: 1 1 INVITE"], body)
        world.net.carry(stranger, dialog.peer, data)
        await asyncio.sleep(3)
    assert {parse(data).status for data in stranger.heard} <= {403}
    assert len(stranger.heard) == 2
    assert session.state == "confirmed"
    assert Kind.HOLD_STARTED not in world.journey()
    assert world.pbx.ua.foreign_requests == 2
    await over(world, anna, berta)


@pytest.mark.parametrize(("transport", "status"), [("udp", 480), ("tls", 200)])
async def test_a_sips_call_rings_only_phones_that_tls_leads_to(transport: str, status: int) -> None:
    harness = CallHarness(extensions=("101",))
    phone = harness.phone("101", answer_after_s=0.1)
    there = Destination(transport, "127.0.0.1", 40000)
    harness.agent.phones[("127.0.0.1", 40000)] = phone
    binding = Binding("sip:101@127.0.0.1:40000", there, harness.clock.unix() + 3600, "reg", 1)
    harness.services.registrar.replace("101", [binding])
    caller = harness.call("extension:101", secure=True)
    await harness.sleep(2)
    assert caller.status == status
    assert any("over TLS" in line for line in caller.session.headers) is (status == 480)
    await harness.close()


async def test_a_sips_call_does_not_go_outside() -> None:
    harness = CallHarness(config())
    caller = harness.call("outbound:0221112233", secure=True, extension="103")
    await harness.sleep(2)
    assert caller.status == 480
    assert any("over TLS" in line for line in caller.session.headers)
    await harness.close()
