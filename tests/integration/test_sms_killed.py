"""Power is cut while messages go out, again and again (R17): what was acknowledged is kept, and nobody gets it twice.

Each cycle starts the PBX on the same database, lets programs ask for messages as fast as they are answered, long ones
too, and kills it at a random moment. An SMSC counts what it was given. A message whose submission was cut off is in
doubt: the SMSC may have it or not, and it is not sent again.
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

import pytest

from pbx.api.client import ControlClient, ControlError
from tests.integration.forks import Forks
from tests.support.smsc import Smsc

CYCLES = 6
TAKEN = (24, 60)  # messages of a cycle that are acknowledged before the power goes: three windows and more
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
[store]
flush_ms = 20
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
[sms]
enabled = true
hours = "always"
pumping = []
[[sms.gateway]]
name = "a"
kind = "smpp"
host = "{smsc}:2775"
system_id = "pbx"
password = "secret"
per_second = 2000.0
window = 8
"""


@pytest.fixture
def net() -> str:
    return f"127.25.{os.getpid() % 250 + 1}"


@pytest.fixture
def pbx(tmp_path: Path, net: str) -> Iterator[Forks]:
    forks = Forks(tmp_path, CONFIG.replace("{host}", f"{net}.1").replace("{smsc}", f"{net}.9"))
    yield forks
    forks.close()


class Program:
    """Asks for messages until the PBX is gone; remembers what was taken."""

    def __init__(self, control: ControlClient, cycle: int, index: int) -> None:
        self.taken: dict[str, str] = {}  # key -> number
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(control, cycle, index), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self, control: ControlClient, cycle: int, index: int) -> None:
        with contextlib.suppress(ControlError, OSError, ValueError, HTTPException):
            for count in range(10_000):
                if self._stop.is_set():
                    return
                key, number = f"{cycle}-{index}-{count}", f"+4860{cycle:02}{index}{count:04}"
                text = f"Message {key} " + "long " * (40 if count % 3 == 0 else 0)
                body = {"to": number, "text": text.strip(), "key": key}
                answer = control.request("POST", "/sms", body)
                self.taken[key] = answer["number"]
                if count % 5 == 0:  # asked for again: the same one
                    assert control.request("POST", "/sms", body)["new"] is False


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    database = sqlite3.connect(folder / "centrala.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


@pytest.mark.timeout(120)
def test_power_is_cut_while_messages_go_out(pbx: Forks, net: str) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    taken: dict[str, str] = {}
    with Smsc(f"{net}.9", 2775) as smsc:
        smsc.do.answer_s = 0.01
        for cycle in range(CYCLES):
            pbx.start()
            programs = [Program(pbx.control, cycle, index) for index in range(PROGRAMS)]
            wanted, deadline = rng.randint(*TAKEN), time.monotonic() + PATIENCE_S
            while sum(len(program.taken) for program in programs) < wanted and time.monotonic() < deadline:
                time.sleep(0.001)
            pbx.kill()
            for program in programs:
                program.stop()
                taken |= program.taken
        pbx.start()
        settle(pbx)
        time.sleep(0.2)
        pbx.kill()
        submitted = Counter((each.destination, each.part[2]) for each in smsc.submitted)
    kept = {
        key: (number, state) for key, number, state in rows(pbx.data, "select key, number, state from sms_messages")
    }
    assert len(taken) >= CYCLES * 5
    assert taken.keys() <= kept.keys(), "acknowledged and lost"
    assert max(submitted.values()) == 1, [part for part, count in submitted.items() if count > 1]
    given = {number for number, _part in submitted}
    states = Counter(state for _number, state in kept.values())
    assert set(states) <= {"accepted", "delivered", "in_doubt"}, states
    assert states["in_doubt"] < len(kept) / 2
    never = [key for key, (number, state) in kept.items() if number[1:] not in given and state != "in_doubt"]
    assert never == [], "said to be sent, and the SMSC has not heard of it"
    assert states["in_doubt"], "some were under way when the power was cut"
    assert "Traceback" not in pbx.text()


def settle(pbx: Forks) -> None:
    """Waits until all that was kept has been handed over."""
    deadline = time.monotonic() + 30
    while True:
        states = pbx.control.get("/sms/figures")["states"]
        if not states["queued"] and not states["submitting"]:
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.05)
