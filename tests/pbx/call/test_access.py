"""Who may call where: trunks, routes, limits, and everybody who must not get through (security.md R8, R10, R13)."""

import asyncio

import pytest

from pbx.events import Kind
from tests.pbx.call.sip_world import Phone, World, config

CARRIER = "127.15.2.1"


def carrier(world: World) -> Phone:
    """The far end of the trunk: it has no account."""
    return Phone(world, "+48500600700", CARRIER, "")


async def test_a_trunk_reaches_its_numbers_and_nothing_else() -> None:
    world = World()
    peer, anna = carrier(world), world.phone("101", "127.15.1.1")
    await anna.register()
    for number in ("+48221112233", "48221112233"):
        peer.call(number)
        await asyncio.sleep(3)
        assert peer.names()[-1] == "answer"
        assert world.last(Kind.CALL_STARTED)["trunk"] == "carrier"
        peer.session.bye()
        await asyncio.sleep(1)
    for number in ("101", "601", "0500100200", "*43", "000123", ""):
        peer.call(number)
        await asyncio.sleep(1)
        assert peer.events[-1][:2] == ("failure", 404), number
    assert len([event for event in anna.events if event[0] == "invite"]) == 2
    await world.settle()


async def test_who_calls_by_a_trunk_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    peer, anna = carrier(world), world.phone("101", "127.15.1.1")
    await anna.register()
    trunks, asked = world.services.trunks, []
    of_request = trunks.of_request

    def count(uri: str, source: object) -> object:
        asked.append(uri)
        return of_request(uri, source)  # type: ignore[arg-type]

    monkeypatch.setattr(trunks, "of_request", count)
    for _ in range(2):
        peer.call("+48221112233")
        await asyncio.sleep(3)
        assert peer.names()[-1] == "answer"
        peer.session.bye()
        await asyncio.sleep(1)
    assert len(asked) == 2
    anna.call("601")  # by the same address book: a phone is none
    await asyncio.sleep(1)
    assert world.last(Kind.CALL_STARTED)["trunk"] == ""
    anna.session.bye()
    await world.settle()


async def test_a_stranger_is_challenged_whatever_it_writes_in_from() -> None:
    world = World()
    peer, anna = carrier(world), world.phone("101", "127.15.1.1")
    await anna.register()
    stranger = Phone(world, "103", "127.0.0.1", "")
    for number in ("101", "0500100200", "999"):
        for sender in ("<sip:103@centrala.local>", "<sip:nobody@example.com>", "<sip:127.0.0.1>"):
            stranger.call(number, from_=sender)
            await asyncio.sleep(1)
            assert stranger.events[-1][:2] == ("failure", 401)
    assert peer.events == []
    assert anna.events == []
    assert world.journey() == [], "what was only challenged leaves no record"
    await world.settle()


async def test_from_must_be_the_account() -> None:
    world = World()
    anna, peer = world.phone("101", "127.15.1.1"), carrier(world)
    anna.call("0500100200", from_="<sip:103@centrala.local>")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 403)
    assert peer.events == []
    await world.settle()


async def test_outbound_needs_the_right_and_takes_the_trunk() -> None:
    world = World()
    peer, anna, carol = carrier(world), world.phone("101", "127.15.1.1"), world.phone("103", "127.15.1.3")
    anna.call("0500100200")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 403)
    carol.call("0500100200")
    await asyncio.sleep(3)
    invite = peer.events[0][1]
    assert invite.uri == "sip:500100200@127.15.2.1"
    assert invite.from_.uri.user == "+48220000000"
    assert carol.names()[-1] == "answer"
    assert world.last(Kind.LEG_STARTED)["trunk"] == "carrier"
    carol.session.bye()
    await asyncio.sleep(1)
    carol.call("000123456")
    await asyncio.sleep(1)
    assert carol.events[-1][:2] == ("failure", 403), "no international calls unless allowed"
    await world.settle()


async def test_outbound_minutes_of_a_day_run_out() -> None:
    settings = config()
    settings.extension[2].outbound_minutes_per_day = 2
    world = World(settings)
    carrier(world)
    carol = world.phone("103", "127.15.1.3")
    carol.call("0500100200")
    await asyncio.sleep(61)
    carol.session.bye()
    await asyncio.sleep(1)
    carol.call("0500100200")
    await asyncio.sleep(100)
    assert carol.names()[-1] == "ended", "cut when the allowance was used up"
    assert world.last(Kind.BRIDGE_ENDED)["talk_s"] == pytest.approx(60, abs=2)
    carol.call("0500100200")
    await asyncio.sleep(1)
    assert carol.events[-1][:2] == ("failure", 403)
    await asyncio.sleep(86_400)
    carol.call("0500100200")
    await asyncio.sleep(3)
    assert carol.names()[-1] == "answer"
    carol.session.bye()
    await world.settle()


async def test_limits_of_extension_trunk_and_total() -> None:
    settings = config()
    settings.extension[0].max_calls = 1
    settings.sip.max_calls = 3
    world = World(settings)
    peer = carrier(world)
    anna, bob, carol = (world.phone(f"10{n}", f"127.15.1.{n}") for n in (1, 2, 3))
    await anna.register()
    anna.call("601")
    await asyncio.sleep(1)
    anna.call("601")
    await asyncio.sleep(1)
    assert anna.events[-1][:2] == ("failure", 486)
    bob.call("101")
    await asyncio.sleep(1)
    assert bob.events[-1][:2] == ("failure", 486)
    for _ in range(2):
        carol.call("601")
    await asyncio.sleep(1)
    bob.call("601")
    await asyncio.sleep(1)
    name, status, response = bob.events[-1]
    assert (name, status) == ("failure", 503)
    assert int(response.header("Retry-After")) > 0
    for session in (anna.sessions[0], *carol.sessions):
        session.bye()
    await asyncio.sleep(1)
    for _ in range(3):
        peer.call("+48221112233")
    await asyncio.sleep(3)
    assert sorted(peer.names())[-3:].count("failure") <= 3
    assert [event[1] for event in peer.events if event[0] == "failure"].count(503) == 1
    for session in peer.sessions:
        session.end()
    await world.settle()


async def test_a_foreign_bye_changes_nothing() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    attacker = world.net.add("127.15.9.9")
    bye = anna.session.dialog.build("BYE", "z9hG4bKattack", 99)
    world.net.carry(attacker, anna.session.dialog.peer, bye)
    await asyncio.sleep(1)
    assert len(world.service.calls) == 1
    anna.session.bye()
    await world.settle()


async def test_a_call_that_comes_back_dies_out() -> None:
    """The carrier sends what we call straight back to us: Max-Forwards ends it."""
    settings = config(
        trunk=[
            {"name": "carrier", "peers": [CARRIER], "host": CARRIER, "application": "extension:103", "max_calls": 200}
        ]
    )
    settings.extension[2].forward_unregistered = "0500"
    settings.extension[2].outbound_max_calls = 200
    settings.extension[2].max_calls = 200
    world = World(settings)
    peer = carrier(world)

    def send_back(session: object, request: object, source: object) -> None:
        session.observer = peer  # type: ignore[attr-defined]
        back = peer.call("0500", max_forwards=request.max_forwards - 1)  # type: ignore[attr-defined]
        pairs[back] = session

    pairs: dict[object, object] = {}
    peer.on_invite = send_back  # type: ignore[method-assign]
    peer.on_failure = lambda session, status, *_: pairs[session].reject(status)  # type: ignore[method-assign,attr-defined]
    carol = world.phone("103", "127.15.1.3")
    carol.call("0500", max_forwards=20)
    began = world.clock.monotonic()
    while carol.names()[-1:] != ["failure"]:
        await asyncio.sleep(0.1)
        assert world.clock.monotonic() - began < 3, "R13: a final answer within 3 s"
    assert carol.events[-1][1] == 483
    await world.settle()


async def test_draining_refuses_new_calls_and_waits_for_the_old() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    anna.call("601")
    await asyncio.sleep(1)
    drained = asyncio.ensure_future(world.service.drain(60))
    await asyncio.sleep(1)
    bob.call("601")
    await asyncio.sleep(1)
    assert bob.events[-1][:2] == ("failure", 503)
    assert not drained.done()
    anna.session.bye()
    await asyncio.sleep(1)
    assert drained.result() == 0
    await world.settle()


async def test_draining_ends_what_is_left() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    anna.call("601")
    await asyncio.sleep(1)
    assert await world.service.drain(30) == 1
    await asyncio.sleep(1)
    assert anna.names()[-1] == "ended"
    assert world.last(Kind.CALL_ENDED)["cause"] == "shutdown"
    await world.settle()


async def test_names_of_callers_cannot_inject() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await anna.register()
    bob.call("101", from_='"Ev\\"il \\\\ \u202eevil" <sip:102@centrala.local>')
    await asyncio.sleep(2)
    sender = anna.events[0][1].from_
    assert sender.display == 'Ev"il \\ evil'
    assert sender.uri.user == "102"
    bob.session.bye()
    await world.settle()


async def test_clients_that_know_one_algorithm_get_a_challenge_they_can_answer() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    for agent, algorithms in (("baresip v1.0.0 (x86_64/linux)", ["MD5"]), ("Desk Phone 5", ["MD5", "SHA-256"])):
        challenged = await anna.request("REGISTER", "sip:centrala.local", f"User-Agent: {agent}", auth=False)
        values = challenged.headers("WWW-Authenticate")
        assert [value.split("algorithm=")[1].split(",")[0] for value in values] == algorithms
    await world.settle()
