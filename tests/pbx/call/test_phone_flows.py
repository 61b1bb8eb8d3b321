"""Phones with several flows (RFC 5626), with addresses of their own (GRUU, RFC 5627), and connections that are lost."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pbx.call.location import Binding, MemoryLocationStore
from pbx.call.registrar import Registrar
from pbx.call.testing import LoopClock
from pbx.events import EventBus, RegistrationChanged
from pbx.sip.address import Destination, live
from pbx.sip.client_auth import ClientCredentials
from tests.pbx.call.sip_world import DOMAIN, PBX, Phone, World, config

PROXY = "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx"
DESK, MOBILE = "<urn:uuid:00000000-0000-1000-8000-00000000000a>", "<urn:uuid:00000000-0000-1000-8000-00000000000b>"


async def register(phone: Phone, instance: str = DESK, reg_id: int = 0, *headers: str, **more: Any) -> Any:
    flow = f";reg-id={reg_id}" if reg_id else ""
    contact = f'<sip:{phone.number}@{phone.peer.host}:5060>;+sip.instance="{instance}"{flow}'
    return await phone.register("Supported: outbound, gruu, path", *headers, contact=contact, **more)


def dial(phone: Phone, uri: str) -> Any:
    session = phone.peer.ua.invite(
        uri=uri,
        destination=Destination("udp", PBX, 5060),
        from_=f"<sip:{phone.number}@{DOMAIN}>",
        to=f"<{uri}>",
        body=phone.sdp,
        observer=phone,
        credentials=ClientCredentials(phone.number, phone.secret),
    )
    phone.sessions.append(session)
    return session


async def rings(world: World, *phones: Phone) -> list[bool]:
    await asyncio.sleep(0.5)
    return ["invite" in phone.names() for phone in phones]


async def two_flows(world: World) -> tuple[Phone, Phone, Phone]:
    """A caller, and one phone with two flows: the second is the newer."""
    caller = world.phone("101", "127.15.1.1")
    first, second = world.phone("102", "127.15.1.2"), world.phone("102", "127.15.1.3")
    await register(first, DESK, 1)
    await asyncio.sleep(1)
    await register(second, DESK, 2)
    return caller, first, second


async def test_outbound_is_agreed() -> None:
    world = World()
    phone = world.phone("102", "127.15.1.2")
    answer = await register(phone, DESK, 1)
    assert answer.values("Require") == ["outbound"]
    assert answer.header("Flow-Timer") == "120"
    assert ";reg-id=1" in (answer.header("Contact") or "")
    plain = await register(phone, MOBILE)
    assert plain.header("Require") is None
    await world.settle()


async def test_a_phone_with_two_flows_rings_once() -> None:
    world = World()
    caller, first, second = await two_flows(world)
    assert len(world.services.registrar.bindings("102")) == 2
    session = dial(caller, f"sip:102@{DOMAIN}")
    assert await rings(world, first, second) == [False, True]
    await asyncio.sleep(2)
    session.bye()
    await world.settle()


@pytest.mark.parametrize("status", [430, 503])
async def test_a_flow_that_is_dead_gives_way_to_the_other(status: int) -> None:
    world = World()
    caller, first, second = await two_flows(world)
    second.refuse = status
    session = dial(caller, f"sip:102@{DOMAIN}")
    assert await rings(world, first, second) == [True, True]
    await asyncio.sleep(2)
    assert "answer" in caller.names()
    session.bye()
    await world.settle()


async def test_a_flow_that_is_silent_gives_way_to_the_other() -> None:
    world = World()
    caller, first, second = await two_flows(world)
    world.net.peers.pop(second.peer.host)
    session = dial(caller, f"sip:102@{DOMAIN}")
    assert await rings(world, first) == [False]
    await asyncio.sleep(2)
    assert await rings(world, first) == [True]
    await asyncio.sleep(2)
    session.bye()
    await world.settle()


async def test_busy_is_busy_on_all_flows() -> None:
    world = World()
    caller, first, second = await two_flows(world)
    second.refuse = 486
    dial(caller, f"sip:102@{DOMAIN}")
    assert await rings(world, first, second) == [False, True]
    assert caller.events[-1][:2] == ("failure", 486)
    await world.settle()


async def test_a_flow_is_refreshed_and_taken_back_by_its_number() -> None:
    world = World()
    _, _, second = await two_flows(world)
    await register(second, DESK, 1)
    bindings = world.services.registrar.bindings("102")
    assert sorted(binding.reg_id for binding in bindings) == [1, 2]
    assert {binding.destination.host for binding in bindings} == {"127.15.1.3"}
    await register(second, DESK, 1, expires=0)
    await register(second, DESK, 2, expires=0)
    assert not world.services.registrar.registered("102")
    await world.settle()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((PROXY,), 439),
        ((PROXY, "Path: <sip:127.15.1.9;lr>"), 439),
        ((PROXY, "Path: <sip:127.15.1.9;lr;ob>"), 200),
        (("Contact: <sip:102@127.15.1.2:7000>",), 400),
    ],
)
async def test_what_outbound_needs(headers: tuple[str, ...], status: int) -> None:
    world = World()
    phone = world.phone("102", "127.15.1.2")
    receive = phone.peer.receive
    # What a proxy would take off on the way back.
    phone.peer.receive = lambda data, source: receive(data.replace(f"{PROXY}\r\n".encode(), b""), source)
    answer = await register(phone, DESK, 1, *headers)
    assert answer.status == status
    assert answer.header("Flow-Timer") is None
    await world.settle()


@pytest.mark.parametrize("reg_id", ["0", "x", "-1", "99999999999", "²"])
async def test_a_bad_flow_number(reg_id: str) -> None:
    world = World()
    contact = f'<sip:102@127.15.1.2>;+sip.instance="{DESK}";reg-id={reg_id}'
    answer = await world.phone("102", "127.15.1.2").register("Supported: outbound", contact=contact)
    assert answer.status == 400
    await world.settle()


async def test_service_route_is_told_when_it_is_configured() -> None:
    world = World(config(sip={"service_route": ["<sip:edge.example;lr>", "<sip:core.example;lr>"]}))
    answer = await world.phone("101", "127.15.1.1").register()
    assert answer.header("Service-Route") == "<sip:edge.example;lr>, <sip:core.example;lr>"
    await world.settle()


async def with_gruus(world: World) -> tuple[Phone, Phone, Phone, Any, Any]:
    caller = world.phone("101", "127.15.1.1")
    desk, mobile = world.phone("102", "127.15.1.2"), world.phone("102", "127.15.1.3")
    answers = []
    for phone, instance in ((desk, DESK), (mobile, MOBILE)):
        answer = await register(phone, instance)
        own = next(contact for contact in answer.contacts if contact.uri.host == phone.peer.host)
        answers.append(own.params)
    return caller, desk, mobile, *answers


async def test_a_public_gruu_rings_one_phone() -> None:
    world = World()
    caller, desk, mobile, _, of_mobile = await with_gruus(world)
    assert of_mobile["pub-gruu"] == f"sip:102@{DOMAIN};gr={MOBILE.strip('<>')}"
    session = dial(caller, of_mobile["pub-gruu"])
    assert await rings(world, desk, mobile) == [False, True]
    await asyncio.sleep(2)
    session.bye()
    await world.settle()


async def test_a_temporary_gruu_rings_the_phone_and_does_not_tell_whose_it_is() -> None:
    world = World()
    caller, desk, mobile, of_desk, _ = await with_gruus(world)
    assert "102" not in of_desk["temp-gruu"].partition("@")[0][4:14]
    session = dial(caller, of_desk["temp-gruu"])
    assert await rings(world, desk, mobile) == [True, False]
    await asyncio.sleep(2)
    session.bye()
    await register(desk)  # with another Call-ID: it was started anew
    dial(caller, of_desk["temp-gruu"])
    await asyncio.sleep(1)
    assert caller.events[-1][:2] == ("failure", 480)
    await world.settle()


async def test_a_gruu_of_a_phone_that_is_gone() -> None:
    world = World()
    caller, desk, mobile, of_desk, _ = await with_gruus(world)
    await register(desk, expires=0)
    dial(caller, of_desk["pub-gruu"])
    assert await rings(world, desk, mobile) == [False, False]
    assert caller.events[-1][:2] == ("failure", 480)
    await world.settle()


@pytest.mark.parametrize("user", ["tgruu.", "tgruu.aaaa", "tgruu.!", "tgruu." + "a" * 300])
async def test_a_forged_temporary_gruu_leads_nowhere(user: str) -> None:
    world = World()
    caller = world.phone("101", "127.15.1.1")
    dial(caller, f"sip:{user}@{DOMAIN};gr")
    await asyncio.sleep(1)
    assert caller.events[-1][0] == "failure"
    assert caller.events[-1][1] in (404, 484)
    await world.settle()


# Connections


class Hashable(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


class Office:
    """A registrar and what it tells."""

    def __init__(self) -> None:
        self.clock, self.bus, self.told = LoopClock(), EventBus(), []
        self.store = MemoryLocationStore()
        self.bus.subscribe(RegistrationChanged, lambda event: self.told.append((event.registered, event.reason)))
        self.registrar = Registrar(self.bus, self.clock, self.store)

    def register(
        self, uri: str, host: str, transport: str = "tcp", *, instance: str = "", reg_id: int = 0, call_id: str = "c"
    ) -> Any:
        flow = Hashable(transport=transport, reliable=True, closed=False, successor=None)
        destination = Destination(transport, host, 40000, flow)
        binding = Binding(uri, destination, self.clock.unix() + 600, call_id, 1, (), instance=instance, reg_id=reg_id)
        self.registrar.replace("101", [binding])
        return flow

    def lose(self, flow: Any) -> None:
        flow.closed = True
        self.registrar.flow_lost(flow)


async def test_a_phone_whose_connection_is_gone_is_unreachable_until_it_comes_again() -> None:
    office = Office()
    flow = office.register("sip:101@192.168.0.5:5060", "198.51.100.7", instance=DESK)
    office.lose(flow)
    assert not office.registrar.registered("101")
    assert [binding.lost_at > 0 for binding in office.registrar.held("101")] == [True]
    assert office.told == [(True, ""), (False, "connection_lost")]
    new = office.register("sip:101@192.168.0.5:5061", "198.51.100.7", instance=DESK)
    assert office.registrar.registered("101")
    assert len(office.registrar.held("101")) == 1
    assert office.told[2:] == [(True, "")], "that it went was told before"
    assert live(flow) is new, "calls that go on use the new connection"
    office.registrar.close()


async def test_a_phone_without_an_instance_is_known_by_its_registrations_call_id() -> None:
    office = Office()
    flow = office.register("sip:101@192.168.0.5:50001", "198.51.100.7", call_id="same")
    office.lose(flow)
    new = office.register("sip:101@192.168.0.5:50002", "198.51.100.7", call_id="same")
    assert live(flow) is new
    office.lose(new)
    assert live(flow) is None
    office.registrar.close()


async def test_a_connection_of_another_kind_takes_no_calls_over() -> None:
    office = Office()
    flow = office.register("sip:101@192.168.0.5:50001", "198.51.100.7", call_id="same")
    office.lose(flow)
    office.register("sip:101@192.168.0.5:50002", "198.51.100.7", "tls", call_id="same")
    assert live(flow) is None
    office.registrar.close()


async def test_a_phone_that_listens_at_its_contact_can_be_called_back() -> None:
    office = Office()
    flow = office.register("sip:101@198.51.100.7:5060", "198.51.100.7")
    office.lose(flow)
    assert office.registrar.registered("101")
    destination = office.registrar.bindings("101")[0].destination
    office.registrar.unreachable(destination)
    assert not office.registrar.registered("101"), "until a connection to it cannot be made"
    office.registrar.close()


@pytest.mark.parametrize(
    ("transport", "reg_id", "kept"), [("tcp", 0, True), ("tcp", 1, False), ("tls", 0, False), ("ws", 0, False)]
)
async def test_who_can_be_called_back_after_a_restart(transport: str, reg_id: int, kept: bool) -> None:
    office = Office()
    office.register("sip:101@198.51.100.7:5060", "198.51.100.7", transport, instance=DESK, reg_id=reg_id)
    office.registrar.close()
    after = Registrar(office.bus, office.clock, office.store)
    assert after.restore() == 1
    assert after.registered("101") is kept
    assert after.held("101")[0].reg_id == reg_id
    after.close()


async def test_of_too_many_contacts_those_without_a_connection_go_first() -> None:
    office = Office()
    flows = [office.register(f"sip:101@10.0.0.{n}", "198.51.100.7", instance=f"<urn:uuid:{n}>") for n in range(5)]
    office.lose(flows[3])
    office.register("sip:101@10.0.0.9", "198.51.100.7", instance="<urn:uuid:9>")
    uris = {binding.uri for binding in office.registrar.held("101")}
    assert "sip:101@10.0.0.3" not in uris
    assert len(uris) == 5
    office.registrar.close()


async def test_a_lost_contact_expires_without_being_told_twice() -> None:
    office = Office()
    office.lose(office.register("sip:101@192.168.0.5", "198.51.100.7"))
    await asyncio.sleep(601)
    assert len(office.registrar) == 0
    assert office.told == [(True, ""), (False, "connection_lost")]
    office.registrar.close()
