"""TCP connections: framing, keep-alive, limits for slow and greedy ones (security.md R12), closing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest

from pbx.transport import connections, stream
from tests.pbx.transport.test_driver import Node, until
from tests.support.sip_pair import SDP


def options(cseq=1, branch="z9hG4bKa"):
    return (
        f"OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch={branch}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:a@a>;tag=f\r\nTo: <sip:b@b>\r\nCall-ID: c{branch}\r\nCSeq: {cseq} OPTIONS\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


async def connect(node):
    return await asyncio.open_connection(node.host, node.tcp)


async def test_messages_in_pieces_and_together():
    async with Node() as node:
        reader, writer = await connect(node)
        first, second = options(1, "z9hG4bKa"), options(1, "z9hG4bKb")
        for piece in (first[:10], first[10:200], first[200:] + second):
            writer.write(piece)
            await asyncio.sleep(0.02)
        data = b""
        while data.count(b"SIP/2.0 200") < 2:
            data += await asyncio.wait_for(reader.read(4096), 30)
        writer.close()


async def test_a_double_crlf_is_answered_with_one():
    async with Node() as node:
        reader, writer = await connect(node)
        writer.write(b"\r\n\r\n")
        assert await asyncio.wait_for(reader.read(100), 30) == b"\r\n"
        assert node.driver.stats.tcp.keepalives == 1
        writer.close()


async def test_what_cannot_be_framed_is_answered_and_closed():
    async with Node() as node:
        reader, writer = await connect(node)
        writer.write(options().replace(b"Content-Length: 0", b"Content-Length: 4294967295"))
        data = await asyncio.wait_for(reader.read(), 30)
        assert data == b"" or data.startswith(b"SIP/2.0 4") or data.startswith(b"SIP/2.0 513")
        await until(lambda: node.driver.connections == 0)
        writer.close()


async def test_one_source_gets_no_more_than_its_share():
    async with Node(max_connections_per_source=3) as node:
        pairs = [await connect(node) for _ in range(5)]
        await until(lambda: node.driver.stats.tcp.connections_refused == 2)
        await until(lambda: node.driver.connections == 3)
        for _, writer in pairs:
            writer.close()
        await until(lambda: node.driver.connections == 0)


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(connections, "SWEEP_S", 0.02)
    monkeypatch.setattr(connections, "MESSAGE_DEADLINE_S", 0.2)
    monkeypatch.setattr(connections, "IDLE_S", 0.4)


@pytest.mark.parametrize("sent", [b"", b"OPTIONS sip:x@y SIP/2.0\r\n"])
async def test_a_connection_that_does_not_finish_a_message_is_closed(fast, sent):
    async with Node() as node:
        reader, writer = await connect(node)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert node.driver.stats.tcp.closed_slow == 1
        writer.close()


async def test_dripping_bytes_do_not_prolong_the_deadline(fast):
    async with Node() as node:
        reader, writer = await connect(node)
        message = options()

        async def drip():
            for at in itertools.count():  # for ever: on a slow machine no message would be long enough
                writer.write(message[at % 40 : at % 40 + 1])
                await asyncio.sleep(0.03)

        dripping = asyncio.create_task(drip())
        with contextlib.suppress(ConnectionResetError):  # a byte that comes after the close is answered with a reset
            assert await asyncio.wait_for(reader.read(), 30) == b""
        await until(lambda: node.driver.stats.tcp.closed_slow == 1)
        dripping.cancel()
        writer.close()


async def test_an_idle_connection_is_closed_but_not_one_that_is_kept(fast):
    async with Node() as node:
        reader, writer = await connect(node)
        writer.write(options())
        await asyncio.wait_for(reader.read(4096), 30)
        flow = node.recorder.requests[0].source.flow
        flow.keep(1.0)
        await asyncio.sleep(0.7)
        assert not flow.closed
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert node.driver.stats.tcp.closed_idle == 1
        writer.close()


async def test_a_connection_with_a_call_is_not_idle(fast):
    async with Node() as alice, Node() as bob:
        session = alice.call(bob, "tcp")
        await until(lambda: session.state == "confirmed")
        await asyncio.sleep(0.8)
        assert bob.driver.connections == 1
        session.bye()
        await until(lambda: bob.driver.connections == 0)


async def test_a_peer_that_does_not_read_is_closed(monkeypatch):
    monkeypatch.setattr(stream, "WRITE_LIMIT", 20_000)
    async with Node() as node:
        reader, writer = await connect(node)
        reader._transport.pause_reading()
        writer.write(options())
        await until(lambda: node.recorder.requests)
        flow = node.recorder.requests[0].source.flow
        for _ in range(20_000):
            flow.send(b"x" * 1000, ("", 0))
            if flow.closed:
                break
        assert flow.closed
        assert node.driver.stats.tcp.closed_slow == 1
        writer.close()


async def test_a_call_goes_on_over_a_new_connection_when_the_old_one_is_gone():
    async with Node() as alice, Node() as bob:
        session = alice.call(bob, "tcp", body=SDP)
        await until(lambda: session.state == "confirmed")
        for flow in tuple(alice.driver._connections._flows):
            flow.close()
        await until(lambda: alice.driver.connections == 0)
        session.bye()
        await until(lambda: bob.recorder.names()[-1] == "ended")


async def test_a_connection_of_ours_that_is_needed_is_kept_and_pinged(fast, monkeypatch):
    monkeypatch.setattr(connections, "PING_S", 0.1)
    async with Node() as alice, Node() as bob:
        alice.driver.more_peers = lambda: [bob.to("tcp")]
        alice.ua.request(
            "OPTIONS",
            uri="sip:b",
            destination=bob.to("tcp"),
            from_="<sip:a@a>",
            to="<sip:b@b>",
            on_response=lambda *_: None,
        )
        await until(lambda: bob.recorder.requests)
        bob.recorder.requests[0].source.flow.keep(60)
        await until(lambda: bob.driver.stats.tcp.keepalives >= 3)
        await asyncio.sleep(0.6)
        assert alice.driver.connections == 1, "longer than an idle one lives"


async def test_who_needs_a_connection_of_ours_hears_of_its_end():
    async with Node() as alice, Node() as bob:
        lost = []
        alice.driver.on_way_lost = lost.append
        session = alice.call(bob, "tcp")
        await until(lambda: session.state == "confirmed")
        bob.recorder.requests.clear()
        bob.driver._connections.close()
        await until(lambda: lost)
        assert [place[:3] for place in lost] == [("tcp", bob.host, bob.tcp)]
    assert len(lost) == 1, "its own stop is no loss"
