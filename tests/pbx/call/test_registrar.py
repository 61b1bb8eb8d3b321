"""REGISTER over real SIP, and the bindings behind it."""

import asyncio

from pbx.call.location import Binding, MemoryLocationStore
from pbx.call.registrar import Registrar
from pbx.call.testing import LoopClock
from pbx.events import EventBus, RegistrationChanged
from pbx.sip.address import Destination
from tests.pbx.call.sip_world import PBX, World


def contacts(world: World, number: str = "101") -> list[str]:
    return [binding.uri for binding in world.services.registrar.bindings(number)]


async def test_register_refresh_list_and_unregister() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    answer = await phone.register(expires=600)
    assert answer.status == 200
    assert answer.header("Contact") == "<sip:101@127.15.1.1:5060>;expires=600"
    await asyncio.sleep(100)
    listing = await phone.request("REGISTER", "sip:centrala.local")
    assert listing.header("Contact") == "<sip:101@127.15.1.1:5060>;expires=500"
    await phone.register(expires=600)
    assert len(contacts(world)) == 1
    gone = await phone.register(expires=0)
    assert (gone.status, gone.header("Contact")) == (200, None)
    assert contacts(world) == []
    told = [(e.registered, round(e.expires_s)) for e in world.events if isinstance(e, RegistrationChanged)]
    assert told == [(True, 600), (True, 600), (False, 0)]
    await world.settle()


async def test_several_contacts_and_star() -> None:
    world = World()
    desk, mobile = world.phone("101", "127.15.1.1"), world.phone("101", "127.15.1.2")
    await desk.register()
    await mobile.register(contact="<sip:101@127.15.1.2:5060>;q=0.5")
    assert len(contacts(world)) == 2
    answer = await desk.request("REGISTER", "sip:centrala.local", "Contact: *", "Expires: 0")
    assert answer.status == 200
    assert contacts(world) == []
    bad = await desk.request("REGISTER", "sip:centrala.local", "Contact: *", "Expires: 60")
    assert bad.status == 400
    await world.settle()


async def test_bindings_expire_by_themselves() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    await phone.register(expires=60)
    await asyncio.sleep(59)
    assert contacts(world)
    await asyncio.sleep(2)
    assert contacts(world) == []
    assert world.events[-1].registered is False
    await world.settle()


async def test_expiry_limits() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    brief = await phone.register(expires=10)
    assert (brief.status, brief.header("Min-Expires")) == (423, "60")
    long = await phone.register(expires=1_000_000)
    assert long.header("Contact").endswith(";expires=3600")
    by_contact = await phone.register(contact="<sip:101@127.15.1.1>;expires=120")
    assert "<sip:101@127.15.1.1>;expires=120" in by_contact.headers("Contact")
    await world.settle()


async def test_wrong_password_unknown_user_and_foreign_account_look_alike() -> None:
    world = World()
    wrong = await world.phone("101", "127.15.1.1", "wrong").register()
    unknown = await world.phone("777", "127.15.1.2", "wrong").register()
    assert (wrong.status, wrong.reason) == (unknown.status, unknown.reason) == (403, "Forbidden")
    first = await world.phone("101", "127.15.1.3").request("REGISTER", "sip:x", auth=False)
    other = await world.phone("777", "127.15.1.4", "x").request("REGISTER", "sip:x", auth=False)
    names = ("WWW-Authenticate", "Content-Length")
    assert first.status == other.status == 401
    assert [len(first.headers(n)) for n in names] == [len(other.headers(n)) for n in names]
    thief = await world.phone("102", "127.15.1.5").request(
        "REGISTER", "sip:centrala.local", "Contact: <sip:102@127.15.1.5>", to="<sip:101@centrala.local>"
    )
    assert thief.status == 403
    assert len(world.services.registrar) == 0
    await world.settle()


async def test_contacts_that_lead_back_here_are_refused() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    for contact in (f"<sip:102@{PBX}:5060>", f"<sip:102@{PBX}>", "<sip:102@centrala.local>"):
        assert (await phone.register(contact=contact)).status == 403
    assert (await phone.register(contact="<tel:+48221112233>")).status == 400
    assert contacts(world) == []
    await world.settle()


async def test_nat_and_path() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    await phone.register(contact="<sip:101@192.168.1.7:6000>")
    binding = world.services.registrar.bindings("101")[0]
    assert binding.destination[:3] == ("udp", "127.15.1.1", 5060)
    assert binding.uri == "sip:101@192.168.1.7:6000"
    await phone.register("Supported: path", "Path: <sip:127.15.1.1;lr>", contact="<sip:101@10.1.1.1>")
    binding = world.services.registrar.bindings("101")[1]
    assert binding.path == ("<sip:127.15.1.1;lr>",)
    await phone.register(contact="<sip:101@127.15.1.1:7000>")
    assert world.services.registrar.bindings("101")[2].destination.port == 7000
    await world.settle()


async def test_an_instance_has_one_contact_and_the_oldest_goes_when_there_are_too_many() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    for port in (1000, 2000):
        answer = await phone.register(contact=f'<sip:101@127.15.1.1:{port}>;+sip.instance="<urn:uuid:1>"')
        assert 'instance="<urn:uuid:1>"' in answer.header("Contact")
    assert contacts(world) == ["sip:101@127.15.1.1:2000"]
    for port in range(3000, 3005):
        await asyncio.sleep(1)
        await phone.register(contact=f"<sip:101@127.15.1.1:{port}>")
    assert contacts(world) == [f"sip:101@127.15.1.1:{port}" for port in range(3000, 3005)]
    many = ",".join(f"<sip:101@127.15.1.1:{port}>" for port in range(1, 7))
    assert (await phone.register(contact=many)).status == 403
    await world.settle()


async def test_guessing_is_stopped_without_harm_to_the_registered_phone() -> None:
    world = World()
    phone = world.phone("101", "127.15.1.1")
    assert (await phone.register()).status == 200
    phone.secret, good = "guess", phone.secret
    for _ in range(40):
        assert (await phone.register()).status == 403
    verdicts = world.services.counters.forbidden
    assert verdicts == 40
    phone.secret = good
    assert (await phone.register()).status == 200, "the phone itself is known by its registration"
    phone.secret, phone.number = "one-zero-two", "102"
    assert (await phone.register()).status == 403, "no more guesses from this address"
    await asyncio.sleep(61)
    assert (await phone.register()).status == 200
    await world.settle()


async def test_bindings_survive_a_restart() -> None:
    clock, bus, store = LoopClock(), EventBus(), MemoryLocationStore()
    before = Registrar(bus, clock, store)
    destination = Destination("udp", "127.15.1.1", 5060, None)
    for number, seconds in (("101", 100), ("102", 10)):
        before.replace(
            number, [Binding(f"sip:{number}@h", destination, clock.unix() + seconds, "c", 7, ("<sip:p;lr>",))]
        )
    before.close()
    await asyncio.sleep(20)
    after = Registrar(bus, clock, store)
    assert after.restore() == 1
    binding = after.bindings("101")[0]
    assert (binding.destination, binding.cseq, binding.path) == (destination, 7, ("<sip:p;lr>",))
    await asyncio.sleep(100)
    assert not after.registered("101")
    after.close()


async def test_a_phone_with_an_ipv6_address_that_listens_elsewhere() -> None:
    world = World()
    phone = world.phone("101", "2001:db8::5")
    await phone.register(contact="<sip:101@[2001:DB8:0::5]:6000>")
    assert world.services.registrar.bindings("101")[0].destination[:3] == ("udp", "2001:db8::5", 6000)
    await phone.register(contact="<sip:101@[fd00::7]:6000>")
    assert world.services.registrar.bindings("101")[1].destination[:3] == ("udp", "2001:db8::5", 5060)
    await world.settle()


async def test_guesses_of_one_ipv6_network_are_counted_together() -> None:
    world = World()
    for n in range(30):
        await world.phone("101", f"2001:db8::{n:x}", "guess").register()
    assert (await world.phone("102", "2001:db8::ffff:1").register()).status == 403, "no more guesses from there"
    assert (await world.phone("102", "2001:db8:0:1::1").register()).status == 200, "another network"
    await world.settle()
