"""Power is cut while deliveries go out, again and again (R17): what was acknowledged arrives, under one id each.

Each cycle starts the PBX on the same database, lets programs ask for deliveries as fast as they are answered while
agents come and go, and kills it at a random moment. The receiver answers some with an error. What it gets twice has the
same id twice; what was acknowledged it gets at least once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pbx.api.client import ControlClient, ControlError
from pbx.webhooks.signature import verify
from tests.integration.forks import Forks

CYCLES = 5
TAKEN = (30, 80)
PATIENCE_S = 30.0
PROGRAMS = 3
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
listen = ["udp:{host}:5060"]
[media]
listen = "{host}"
port_min = 20000
port_max = 20099
realtime = false
[http]
listen = ""
networks = ["127.0.0.0/8"]
[store]
flush_ms = 20
[outbox]
retry_min_s = 0.05
retry_max_s = 0.2
[[extension]]
number = "101"
secret = "a-long-secret-1"
[[agent]]
extension = "101"
[[queue]]
name = "sales"
agents = ["101"]
"""


class Receiver(BaseHTTPRequestHandler):
    """Keeps what came; refuses every seventh."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    secret = ""
    count = 0
    got: dict[str, list[tuple[str, str, int]]] = defaultdict(list)  # event -> (delivery, type, sequence)
    unsigned = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        with self.lock:
            mine = type(self)
            mine.count += 1
            mine.unsigned += not verify(self.headers["Centrala-Signature"], body, self.secret, time.time())
            mine.got[event["id"]].append((self.headers["Centrala-Delivery"], event["type"], event["sequence"]))
            status = 503 if mine.count % 7 == 0 else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def net() -> str:
    return f"127.26.{os.getpid() % 250 + 1}"


@pytest.fixture
def receiver(net: str) -> Iterator[str]:
    server = ThreadingHTTPServer((f"{net}.9", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{net}.9:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def pbx(tmp_path: Path, net: str) -> Iterator[Forks]:
    forks = Forks(tmp_path, CONFIG.replace("{host}", f"{net}.1"))
    yield forks
    forks.close()


class Program:
    """Asks for deliveries until the PBX is gone; remembers what was taken."""

    def __init__(self, control: ControlClient, hook: str) -> None:
        self.taken: list[str] = []
        self._thread = threading.Thread(target=self._work, args=(control, hook), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._thread.join()

    def _work(self, control: ControlClient, hook: str) -> None:
        with contextlib.suppress(ControlError, OSError, ValueError, HTTPException):
            for count in range(10_000):
                self.taken.append(control.request("POST", f"/webhooks/{hook}/ping")["event"])
                if count % 10 == 0:
                    state = "break" if count % 20 else "available"
                    control.request("POST", "/agents/101", {"state": state})


@pytest.mark.timeout(120)
def test_power_is_cut_while_deliveries_go_out(pbx: Forks, receiver: str) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    taken: list[str] = []
    hook = ""
    for _ in range(CYCLES):
        pbx.start()
        if not hook:
            made = pbx.control.request("POST", "/webhooks", {"url": receiver, "events": ["agent.state"]})
            hook, Receiver.secret = made["id"], made["secret"]
        programs = [Program(pbx.control, hook) for _ in range(PROGRAMS)]
        wanted, deadline = rng.randint(*TAKEN), time.monotonic() + PATIENCE_S
        while sum(len(program.taken) for program in programs) < wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        pbx.kill()
        for program in programs:
            program.stop()
            taken += program.taken
    pbx.start()
    deadline = time.monotonic() + PATIENCE_S
    while pbx.control.get("/outbox?state=pending"):
        assert time.monotonic() < deadline, pbx.control.get("/outbox/targets")
        time.sleep(0.05)
    pbx.kill()
    got = Receiver.got
    assert len(taken) >= CYCLES * 20
    assert not set(taken) - set(got), "acknowledged and never delivered"
    assert all(len(set(deliveries)) == 1 for deliveries in got.values()), "a repetition has the same id and number"
    assert Receiver.unsigned == 0
    assert any(len(deliveries) > 1 for deliveries in got.values()), "some were refused, or cut off"
    numbers = [deliveries[0][2] for deliveries in got.values()]
    assert len(set(numbers)) == len(numbers), "no number is given twice"
    assert {kind for deliveries in got.values() for _id, kind, _number in deliveries} == {"ping", "agent.state"}
    with contextlib.closing(sqlite3.connect(pbx.data / "centrala.db")) as database:
        states = dict(database.execute("select state, count(*) from outbox group by state").fetchall())
    assert set(states) == {"delivered"}, states
    assert "Traceback" not in pbx.text()
