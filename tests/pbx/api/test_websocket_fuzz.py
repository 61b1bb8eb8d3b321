"""Mutated WebSocket frames in any pieces: nothing is raised or logged, memory stays bounded, nothing takes long (R2).

CENTRALA_FUZZ sets the number of mutations (for a long run); the seed is fixed, so that a fault can be found again.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from types import SimpleNamespace

import pytest
from uvicorn.server import ServerState

from pbx.api.deadlines import GuardedConfig
from pbx.api.websocket import MAX_FRAGMENTS, MAX_MESSAGE, GuardedWebSocket
from tests.support.corpus import entries

EXECUTIONS = int(os.environ.get("CENTRALA_FUZZ", "1500"))
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
)


class Transport:
    """Takes what is written; reading may be paused, then nothing more is given."""

    def __init__(self) -> None:
        self.written = 0
        self.closing = False
        self.reading = True

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 5) if name in ("sockname", "peername") else default

    def write(self, data):
        self.written += len(data)

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    abort = close

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


async def endpoint(scope, receive, send):
    """Accepts, and takes what comes until the end."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "subprotocol": "sip"})
    while (event := await receive())["type"] == "websocket.receive":
        data = event.get("text") or event.get("bytes") or b""
        assert len(data) <= MAX_MESSAGE


def frame(random_, opcode, payload, fin=True, masked=True):
    length = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    mask = bytes(random_.randrange(256) for _ in range(4)) if masked else b""
    flag = 0x80 if masked else 0
    if length < 126:
        head += bytes([flag | length])
    elif length < 65_536:
        head += bytes([flag | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + length.to_bytes(8, "big")
    if masked:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + mask + payload


def seeds(random_):
    sip = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/WS h;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
    return [
        frame(random_, 1, sip),
        frame(random_, 2, b"\xff\xfe" + sip),
        frame(random_, 1, sip[:9], fin=False) + frame(random_, 9, b"ping") + frame(random_, 0, sip[9:]),
        frame(random_, 8, b"\x03\xe8bye"),
        frame(random_, 10, b""),
        frame(random_, 1, "zażółć".encode()),
        frame(random_, 1, b"x" * 70_000),
        frame(random_, 1, b"", fin=False) + frame(random_, 0, b"", fin=False) * (MAX_FRAGMENTS + 5),
        frame(random_, 1, sip, masked=False),
        *(entry.data for entry in entries("ws") if not entry.data.startswith((b"GET", b"POST"))),
    ]


def mutate(random_, data):
    data = bytearray(data)
    for _ in range(random_.randrange(4)):
        if not data:
            break
        at = random_.randrange(len(data))
        choice = random_.randrange(4)
        if choice == 0:
            data[at] = random_.randrange(256)
        elif choice == 1:
            del data[at : at + random_.randrange(1, 9)]
        elif choice == 2:
            data[at:at] = bytes(random_.randrange(256) for _ in range(random_.randrange(1, 9)))
        else:
            data[at] ^= 1 << random_.randrange(8)
    return bytes(data)


async def play(config, data, cuts):
    """One connection that sends `data` in these pieces."""
    protocol = GuardedWebSocket(config, ServerState(), {})
    transport = Transport()
    protocol.connection_made(transport)
    protocol.data_received(HANDSHAKE)
    await asyncio.sleep(0)
    worst = 0.0
    for piece in cuts(data):
        for _ in range(50):
            if transport.reading or transport.closing:
                break
            await asyncio.sleep(0)
        if transport.closing:
            break
        began = time.thread_time()
        protocol.data_received(piece)
        worst = max(worst, time.thread_time() - began)
        assert len(protocol.frames) <= MAX_FRAGMENTS
        assert len(protocol.conn.reader.buffer) <= MAX_MESSAGE + 20
        unfinished = bool(protocol.frames or protocol.conn.reader.buffer)
        assert transport.closing or (protocol.pending_since is not None) is unfinished
    protocol.end(1000)
    protocol.connection_lost(None)
    for task in tuple(config.websocket_tasks):
        await asyncio.wait_for(task, 30)
    assert not config.websockets
    return worst


async def test_mutated_frames(caplog: pytest.LogCaptureFixture) -> None:
    random_ = random.Random(20)
    config = GuardedConfig(endpoint, loop="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    originals = seeds(random_)

    def cuts(data):
        while data:
            size = random_.choice((1, 7, 200, 4096, 1 << 17))
            yield data[:size]
            data = data[size:]

    times = []
    for _ in range(EXECUTIONS):
        data = b"".join(mutate(random_, random_.choice(originals)) for _ in range(random_.randrange(1, 4)))
        times.append(await play(config, data[:150_000], cuts))
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    times.sort()
    assert times[len(times) * 99 // 100] < 0.05


async def test_what_is_used_of_uvicorn_and_websockets_is_there() -> None:
    """Names that are not promised: when they move, this says so first."""
    config = GuardedConfig(endpoint, loop="none", lifespan="off", log_config=None)
    config.load()
    protocol = GuardedWebSocket(config, SimpleNamespace(connections=set(), tasks=set(), default_headers=[]), {})
    assert isinstance(protocol.frames, list)
    assert isinstance(protocol.conn.reader.buffer, bytearray)
    for name in ("handle_connect", "handle_cont", "send_receive_event_to_app", "handle_parser_exception", "run_asgi"):
        assert callable(getattr(protocol, name))
    assert protocol.conn.fail
    assert protocol.conn.send_close
