"""Power is cut under load, again and again (R17): what was acknowledged is there afterwards, once.

Each cycle starts the PBX on the same database, lets callers give up in a queue and a program open and close contacts,
and kills it at a random moment. Acknowledged is: a request that was answered, an item that a list showed, and a caller
whose call had begun more than SETTLED_S before the kill - whether he had hung up or still waited.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.api.client import ControlClient, ControlError
from tests.integration.fork_server import Forks
from tests.integration.impatient import Impatient

CYCLES = 20
SETTLED_S = 1.0
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
listen = ["udp:{host}:5060"]
[media]
listen = "{host}"
port_min = 20000
port_max = 20199
realtime = false
[http]
listen = ""
[store]
flush_ms = 50
[contacts]
short_abandon = "open"
[[trunk]]
name = "carrier"
peers = ["{net}.0/24"]
max_calls = 1000
[[number]]
number = "600"
application = "queue:sales"
trunks = ["carrier"]
internal = false
[[extension]]
number = "101"
secret = "a-quite-long-secret"
[[agent]]
extension = "101"
[[queue]]
name = "sales"
agents = ["101"]
announce_every_s = 0
announce_position = false
announce_wait = false
"""


@pytest.fixture
def host() -> str:
    return f"127.24.{os.getpid() % 250 + 1}.{240 + time.monotonic_ns() % 10}"


@pytest.fixture
def pbx(tmp_path: Path, host: str) -> Iterator[Forks]:
    forks = Forks(tmp_path, CONFIG.replace("{net}", host.rpartition(".")[0]).replace("{host}", host))
    yield forks
    forks.close()


class Office:
    """A program that opens, claims and closes contacts, and remembers what it was told was done."""

    def __init__(self, cycle: int) -> None:
        self.opened: dict[str, str] = {}  # key -> id
        self.closed: dict[str, str] = {}  # id -> end
        self.listed: set[str] = set()  # ids that a list showed
        self._cycle = cycle
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, control: ControlClient) -> Office:
        self._thread = threading.Thread(target=self._work, args=(control,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _work(self, control: ControlClient) -> None:
        """Until the PBX is gone: a request without an answer promised nothing."""
        with contextlib.suppress(ControlError, OSError, ValueError):
            for count in range(10_000):
                if self._stop.is_set():
                    return
                self._one(control, count)

    def _one(self, control: ControlClient, count: int) -> None:
        key = f"form-{self._cycle}-{count}"
        number = f"+4870{self._cycle:02}{count - count % 3:05}"  # three requests of each customer: they merge
        body = {"number": number, "queue": "sales", "key": key}
        self.opened[key] = control.request("POST", "/contacts", body)["id"]
        if count % 4 == 0:
            control.request("POST", f"/contacts/{self.opened[key]}/claim", {"by": "agent:101"})
        if count % 6 == 5:
            answer = control.request("POST", f"/contacts/{self.opened[key]}/close", {"end": "refused", "by": "x"})
            self.closed[answer["id"]] = answer["end"]
        if count % 10 == 9:
            self.listed |= {item["id"] for item in control.get("/contacts?limit=10000")}


def rows(folder: Path, query: str) -> list[dict[str, Any]]:
    database = sqlite3.connect(folder / "centrala.db")
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(query)]
    finally:
        database.close()


def cycle(pbx: Forks, host: str, number: int, rng: random.Random) -> tuple[Office, list[str]]:
    """Load, and the end of the power; returns what was promised to a program, and to which callers."""
    pbx.start()
    net = host.rpartition(".")[0]
    first = 600_000_000 + number * 10_000
    callers = Impatient(f"{net}.2", host, "600", first, every_s=0.02, wait_s=0.1).start()
    office = Office(number).start(pbx.control)
    time.sleep(SETTLED_S + rng.uniform(0.05, 0.6))
    killed = time.monotonic()
    pbx.kill()
    office.stop()
    callers.stop()
    promised = [one.number for one in callers.callers if one.answered and killed - one.answered > SETTLED_S]
    return office, promised


@pytest.mark.timeout(240)
def test_power_is_cut_under_load(pbx: Forks, host: str) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    offices: list[Office] = []
    promised: list[str] = []
    for number in range(CYCLES):
        office, callers = cycle(pbx, host, number, rng)
        offices.append(office)
        promised += callers
    pbx.start()
    opened = {item["id"]: item for item in pbx.control.get("/contacts?limit=10000")}
    pbx.kill()
    contacts = {row["id"]: row for row in rows(pbx.data, "select * from contacts")}
    assert len(promised) >= CYCLES
    assert sum(len(office.opened) for office in offices) >= CYCLES * 10

    by_key = {row["key"]: row for row in contacts.values()}
    assert len(by_key) == len(contacts)
    for office in offices:
        for key, told in office.opened.items():
            assert key in by_key, f"{key} was acknowledged and is lost"
            assert told in (by_key[key]["id"], by_key[key]["merged_into"])
        for contact, end in office.closed.items():
            assert contacts[contact]["ended_as"] == end
        assert office.listed <= contacts.keys()

    counts = Counter(row["number"] for row in contacts.values() if row["number"].startswith("+486"))
    missing = [number for number in promised if counts[number] != 1]
    assert missing == [], "callers who waited or gave up, and are nobody's contact"
    assert max(counts.values()) == 1, "no call became two contacts"
    alive = [row for row in contacts.values() if row["state"] != "closed"]
    assert {row["id"] for row in alive} == opened.keys()
    assert all((row["ended_as"] == "") == (row["state"] != "closed") for row in contacts.values())
    pairs = Counter((row["number"], row["queue"]) for row in alive)
    assert max(pairs.values()) == 1
    reasons = Counter(row["reason"] for row in alive if row["number"].startswith("+486"))
    assert reasons["abandoned"], reasons
    assert reasons["interrupted"], "some waited when the power was cut"
    assert "Traceback" not in pbx.text()
