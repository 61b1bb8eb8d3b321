"""SIP over WebSocket at the HTTP port (RFC 7118): the handshake, messages, keep-alives, limits, hostile frames."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pbx.api import server
from pbx.api import websocket as guarded
from pbx.api.public import public_app
from pbx.api.server import HttpServer
from pbx.api.sip_websocket import sip_route
from pbx.config import Tls
from pbx.transport import acceptor, connections
from pbx.transport.tls import Certificates
from tests.pbx.transport.test_driver import Node, until
from tests.support.certificates import Authority
from tests.support.corpus import entries

HOST = "127.0.0.1"
OPTIONS = (
    "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK{0}\r\nMax-Forwards: 70\r\n"
    "From: <sip:a@a>;tag=f\r\nTo: <sip:b@b>\r\nCall-ID: {0}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Site(Node):
    """A driver whose HTTP port takes WebSockets."""

    def __init__(self, origins=(), **config):
        super().__init__(**config)
        routes = [sip_route(self.driver.websocket, origins)]
        self.http = HttpServer(public_app(lambda: {"status": "ok"}, None, "text/plain", routes), host=HOST)

    async def __aenter__(self):
        await super().__aenter__()
        await self.http.start()
        self.port = self.http.address[1]
        return self

    async def __aexit__(self, *_):
        await self.http.stop()
        await super().__aexit__()

    @property
    def stats(self):
        return self.driver.stats.ws

    def open(self, **more):
        more.setdefault("subprotocols", ["sip"])
        return connect(f"ws://{HOST}:{self.port}/ws", **more)

    async def raw(self, data=b""):
        """A connection after its handshake, for frames that no library would write."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        key = base64.b64encode(b"0123456789abcdef").decode()
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"101" in head.splitlines()[0]
        writer.write(data)
        return reader, writer


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(connections, "SWEEP_S", 0.02)
    monkeypatch.setattr(connections, "MESSAGE_DEADLINE_S", 0.2)
    monkeypatch.setattr(connections, "IDLE_S", 0.4)


@pytest.mark.parametrize("binary", [False, True])
async def test_a_request_is_answered_on_its_connection(binary):
    async with Site() as site, site.open() as phone:
        assert phone.subprotocol == "sip"
        for number in range(3):
            text = OPTIONS.format(number)
            await phone.send(text.encode() if binary else text)
            answer = await asyncio.wait_for(phone.recv(), 30)
            assert answer.startswith("SIP/2.0 200")
            assert f"Call-ID: {number}\r\n" in answer
        assert site.recorder.requests[0].source.transport == "ws"
        assert site.stats.received == 3
        assert site.stats.sent == 3
        assert site.driver.connections_of("ws") == 1


async def test_nobody_writes_another_source_into_a_header():
    async with Site() as site, site.open(additional_headers={"X-Forwarded-For": "192.0.2.77"}) as phone:
        await phone.send(OPTIONS.format("a"))
        await phone.recv()
        assert site.recorder.requests[0].source.host == HOST


async def test_the_connection_is_forgotten_when_it_ends():
    async with Site() as site:
        async with site.open() as phone:
            await phone.send(OPTIONS.format("a"))
            await phone.recv()
            flow = site.recorder.requests[0].source.flow
        await until(lambda: flow.closed and not site.driver.connections)
        assert not site.http._config.per_source
        await until(lambda: not site.http._config.websockets and not site.http._config.websocket_tasks)


async def test_a_registration_hears_of_its_lost_connection():
    async with Site() as site:
        lost = []
        site.driver.on_flow_lost = lost.append
        async with site.open() as phone:
            await phone.send(OPTIONS.format("a"))
            await phone.recv()
            flow = site.recorder.requests[0].source.flow
            flow.keep(60)
        await until(lambda: lost == [flow])


async def test_a_ping_of_two_crlf_gets_a_pong():
    async with Site() as site, site.open() as phone:
        await phone.send("\r\n\r\n")
        assert await asyncio.wait_for(phone.recv(), 30) == "\r\n"
        await phone.send("")
        await phone.send("\r\n")
        await until(lambda: site.stats.keepalives == 3)


async def test_what_is_no_sip_is_refused_and_the_connection_goes_on():
    async with Site() as site, site.open() as phone:
        await phone.send("hello")
        await phone.send("INVITE sip:x SIP/2.0\r\n\r\n")
        await phone.send(OPTIONS.format("a"))
        answers = [await asyncio.wait_for(phone.recv(), 30)]
        while "CSeq: 1 OPTIONS" not in answers[-1]:
            answers.append(await asyncio.wait_for(phone.recv(), 30))
        assert site.stats.parse_errors == 2


async def test_the_subprotocol_must_be_sip():
    async with Site() as site:
        for subprotocols in (None, ["chat"]):
            with pytest.raises(InvalidStatus) as refused:
                await site.open(subprotocols=subprotocols)
            assert refused.value.response.status_code == 400
        assert site.stats.handshake_failures == 2


@pytest.mark.parametrize(
    ("origins", "origin", "welcome"),
    [
        ((), None, True),
        ((), "http://127.0.0.1:{port}", True),
        ((), "http://127.0.0.1", False),
        ((), "https://evil.example", False),
        ((), "null", False),
        ((), "http://[", False),
        (("https://phone.example",), "https://phone.example", True),
        (("https://phone.example",), "https://phone.example:8443", False),
        (("*",), "https://evil.example", True),
    ],
)
async def test_the_origin_of_a_page_decides(origins, origin, welcome):
    async with Site(origins) as site:
        headers = {"Origin": origin.format(port=site.port)} if origin else {}
        if welcome:
            async with site.open(additional_headers=headers) as phone:
                await phone.send("\r\n\r\n")
                assert await phone.recv() == "\r\n"
        else:
            with pytest.raises(InvalidStatus) as refused:
                await site.open(additional_headers=headers)
            assert refused.value.response.status_code == 403


async def test_one_source_gets_no_more_than_its_share():
    async with Site(max_connections_per_source=3) as site:
        phones = [await site.open() for _ in range(3)]
        with pytest.raises(InvalidStatus) as refused:
            await site.open()
        assert refused.value.response.status_code == 503
        assert site.stats.connections_refused == 1
        await phones[0].close()
        await until(lambda: site.driver.connections == 2)
        phones.append(await site.open())
        for phone in phones:
            await phone.close()


async def test_phones_do_not_take_the_place_of_those_who_ask_for_pages():
    async with Site(max_connections_per_source=600) as site:
        site.http._config.limit_concurrency = 2
        phones = [await site.open() for _ in range(5)]
        reader, writer = await asyncio.open_connection(HOST, site.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in await reader.read()
        writer.close()
        for phone in phones:
            await phone.close()


async def test_an_idle_connection_is_closed_but_not_one_that_is_kept(fast):
    async with Site() as site, site.open() as phone:
        await phone.send(OPTIONS.format("a"))
        await phone.recv()
        flow = site.recorder.requests[0].source.flow
        flow.keep(0.8)
        await asyncio.sleep(0.6)
        assert not flow.closed
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(phone.recv(), 30)
        assert closed.value.rcvd.code == 1000
        assert site.stats.closed_idle == 1


@pytest.mark.parametrize("frames", [b"\x01\x81\0\0\0\0a", b"\x81\xfe\x10"], ids=["fragment", "header"])
async def test_an_unfinished_message_is_not_waited_for(fast, frames):
    async with Site() as site:
        reader, writer = await site.raw(frames)
        await asyncio.wait_for(reader.read(), 30)
        assert site.stats.closed_slow == 1
        writer.close()


async def test_a_peer_that_does_not_read_is_closed(monkeypatch):
    monkeypatch.setattr("pbx.transport.websocket.WRITE_LIMIT", 20_000)
    async with Site() as site:
        reader, writer = await site.raw()
        frame = _text(OPTIONS.format("a").encode())
        writer.write(frame)
        await reader.read(10)
        flow = site.recorder.requests[0].source.flow
        flow.keep(60)
        for _ in range(2000):
            flow.send(b"x" * 10_000, ("", 0))
            if flow.closed:
                break
        assert flow.closed
        assert site.stats.closed_slow == 1
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(reader.read(1 << 20), 10):
                pass
        await until(lambda: not site.driver.connections)
        writer.close()


async def test_a_message_over_64_kib_ends_the_connection():
    async with Site() as site, site.open() as phone:
        with contextlib.suppress(ConnectionClosed):
            await phone.send(b"x" * (guarded.MAX_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(phone.recv(), 30)
        assert closed.value.rcvd.code == 1009


async def test_empty_fragments_without_end_are_cut_off():
    async with Site() as site:
        reader, writer = await site.raw(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 100)
        data = await asyncio.wait_for(reader.read(), 30)
        assert data[:4] == b"\x88\x14\x03\xf1"  # close 1009
        writer.close()


async def test_one_connection_that_sends_without_pause_does_not_hold_the_others():
    async with Site() as site:
        _, greedy = await site.raw(_text(b"\r\n") * 20_000)
        async with site.open() as phone:
            await phone.send(OPTIONS.format("b"))
            assert (await asyncio.wait_for(phone.recv(), 30)).startswith("SIP/2.0 200")
        greedy.close()


@pytest.mark.parametrize("entry", entries("ws"), ids=lambda entry: entry.name)
async def test_hostile_bytes_of_the_corpus(fast, entry, caplog):
    """Whole handshakes of it come to the port as they are, frames after a good handshake. Both end, and harm nobody."""
    async with Site() as site:
        data = entry.data
        if data[:4] in (b"GET ", b"POST"):
            reader, writer = await asyncio.open_connection(HOST, site.port)
            writer.write(data)
        else:
            reader, writer = await site.raw(data)
        async with site.open() as phone:
            await phone.send(OPTIONS.format("a"))
            assert (await asyncio.wait_for(phone.recv(), 30)).startswith("SIP/2.0 200")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 30)
        await until(lambda: not site.driver.connections)
        assert not caplog.records


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


class SecureSite(Site):
    """The same over TLS."""

    def __init__(self, authority):
        super().__init__()
        self.authority = authority
        certificate, key = authority.certify(HOST)
        self.certificates = Certificates(Tls(certificate=certificate, key=key))
        self.certificates.load()
        routes = [sip_route(self.driver.websocket, ())]
        app = public_app(lambda: {"status": "ok"}, None, "text/plain", routes)
        self.http = HttpServer(app, host=HOST, tls=self.certificates.server_context)

    @property
    def stats(self):
        return self.driver.stats.wss

    def open(self, **more):
        context = ssl.create_default_context(cafile=self.authority.ca)
        return connect(f"wss://{HOST}:{self.port}/ws", subprotocols=["sip"], ssl=context, **more)


async def test_wss_and_a_new_certificate_without_a_restart(authority):
    async with SecureSite(authority) as site, site.open() as phone:
        await phone.send(OPTIONS.format("a"))
        assert (await asyncio.wait_for(phone.recv(), 30)).startswith("SIP/2.0 200")
        assert site.recorder.requests[0].source.transport == "wss"
        authority.certify(HOST)
        site.certificates.load()
        async with site.open(origin=f"https://{HOST}:{site.port}") as other:
            numbers = [
                each.transport.get_extra_info("ssl_object").getpeercert()["serialNumber"] for each in (phone, other)
            ]
            assert numbers[0] != numbers[1]
        await phone.send(OPTIONS.format("b"))
        assert (await asyncio.wait_for(phone.recv(), 30)).startswith("SIP/2.0 200")
        assert site.stats.received == 2


async def test_silent_handshakes_do_not_take_all_places(authority, monkeypatch):
    monkeypatch.setattr(acceptor, "HANDSHAKE_S", 0.3)
    monkeypatch.setattr(server, "PER_SOURCE_LIMIT", 3)
    async with SecureSite(authority) as site:
        silent = [await asyncio.open_connection(HOST, site.port) for _ in range(5)]
        for reader, writer in silent:
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 30)
            writer.close()
        assert site.http.handshake_failures == 3
        async with site.open() as phone:
            await phone.send("\r\n\r\n")
            assert await phone.recv() == "\r\n"


def _text(data):
    """A masked text frame of fewer than 64 KiB."""
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + data
