"""Who may speak in a dialog from a new place: a phone with its password, a trunk's other addresses, nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.sip import digest
from pbx.sip.address import Destination
from pbx.sip.parser import parse
from tests.pbx.call.sip_world import BASIC, PBX, World, config

HOME, AWAY, OTHER = "127.15.1.1", "127.15.1.77", "127.15.1.78"


async def talking(world: World) -> tuple[Any, Any]:
    """Anna calls Bob, and both talk."""
    world.pbx.ua.recheck = world.service.recheck
    anna, bob = world.phone("101", HOME), world.phone("102", "127.15.1.2")
    assert (await bob.register()).status == 200
    anna.call("102")
    await asyncio.sleep(3)
    assert anna.names()[-1] == "answer"
    return anna, bob


def send(world: World, host: str, session: Any, method: str, cseq: int, extra: str = "") -> int:
    """A request of `session`'s dialog from `host`; the status that comes back at once."""
    dialog = session.dialog
    data = (
        f"{method} sip:102@{PBX}:5060 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:5060;rport;branch=z9hG4bK{host[-2:]}{cseq}{method}\r\n"
        f"Max-Forwards: 70\r\nFrom: {dialog.local}\r\nTo: {dialog.remote}\r\nCall-ID: {dialog.call_id}\r\n"
        f"CSeq: {cseq} {method}\r\n{extra}Content-Length: 0\r\n\r\n"
    ).encode()
    world.net.wire.clear()
    world.pbx.receive(data, Destination("udp", host, 5060, None))
    answers = [parse(sent) for _, to, sent in world.net.wire if to == host]
    world.challenges = [value for answer in answers for value in answer.headers("WWW-Authenticate")]  # type: ignore
    return answers[-1].status if answers else 0  # type: ignore[union-attr]


def password(world: World, method: str, user: str, secret: str) -> str:
    value = digest.answer(world.challenges, method, f"sip:102@{PBX}:5060", user, secret, 1)  # type: ignore
    return f"Authorization: {value}\r\n"


async def test_a_phone_that_moved_shows_its_password_and_goes_on() -> None:
    world = World()
    anna, _ = await talking(world)
    world.net.add(AWAY)
    assert send(world, AWAY, anna.session, "OPTIONS", 50) == 401
    line = password(world, "OPTIONS", "101", "one-zero-one")
    assert send(world, AWAY, anna.session, "OPTIONS", 51, line) == 200
    assert world.service.recheck.moved == 1
    assert send(world, AWAY, anna.session, "BYE", 52) == 200, "it is the peer from now on"
    await world.settle()


async def test_tags_alone_change_nothing() -> None:
    world = World()
    anna, bob = await talking(world)
    world.net.add(AWAY)
    for method in ("BYE", "INFO", "UPDATE", "OPTIONS"):
        assert send(world, AWAY, anna.session, method, 50) in (401, 403, 421), method
    assert world.service.calls
    assert world.pbx.ua.foreign_requests >= 4
    anna.session.bye()
    await world.settle()
    assert bob.names()[-1] == "ended"


async def test_another_account_may_not_speak_in_a_dialog() -> None:
    world = World()
    anna, _ = await talking(world)
    world.net.add(AWAY)
    assert send(world, AWAY, anna.session, "BYE", 50) == 401
    line = password(world, "BYE", "103", "one-zero-three")
    assert send(world, AWAY, anna.session, "BYE", 51, line) == 403
    assert world.service.calls
    anna.session.bye()
    await world.settle()


async def trunk_contact(peers: list[str], contact: str) -> str:
    """Where our BYE goes when a trunk at 127.15.2.1 calls with `contact`."""
    trunk = {**BASIC["trunk"][0], "peers": peers}
    number = {"number": "601", "application": "echo", "trunks": ["carrier"]}
    world = World(config(trunk=[trunk], number=[number]))
    caller = world.phone("000", "127.15.2.1", "")
    caller.secret = ""
    world.net.add(contact)
    real = caller.peer.ua.contact_line
    caller.peer.ua.contact_line = lambda user, transport, address: real(user, transport, (contact, 5060))
    caller.call("601")
    await asyncio.sleep(2)
    world.net.wire.clear()
    for call in list(world.service.calls.values()):
        call.terminate("normal")
    await asyncio.sleep(1)
    bye = next(to for _, to, data in world.net.wire if data.startswith(b"BYE"))
    await asyncio.sleep(70)
    return bye


async def test_a_trunks_contact_leads_to_its_own_addresses_only() -> None:
    assert await trunk_contact(["127.15.2.0/24"], "127.15.2.9") == "127.15.2.9"
    assert await trunk_contact(["127.15.2.1"], OTHER) == "127.15.2.1", "a foreign host gets no BYE of ours"
