"""Registrations at carriers and questions whether they live, in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.config import Config
from pbx.events import Alarm, Kind
from pbx.sip.address import Destination
from pbx.sip.digest import Credentials, DigestVerifier
from tests.pbx.call.sip_world import BASIC, World
from tests.pbx.call.trunk_world import FIRST, SECOND, carrier, talk, trunks

ACCOUNT = {"registration": True, "username": "customer", "secret": "of-customer", "register_expires_s": 600}


class Registrar:
    """A carrier's registrar at `host`, which wants a password in `algorithm`."""

    def __init__(self, world: World, host: str = FIRST, algorithm: str = "SHA-256") -> None:
        self.world = world
        self.peer = world.net.add(host, self)
        self.verifier = DigestVerifier("carrier", b"k" * 16, world.clock, (algorithm,))
        self.requests: list[Any] = []  # those with the right password
        self.times: list[float] = []
        self.seen = 0
        self.answers: list[tuple[int, tuple[str, ...]]] = []  # instead of the usual one, the next first
        self.silent = False
        self.granted_s = 0  # 0: as asked

    def on_request(self, transaction: Any, request: Any, source: Any) -> None:
        self.seen += 1
        if self.silent:
            return
        given = request.header("Authorization")
        known = Credentials.from_password("customer", "carrier", "of-customer")
        if not given or not self.verifier.verify(request.method, request.uri, given, "x", lambda _: known).ok:
            values = self.verifier.challenge("x")
            transaction.respond(401, None, [f"WWW-Authenticate: {value}" for value in values])
            return
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if self.answers:
            status, headers = self.answers.pop(0)
            transaction.respond(status, None, headers)
            return
        contact = request.contacts[0]
        asked = int(contact.params["expires"])
        granted = min(asked, self.granted_s) if self.granted_s else asked
        others = "Contact: <sip:customer@127.15.9.9:5060>;expires=7"
        transaction.respond(200, None, [others, f"Contact: <{contact.uri}>;expires={granted}"])

    def on_invite(self, session: Any, request: Any, source: Any) -> None:
        session.reject(503)


def registering(**more: Any) -> Config:
    return trunks({**ACCOUNT, **more})


def registration(world: World) -> Any:
    return world.services.carriers.registrations["first"]


async def finish(world: World) -> None:
    await world.services.carriers.stop()
    await world.settle()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_registers_with_digest_and_refreshes_in_time(algorithm: str) -> None:
    world = World(registering())
    there = Registrar(world, algorithm=algorithm)
    world.services.carriers.start()
    await asyncio.sleep(1)
    assert registration(world).state == "registered"
    assert registration(world).registered
    first = there.requests[0]
    assert first.to.uri.user == "customer"
    assert first.header("Supported") == "path"
    await asyncio.sleep(1800)
    gaps = [later - earlier for earlier, later in zip(there.times, there.times[1:], strict=False)]
    assert all(450 <= gap <= 540 for gap in gaps), gaps
    assert len({request.call_id for request in there.requests}) == 1, "refreshes belong together"
    numbers = [request.cseq for request in there.requests]
    assert numbers == sorted(set(numbers))
    await finish(world)
    assert there.requests[-1].contacts[0].params["expires"] == "0", "taken back at the end"


async def test_what_is_granted_counts_not_what_was_asked() -> None:
    world = World(registering())
    there = Registrar(world)
    there.granted_s = 60
    world.services.carriers.start()
    await asyncio.sleep(200)
    gaps = [later - earlier for earlier, later in zip(there.times, there.times[1:], strict=False)]
    assert gaps
    assert all(45 <= gap <= 54 for gap in gaps)
    await finish(world)


async def test_an_interval_too_brief_is_made_longer_at_once() -> None:
    world = World(registering())
    there = Registrar(world)
    there.answers = [(423, ("Min-Expires: 1200",))]
    world.services.carriers.start()
    await asyncio.sleep(1)
    assert [request.contacts[0].params["expires"] for request in there.requests] == ["600", "1200"]
    assert registration(world).registered
    await finish(world)


async def test_a_carrier_that_is_away_is_asked_with_growing_patience() -> None:
    world = World(registering())
    there = Registrar(world)
    there.silent = True
    world.services.carriers.start()
    await asyncio.sleep(40)
    assert registration(world).state == "unreachable"
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert alarms[-1].name == "trunk_unregistered_first"
    assert alarms[-1].active
    await asyncio.sleep(3600)
    assert there.seen < 12 * 12, "twelve repetitions each, and at most a dozen tries in the hour"
    there.silent = False
    await asyncio.sleep(400)
    assert registration(world).registered
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert not alarms[-1].active
    await finish(world)


async def test_a_wrong_password_is_not_hammered() -> None:
    world = World(registering(secret="wrong"))
    there = Registrar(world)
    world.services.carriers.start()
    await asyncio.sleep(1)
    assert registration(world).state == "refused"
    assert there.seen == 3, "two challenges answered, no more (AST-2020-002)"
    await asyncio.sleep(600)
    assert there.seen <= 3 * 5
    await finish(world)


async def test_retry_after_is_obeyed() -> None:
    world = World(registering())
    there = Registrar(world)
    there.answers = [(503, ("Retry-After: 77 (busy);duration=10",))]
    world.services.carriers.start()
    await asyncio.sleep(300)
    assert there.times[1] - there.times[0] == pytest.approx(77, abs=1)
    await finish(world)


async def test_a_refresh_that_fails_leaves_what_was_granted() -> None:
    world = World(registering())
    there = Registrar(world)
    world.services.carriers.start()
    await asyncio.sleep(10)
    there.answers = [(500, ())]
    await asyncio.sleep(545)
    assert registration(world).registered
    assert not [event for event in world.events if isinstance(event, Alarm) and event.active]
    await finish(world)


async def test_the_service_route_is_used_by_calls() -> None:
    world = World(registering())
    there = Registrar(world)
    there.answers = [(200, ("Service-Route: <sip:edge.carrier.example;lr>", "Expires: 600"))]
    world.services.carriers.start()
    await asyncio.sleep(1)
    await talk(world, "0500100200")
    assert b"Route: <sip:edge.carrier.example;lr>" in next(
        data for _, to, data in world.net.wire if to == FIRST and data.startswith(b"INVITE")
    )
    await finish(world)


async def test_a_call_to_our_contact_comes_by_the_trunk_and_only_from_there() -> None:
    number = {"number": "221112233", "application": "echo", "trunks": ["first"], "internal": False}
    world = World(trunks(ACCOUNT, number=[number]))
    there = Registrar(world)
    world.services.carriers.start()
    await asyncio.sleep(1)
    contact = str(there.requests[0].contacts[0].uri)
    stranger = world.phone("000", SECOND, "")
    stranger.secret = ""
    for host, status in ((stranger.peer.host, 401), (FIRST, 200)):
        peer = world.net.peers[host]
        outcome: list[int] = []
        _invite(peer, contact, outcome)
        await asyncio.sleep(2)
        assert outcome == [status]
    started = world.last(Kind.CALL_STARTED)
    assert (started["trunk"], started["did"]) == ("first", "221112233")
    for call in list(world.service.calls.values()):
        call.terminate("normal")
    await finish(world)


def _invite(peer: Any, uri: str, outcome: list[int]) -> None:
    from pbx.sdp.offer_answer import make_offer
    from pbx.sip.address import Destination
    from tests.pbx.call.sip_world import PBX

    class Observer:
        def __getattr__(self, name: str) -> Any:
            return lambda *_: None

        def on_answer(self, *_: Any) -> None:
            outcome.append(200)

        def on_failure(self, _session: Any, status: int, *_: Any) -> None:
            outcome.append(status)

    peer.ua.invite(
        uri=uri,
        destination=Destination("udp", PBX, 5060),
        from_="<sip:+48600100200@carrier>",
        to="<sip:221112233@carrier>",
        body=make_offer(peer.host, 4000, codecs=("PCMA",), session_id=1, version=1),
        observer=Observer(),
    )


# -- health -----------------------------------------------------------------------------------------------------------


class Answerer:
    """A carrier that answers OPTIONS with `status`, or not at all (0)."""

    def __init__(self, world: World, host: str = FIRST, status: int = 200) -> None:
        self.status = status
        self.times: list[float] = []
        self._asked = asyncio.Event()
        self.phone = carrier(world, host)
        self.phone.on_request = self.on_request  # type: ignore[method-assign]

    async def asked(self) -> None:
        """Waits for the next question."""
        self._asked = asyncio.Event()
        await self._asked.wait()
        await asyncio.sleep(0.1)  # the answer arrives

    def on_request(self, transaction: Any, request: Any, source: Any) -> None:
        assert request.method == "OPTIONS"
        self.times.append(asyncio.get_running_loop().time())
        self._asked.set()
        if self.status:
            transaction.respond(self.status)


async def test_a_dead_trunk_is_left_out_until_it_answers_again() -> None:
    world = World(trunks({"options_every_s": 30}))
    there = Answerer(world)
    carrier(world, SECOND)
    world.services.carriers.start()
    await asyncio.sleep(100)
    health = world.services.trunks.get("first").health
    assert health.state == "up"
    there.status = 503
    await there.asked()
    assert health.state == "up", "once is nothing"
    before = there.times[-1]
    await there.asked()
    assert there.times[-1] - before < 12, "in doubt it is asked more often"
    assert health.state == "down"
    alarms = [event for event in world.events if isinstance(event, Alarm)]
    assert alarms[-1].name == "trunk_down_first"
    carol = await talk(world, "0500100200")
    assert carol.names()[-1] == "answer"
    assert "invite" not in there.phone.names(), "nobody waits for the dead one"
    carol.session.bye()
    there.status = 404
    await there.asked()
    assert health.state == "down", "once is nothing in this direction either"
    await there.asked()
    assert health.state == "up", "a refusal shows life"
    carol.call("0500100201")
    await asyncio.sleep(3)
    assert "invite" in there.phone.names()
    carol.session.bye()
    await finish(world)


async def test_a_silent_trunk_is_down_long_before_its_transactions_end() -> None:
    world = World(trunks({"options_every_s": 20, "response_timeout_s": 3}))
    world.services.carriers.start()
    await asyncio.sleep(15)
    assert world.services.trunks.get("first").health.state == "down"
    await finish(world)


async def test_calls_alone_find_out_too_and_try_again_after_a_rest() -> None:
    world = World(trunks({"response_timeout_s": 2.0}))
    second = carrier(world, SECOND)
    carol = await talk(world, "0500100200", 40)
    carol.session.bye()
    health = world.services.trunks.get("first").health
    for _ in range(2):
        carol.call("0500100200")
        await asyncio.sleep(40)
        carol.session.bye()
    assert health.state == "down"
    assert len([name for name in second.names() if name == "invite"]) == 3
    first = carrier(world)
    await asyncio.sleep(61)
    carol.call("0500100200")
    await asyncio.sleep(3)
    assert "invite" in first.names()
    assert health.state == "up"
    carol.session.bye()
    await finish(world)


async def test_when_all_are_down_they_are_tried_all_the_same() -> None:
    world = World(trunks({"options_every_s": 20}, {"options_every_s": 20}))
    first, second = Answerer(world, FIRST, 0), Answerer(world, SECOND, 0)
    world.services.carriers.start()
    await asyncio.sleep(60)
    carol = await talk(world, "0500100200")
    assert carol.names()[-1] == "answer"
    assert "invite" in first.phone.names()
    assert "invite" not in second.phone.names()
    carol.session.bye()
    await finish(world)


async def test_nothing_is_asked_of_trunks_that_do_not_want_it() -> None:
    world = World(Config.model_validate(BASIC))
    world.services.carriers.start()
    await asyncio.sleep(100)
    assert not world.net.wire
    await finish(world)


async def test_a_lost_connection_is_told_to_the_carrier_by_registering_again() -> None:
    world = World(registering())
    there = Registrar(world)
    world.services.carriers.start()
    await asyncio.sleep(1)
    assert [place.host for place in world.services.carriers.places()] == [FIRST]
    world.services.carriers.connection_lost(Destination("udp", "127.15.9.9", 5060))
    await asyncio.sleep(5)
    assert len(there.requests) == 1, "another place"
    world.services.carriers.connection_lost(Destination("udp", FIRST, 5060))
    await asyncio.sleep(3)
    assert len(there.requests) == 2
    assert registration(world).registered
    await finish(world)


async def test_a_registrar_that_is_silent_gives_way_to_the_next_of_its_name() -> None:
    world = World(registering())
    hop = world.services.carriers._trunks.get("first").registrar
    hop._fixed = (Destination("udp", FIRST, 5060), Destination("udp", SECOND, 5060))
    there = Registrar(world, SECOND)
    world.services.carriers.start()
    await asyncio.sleep(3)
    assert registration(world).registered
    assert len(there.requests) == 1
    await finish(world)
