"""Bad networks, vanished ends, guesses and floods: nothing is stuck, nothing is left (security.md R4, R7, R14, R16)."""

import asyncio
import gc
import statistics
import time
import tracemalloc

import pytest

from pbx.events import Kind
from pbx.sip.address import Destination
from pbx.sip.parser import parse
from tests.pbx.call.sip_world import PBX, World, config
from tests.support.sip_pair import lossy

CHALLENGED = (
    "INVITE sip:{number}@centrala.local SIP/2.0\r\nVia: SIP/2.0/UDP 127.15.3.3:5060;branch=z9hG4bK{n};rport\r\n"
    "From: <sip:{user}@centrala.local>;tag={n}\r\nTo: <sip:{number}@centrala.local>\r\nCall-ID: {n}\r\n"
    "CSeq: 1 INVITE\r\nContact: <sip:x@127.15.3.3>\r\nMax-Forwards: 70\r\n{auth}Content-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_bad_network(seed: int) -> None:
    """20 % loss, 10 % duplicates, reordering: calls complete, and none is stuck."""
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    world.net.link = lossy(seed)
    answered = 0
    for _ in range(20):
        anna.events.clear()
        anna.call("102")
        for _ in range(300):
            await asyncio.sleep(0.1)
            if anna.names()[-1:] in (["answer"], ["failure"]):
                break
        answered += anna.names()[-1:] == ["answer"]
        await asyncio.sleep(2)
        anna.session.end()
        await asyncio.sleep(5)
    assert answered >= 19
    await asyncio.sleep(120)
    await world.settle()
    assert world.journey().count(Kind.CALL_ENDED) == world.journey().count(Kind.CALL_STARTED)


async def test_calls_that_are_never_acknowledged_are_gone() -> None:
    world = World()
    anna = world.phone("101", "127.15.1.1")
    world.net.link = lambda _from, _to, data: () if data.startswith(b"ACK") else (0.001,)
    for _ in range(2):
        anna.call("601")
    await asyncio.sleep(64 * 0.5 + 5)
    assert not world.service.calls
    ended = world.last(Kind.CALL_ENDED)
    assert (ended["cause"], ended["ended_by"]) == ("lost", "pbx")
    await world.settle()


async def test_the_called_phone_is_unreachable() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    world.net.link = lambda _from, to, _data: () if to.host == "127.15.1.2" else (0.001,)
    anna.call("102")
    await asyncio.sleep(35)
    assert anna.events[-1][:2] == ("failure", 408)
    assert world.last(Kind.CALL_ENDED)["cause"] == "no_answer"
    await world.settle()


async def test_both_hang_up_at_once() -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    anna.call("102")
    await asyncio.sleep(3)
    anna.session.bye()
    bob.session.bye()
    await world.settle()
    assert world.journey().count(Kind.CALL_ENDED) == 1


@pytest.mark.parametrize("delay_s", [0.0, 0.0005, 0.001, 0.0015, 0.002, 0.9995, 1.0, 1.0005, 1.001, 1.002, 1.004])
async def test_cancel_at_any_moment(delay_s: float) -> None:
    world = World()
    anna, bob = world.phone("101", "127.15.1.1"), world.phone("102", "127.15.1.2")
    await bob.register()
    session = anna.call("102")
    await asyncio.sleep(delay_s)
    session.cancel()
    await asyncio.sleep(1)
    session.end()
    await world.settle()
    assert world.journey().count(Kind.CALL_ENDED) == world.journey().count(Kind.CALL_STARTED)


async def test_known_and_unknown_accounts_take_the_same_time() -> None:
    world = World(config(extension=[{"number": str(n), "secret": "s" * 12} for n in range(100, 400)]))
    phone = world.phone("101", "127.15.1.1", "wrong")
    answer = await phone.request("REGISTER", "sip:centrala.local", auth=False)
    nonce = answer.header("WWW-Authenticate").split('nonce="')[1].split('"')[0]
    source = Destination("udp", "127.15.1.1", 5060)
    check = world.service.authenticator.check
    taken: dict[str, list[float]] = {"101": [], "999": []}
    for n in range(2000):
        for user, times in taken.items():
            auth = (
                f'Authorization: Digest username="{user}",realm="centrala.local",nonce="{nonce}",'
                f'uri="sip:1@centrala.local",response="{"0" * 32}",qop=auth,nc={n + 1:08x},cnonce="x"\r\n'
            )
            request = parse(CHALLENGED.format(number="1", user=user, n=f"{user}{n}", auth=auth).encode())
            world.service.authenticator.guesses._counts.clear()
            began = time.thread_time()
            verdict = check(request, source)
            times.append(time.thread_time() - began)
            assert verdict.status == 403
    medians = {user: statistics.median(times) for user, times in taken.items()}
    assert abs(medians["101"] - medians["999"]) < 0.0005, medians
    await world.settle()


async def test_a_flood_without_credentials_leaves_nothing_behind() -> None:
    world = World()
    world.net.link = lambda _from, to, _data: () if to.host != PBX else (0.001,)
    source = Destination("udp", "127.15.3.3", 5060)

    def flood(start: int, count: int) -> None:
        for n in range(start, start + count):
            data = CHALLENGED.format(number=n % 1000, user=n % 500, n=n, auth="").encode()
            world.pbx.receive(data, source)

    flood(0, 500)
    await asyncio.sleep(70)
    gc.collect()
    world.net.wire.clear()
    world.pbx.sent.clear()
    world.pbx.heard.clear()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    flood(10_000, 3000)
    world.net.wire.clear()
    world.pbx.sent.clear()
    world.pbx.heard.clear()
    assert not world.service.calls
    assert world.services.counters.challenged == 3500
    await asyncio.sleep(70)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500_000, grown
    assert [event.name for event in world.events] == ["bans"], "scanned for 500 accounts: nobody noticed but the guard"
    await world.settle()
