"""Slow and greedy TCP and HTTP clients at the running PBX (R12): they are closed in time, and harm nobody meanwhile.
The process under test has deadlines of a tenth; the last test looks at the real ones."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from pbx.api import deadlines
from pbx.transport import acceptor, connections
from tests.integration.conftest import House

SLOW = 400
SOURCES = 10
SIP, HTTP, SIPS, HTTPS = 5060, 8080, 5061, 8443
BEGINNINGS = {
    SIP: b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKslow\r\nX: ",
    HTTP: b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
}


def connect(house: House, port: int, host: int) -> socket.socket:
    plug = socket.create_connection((house.host(1), port), 5, (house.host(host), 0))
    plug.setblocking(False)
    return plug


def is_closed(plug: socket.socket) -> bool:
    try:
        return plug.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.fixture
def plugs() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def test_slow_connections_are_closed_and_harm_nobody(house: House, plugs: contextlib.ExitStack) -> None:
    """400 to each port, a quarter of them silent, the others with a byte now and then."""
    slow: list[tuple[socket.socket, bool]] = []
    for n in range(2 * SLOW):
        port, talks = (SIP, HTTP)[n % 2], bool(n // 2 % 4)
        plug = plugs.enter_context(connect(house, port, 100 + n // 2 % SOURCES))
        if talks:
            plug.send(BEGINNINGS[port])
        slow.append((plug, talks))
    began, done, failed = time.monotonic(), 0, 0
    with house.phone("101", host=84) as anna:
        while slow:
            assert time.monotonic() - began < 6, f"{len(slow)} are still open"
            talk = anna.call("601")
            done += 1
            failed += talk.status != 200 or talk.bye() != 200
            assert house.process.get("/healthz")[0] == 200
            for plug, talks in slow:
                with contextlib.suppress(OSError):
                    if talks:
                        plug.send(b"x")
            slow = [(plug, talks) for plug, talks in slow if not is_closed(plug)]
    assert time.monotonic() - began > 2, "they had their time"
    assert failed <= 0.01 * done


def upgrade(plug: socket.socket, host: str) -> None:
    """The WebSocket handshake."""
    plug.setblocking(True)
    plug.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        "Sec-WebSocket-Protocol: sip\r\n\r\n".encode()
    )
    assert plug.recv(4096).startswith(b"HTTP/1.1 101")
    plug.setblocking(False)


def test_slow_handshakes_and_websockets_are_closed_and_harm_nobody(house: House, plugs: contextlib.ExitStack) -> None:
    """300 whose TLS handshake goes on for ever, for SIP and HTTPS, and 100 that never finish a WebSocket message."""
    slow = []
    for n in range(SLOW):
        port = (SIPS, HTTPS, SIPS, HTTP)[n % 4]
        plug = plugs.enter_context(connect(house, port, 120 + n // 4 % SOURCES))
        if port == HTTP:
            upgrade(plug, house.host(1))
            plug.send(b"\x01\x81\0\0\0\0a")
        elif n % 8 < 4:
            plug.send(b"\x16\x03\x01\x02\x00\x01")
        slow.append(plug)
    began, done, failed = time.monotonic(), 0, 0
    with house.phone("101", host=84) as anna:
        while slow:
            assert time.monotonic() - began < 8, f"{len(slow)} are still open"
            talk = anna.call("601")
            done += 1
            failed += talk.status != 200 or talk.bye() != 200
            slow = [plug for plug in slow if not is_closed(plug)]
    assert failed <= 0.01 * done
    with (
        contextlib.closing(connect(house, SIPS, 121)) as plug,
        ssl.create_default_context(cafile=str(house.certificate)).wrap_socket(
            plug, server_hostname=house.host(1), do_handshake_on_connect=False
        ) as friend,
    ):
        friend.settimeout(5)
        friend.do_handshake()


@pytest.mark.parametrize("port", [SIP, HTTP, SIPS, HTTPS])
def test_one_address_gets_64_connections(house: House, port: int, plugs: contextlib.ExitStack) -> None:
    greedy = [plugs.enter_context(connect(house, port, 111)) for _ in range(100)]

    def closed_at_once() -> bool:
        return sum(is_closed(plug) for plug in greedy) >= 100 - 64

    house.until(closed_at_once, "36 closed", 2.0)
    with contextlib.closing(connect(house, port, 112)) as other:
        assert not is_closed(other)


def test_an_answer_that_nobody_reads_is_not_kept(house: House, plugs: contextlib.ExitStack) -> None:
    """Requests one after the other on a connection whose answers are never read."""
    plug = socket.socket()
    plugs.enter_context(plug)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plug.bind((house.host(113), 0))
    plug.connect((house.host(1), HTTP))
    plug.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(deadlines.MAX_AHEAD):  # more are refused at once
            plug.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")

    def gone() -> bool:
        with contextlib.suppress(BlockingIOError):
            try:
                plug.send(b"G")
            except ConnectionError:
                return True
        return False

    house.until(gone, "closed", 8.0)


def test_a_huge_content_length_allocates_nothing(house: House, plugs: contextlib.ExitStack) -> None:
    before = house.rss()
    for port, line in ((SIP, b"OPTIONS sip:x SIP/2.0"), (HTTP, b"POST / HTTP/1.1\r\nHost: x")):
        for _ in range(20):
            plug = plugs.enter_context(connect(house, port, 114))
            head = b"\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKbig\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: big"
            plug.send(line + head + b"\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4294967296\r\n\r\n" + b"x" * 1000)
    assert house.process.get("/healthz")[0] == 200
    assert house.rss() - before < 2 << 20


def test_the_real_deadlines_keep_the_promise() -> None:
    assert connections.MESSAGE_DEADLINE_S + connections.SWEEP_S <= 40
    assert deadlines.REQUEST_DEADLINE_S <= 40
    assert acceptor.HANDSHAKE_S <= 40
    assert connections.PER_SOURCE_LIMIT <= 64
    assert deadlines.PER_SOURCE_LIMIT <= 64
