"""What 500 clients of the live stream cost: the same calls without and with them, in turns, counted in processor time.

The clients are a process of their own, which reads and counts. `python -m bench.load.live_clients HOST TOKEN COUNT` is
that process: it says "ready", and at the end of its input how many messages and octets came.
"""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import signalling
from bench.load.machine import LOAD_CPUS
from bench.load.pbx import HOST, Pbx
from pbx.api.client import ControlClient

CLIENTS = 500
CALLS_PER_S = 5.0  # some 60 events a second
HOLD_MS = 4000
ROOM = {
    "CENTRALA_LIVE__MAX_CLIENTS_PER_PERSON": "1000",
    "CENTRALA_API__REQUESTS_PER_S": "1000",
    "CENTRALA_API__BURST": "1000",
}


@contextmanager
def clients(token: str, count: int = CLIENTS) -> Iterator[None]:
    """So many who watch everything. Raises RuntimeError when they cannot, or hear nothing."""
    command = [*LOAD_CPUS, sys.executable, "-m", __name__, HOST, token, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the clients of the live stream could not connect")
        yield
        process.stdin.close()
        messages, octets, fewest = (int(word) for word in process.stdout.readline().split())
        if not fewest:
            raise RuntimeError(f"a client heard nothing; all together {messages} messages, {octets} octets")
    finally:
        process.kill()
        process.wait()


def load(pbx: Pbx, folder: Path, seconds: float) -> float:
    """Per cent of a core that the PBX takes at CALLS_PER_S."""
    began, before = time.monotonic(), pbx.cpu_s()
    signalling.run_at(pbx, folder, signalling.BRIDGED, CALLS_PER_S, seconds, HOLD_MS)
    return 100.0 * (pbx.cpu_s() - before) / (time.monotonic() - began)


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """What the clients add, and what the calls alone take."""
    os.environ.update(ROOM)
    try:
        with Pbx(folder) as pbx, signalling.answering_phone(folder):
            control = ControlClient(folder / "var" / "control.sock")
            control.request("POST", "/users", {"login": "bench", "role": "supervisor"})
            token = control.request("POST", "/tokens", {"name": "bench", "user": "bench"})["token"]
            load(pbx, folder, 2.0)
            alone = load(pbx, folder, seconds)
            with clients(token):
                watched = load(pbx, folder, seconds)
                before, began = pbx.cpu_s(), time.monotonic()
                time.sleep(seconds / 4)
                idle = 100.0 * (pbx.cpu_s() - before) / (time.monotonic() - began)
    finally:
        for name in ROOM:
            del os.environ[name]
    return {
        "live_500_core_percent": watched - alone,
        "live_500_idle_core_percent": idle,
        "live_without_core_percent": alone,
    }


class _Client(asyncio.Protocol):
    """Sends the handshake, then counts what comes."""

    def __init__(self, host: str, token: str) -> None:
        self._host, self._token = host, token
        self.reads = self.octets = 0
        self.upgraded: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /api/v1/live HTTP/1.1",
            f"Host: {self._host}:8080",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Authorization: Bearer {self._token}",
        )
        transport.write("\r\n".join((*lines, "", "")).encode())

    def data_received(self, data: bytes) -> None:
        if not self.upgraded.done():
            self.upgraded.set_result(data.startswith(b"HTTP/1.1 101"))
            return
        self.reads += 1
        self.octets += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.upgraded.done():
            self.upgraded.set_result(False)


async def watch(host: str, token: str, count: int) -> None:
    loop = asyncio.get_running_loop()
    found: list[_Client] = []
    for _ in range(count):
        _transport, client = await loop.create_connection(lambda: _Client(host, token), host, 8080)
        if not await client.upgraded:
            print("refused", flush=True)
            return
        found.append(client)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    reads = [client.reads for client in found]
    print(sum(reads), sum(client.octets for client in found), min(reads), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(watch(sys.argv[1], sys.argv[2], int(sys.argv[3])))
