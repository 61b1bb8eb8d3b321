"""What SIP says while phones ring: whose turn it is, and provisional answers that must arrive."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.call.dialled import Contact
from pbx.call.forking import by_q
from pbx.events import Kind
from pbx.sip.address import Destination
from pbx.sip.parser import parse
from tests.pbx.call.sip_world import World

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


class TestTurns:
    def test_groups(self):
        there = Destination("udp", "127.0.0.1", 5060)
        contacts = [Contact(f"sip:{n}", there, q=q) for n, q in enumerate((0.5, 1.0, 0.5, 0.1))]
        assert [[contact.uri for contact in group] for group in by_q(contacts)] == [
            ["sip:1"],
            ["sip:0", "sip:2"],
            ["sip:3"],
        ]

    async def two(self, *, first: float | None, second: float | None = 1.0):
        world = World()
        anna, desk, mobile = (
            world.phone(n, h) for n, h in (("101", "127.15.1.1"), ("102", "127.15.1.2"), ("102", "127.15.1.3"))
        )
        await desk.register(contact="<sip:102@127.15.1.2:5060>;q=0.9")
        await mobile.register(contact="<sip:102@127.15.1.3:5060>;q=0.3")
        desk.ring_s, mobile.ring_s = first, second
        return world, anna, desk, mobile

    async def test_who_has_the_higher_q_rings_first(self):
        world, anna, desk, mobile = await self.two(first=2.0)
        anna.call("102")
        await asyncio.sleep(5)
        assert ("established",) in desk.events
        assert mobile.events == []
        await over(world, anna, desk, mobile)

    async def test_who_does_not_answer_makes_room_for_the_next(self):
        world, anna, desk, mobile = await self.two(first=None)
        anna.call("102")
        await asyncio.sleep(14)
        assert mobile.events == []
        await asyncio.sleep(3)  # half of 30 s have passed
        assert ("cancelled",) in desk.events
        assert ("established",) in mobile.events
        await over(world, anna, desk, mobile)

    async def test_a_refusal_makes_room_at_once_and_the_better_one_is_told(self):
        world, anna, desk, mobile = await self.two(first=1.0)
        desk.refuse, mobile.refuse = 486, 480
        anna.call("102")
        await asyncio.sleep(3)
        assert next(event[1] for event in anna.events if event[0] == "failure") == 486
        assert mobile.names()[0] == "invite"
        await over(world, anna, desk, mobile)

    async def test_a_decline_of_the_first_ends_it(self):
        """6xx: nobody else is asked (RFC 3261 section 16.7)."""
        world, anna, desk, mobile = await self.two(first=1.0)
        desk.refuse = 603
        anna.call("102")
        await asyncio.sleep(3)
        assert mobile.events == []
        assert next(event[1] for event in anna.events if event[0] == "failure") == 603
        await over(world, anna, desk, mobile)

    async def test_the_caller_may_give_up_in_the_second_turn(self):
        world, anna, desk, mobile = await self.two(first=None, second=None)
        session = anna.call("102")
        await asyncio.sleep(20)
        session.cancel()
        await asyncio.sleep(1)
        assert ("cancelled",) in mobile.events
        await over(world, anna, desk, mobile)


class TestReliable:
    async def test_a_caller_who_requires_it_is_called_reliably(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        anna.call("102", "Require: 100rel")
        await asyncio.sleep(3)
        assert [parse(data).method for data in world.pbx.heard if data.startswith(b"PRACK")] == ["PRACK"]
        assert ("established",) in berta.events
        assert world.last(Kind.CALL_STARTED)["caller"] == "101"
        await over(world, anna, berta)

    async def test_a_caller_without_an_offer_gets_ours_with_the_ringing(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        berta.ring_s = 2.0
        offers = []

        def on_progress(session, status, reason, body, response):
            offers.append((status, body))
            return anna._answer(body) if body else None

        anna.on_progress = on_progress
        session = anna.call("102", "Require: 100rel", body=b"")
        await asyncio.sleep(1)
        assert offers[0][0] == 180
        assert offers[0][1].startswith(b"v=0")
        await asyncio.sleep(3)
        assert session.state == "confirmed"
        final = [parse(data) for data in world.pbx.sent if data.startswith(b"SIP/2.0 200") and b"INVITE" in data]
        assert [message.body for message in final] == [b""]
        assert world.media.sessions[0].configured
        assert world.media.sessions[0].partner is world.media.sessions[1]
        await over(world, anna, berta)

    async def test_early_media_are_answered_once(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        berta.early = True
        session = anna.call("102", "Require: 100rel")
        await asyncio.sleep(4)
        assert session.state == "confirmed"
        early = [event for event in anna.events if event[0] == "progress"]
        assert [event[1] for event in early] == [183]
        await over(world, anna, berta)

    async def test_an_answer_that_cannot_be_used_ends_the_call(self):
        world = World()
        anna, berta = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
        await berta.register()
        berta.ring_s = None
        anna.on_progress = lambda session, status, reason, body, response: b"v=0\r\nrubbish" if body else None
        anna.call("102", "Require: 100rel", body=b"")
        await asyncio.sleep(2)
        assert next(event[1] for event in anna.events if event[0] == "failure") == 488
        await over(world, berta)
