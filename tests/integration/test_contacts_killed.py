"""Power is cut under load, again and again (R17): what was acknowledged is there afterwards, once.

Each cycle starts the PBX on the same database, lets callers give up in a queue and a program open and close contacts
and ask for callbacks, and kills it at a random moment. Acknowledged is: a request that was answered, an item that a
list showed, and a caller who had been answered before a request was sent that was answered too - whether he hung up or
still waits: the store commits in the order in which things happened. Nobody is called twice: customers are busy, and
neither that nor a doubt ends while the test runs.
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
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from pbx.api.client import ControlClient, ControlError
from tests.integration.bare import Bare
from tests.integration.busy_customers import BusyCustomers
from tests.integration.forks import Forks
from tests.integration.impatient import Impatient

CYCLES = 20
LOAD_S = (0.6, 1.6)
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
[[extension]]
number = "102"
secret = "a-quite-long-secret"
[[agent]]
extension = "102"
[[route]]
match = "+"
trunk = "outside"
[[trunk]]
name = "outside"
host = "{net}.3:5060"
max_calls = 100
[numbering]
country = "PL"
regions = false
[[hours]]
name = "always"
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]
[callback]
enabled = true
hours = "always"
holidays = false
[[queue]]
name = "callbacks"
agents = ["102"]
[queue.callback]
mode = "customer_first"
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
        self.callbacks: dict[str, str] = {}  # key -> id
        self.settled = 0.0  # when the last request was sent that was answered
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
        with contextlib.suppress(ControlError, OSError, ValueError, HTTPException):
            for count in range(10_000):
                if self._stop.is_set():
                    return
                self._one(control, count)

    def _one(self, control: ControlClient, count: int) -> None:
        key = f"form-{self._cycle}-{count}"
        number = f"+4870{self._cycle:02}{count - count % 3:05}"  # three requests of each customer: they merge
        body = {"number": number, "queue": "sales", "key": key}
        sent = time.monotonic()
        self.opened[key] = control.request("POST", "/contacts", body)["id"]
        self.settled = sent
        if count % 3 == 0:
            wish = {"number": f"+48601{self._cycle:02}{count:04}", "queue": "callbacks", "key": f"callback-{key}"}
            self.callbacks[wish["key"]] = control.request("POST", "/callbacks", wish)["id"]
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
    with Bare(f"{net}.4", host, "102", "a-quite-long-secret", port=5060) as phone:
        assert phone.register().status == 200
    pbx.control.request("POST", "/agents/102", {"state": "available"})
    first = 600_000_000 + number * 1_000
    callers = Impatient(f"{net}.2", host, "600", first, every_s=0.02, wait_s=0.1).start()
    office = Office(number).start(pbx.control)
    time.sleep(rng.uniform(*LOAD_S))
    pbx.kill()
    office.stop()
    callers.stop()
    promised = [one.number for one in callers.callers if 0 < one.answered < office.settled]
    return office, promised


def listed(pbx: Forks) -> dict[str, dict[str, Any]]:
    """What a list shows when what the last process left is written: that may take longer than the start."""
    before: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + 30
    while True:
        now = {item["id"]: item for item in pbx.control.get("/contacts?limit=10000")}
        if now.keys() == before.keys():
            return now
        assert time.monotonic() < deadline
        before = now
        time.sleep(1)


@pytest.mark.timeout(240)
def test_power_is_cut_under_load(pbx: Forks, host: str) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    offices: list[Office] = []
    promised: list[str] = []
    with BusyCustomers(f"{host.rpartition('.')[0]}.3", ring_s=0.05) as customers:
        for number in range(CYCLES):
            office, callers = cycle(pbx, host, number, rng)
            offices.append(office)
            promised += callers
        pbx.start()
    opened = listed(pbx)
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

    check_callbacks(offices, customers, by_key, rows(pbx.data, "select * from contact_attempts"))
    counts = Counter(row["number"] for row in contacts.values() if row["number"].startswith("+48600"))
    missing = [number for number in promised if counts[number] != 1]
    assert missing == [], "callers who waited or gave up, and are nobody's contact"
    assert max(counts.values()) == 1, "no call became two contacts"
    alive = [row for row in contacts.values() if row["state"] != "closed"]
    assert {row["id"] for row in alive} == opened.keys()
    assert all((row["ended_as"] == "") == (row["state"] != "closed") for row in contacts.values())
    pairs = Counter((row["number"], row["queue"]) for row in alive)
    assert max(pairs.values()) == 1
    reasons = Counter(row["reason"] for row in alive if row["number"].startswith("+48600"))
    assert reasons["abandoned"], reasons
    assert reasons["interrupted"], "some waited when the power was cut"
    assert "Traceback" not in pbx.text()


def check_callbacks(
    offices: list[Office], customers: BusyCustomers, by_key: dict[str, dict[str, Any]], attempts: list[dict[str, Any]]
) -> None:
    """Each that was acknowledged is there, nobody was called twice, and every call that went out had been written."""
    for office in offices:
        for key, told in office.callbacks.items():
            assert key in by_key, f"{key} was acknowledged and is lost"
            assert by_key[key]["id"] == told
    twice = {number: calls for number, calls in customers.calls.items() if len(calls) > 1}
    assert twice == {}
    assert len(customers.calls) >= CYCLES
    tried = {row["contact_id"] for row in attempts}
    called = {row["number"]: row["id"] for row in by_key.values()}
    assert all(called[number] in tried for number in customers.calls), "written before the act"
    outcomes = Counter(row["outcome"] for row in attempts)
    assert outcomes["busy"], outcomes
    assert outcomes["in_doubt"], "some were under way when the power was cut"
