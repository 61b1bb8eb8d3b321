"""What is on disk when the PBX is killed (R17), when the disk is full (R18), and what happens when ports or the speech
engine are missing. Every PBX here is a process of its own."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.api.client import ControlClient
from pbx.sip import digest
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from tests.integration.bare import Bare, Talk, sdp
from tests.integration.process import REAL, Process
from tests.support.rtp_phone import Phone

SECRET = "a-quite-long-secret"
CONFIG = f"""\
[server]
data_dir = "{{data}}"
[sip]
listen = ["udp:{{host}}:5060"]
t1_ms = 50
[media]
listen = "{{host}}"
port_min = 20000
port_max = 20003
realtime = false
[http]
listen = ""
[[number]]
number = "601"
application = "echo"
[[extension]]
number = "101"
secret = "{SECRET}"
max_calls = 20
[[extension]]
number = "102"
secret = "{SECRET}"
record = true
"""
ALARM_S = 10.0
BACK_S = 5.0


@pytest.fixture
def host() -> str:
    return f"127.22.{os.getpid() % 250 + 1}.{240 + time.monotonic_ns() % 10}"


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes that are ended whatever happens."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()


def phone(host: str, user: str, last: int) -> Bare:
    return Bare(f"{host.rpartition('.')[0]}.{last}", host, user, SECRET)


def until(condition: Any, what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def cdrs(folder: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(folder / "centrala.db") as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("select * from cdrs order by started_us")]
    database.close()
    return rows


def talk_recorded(anna: Bare, bob: Bare, rtp: Phone) -> Talk:
    """101 calls 102, whose calls are recorded, and speaks for a second."""
    assert bob.register().status == 200
    uri, body = f"sip:102@{anna.pbx[0]}", sdp(anna.host, rtp.port)
    challenge = anna.final(anna.message("INVITE", uri, call_id="mid", body=body))
    value = digest.answer(challenge.headers("WWW-Authenticate"), "INVITE", uri, "101", SECRET)
    data = anna.message("INVITE", uri, call_id="mid", cseq=2, body=body, headers=[f"Authorization: {value}"])
    anna.send(data)
    bob.reply(bob.expect("INVITE"), 200, sdp(bob.host, rtp.port))
    bob.expect("ACK")
    request = parse(data)
    assert isinstance(request, Request)
    answer = anna.receive(5)
    while isinstance(answer, Response) and answer.status < 200:
        answer = anna.receive(5)
    assert isinstance(answer, Response)
    anna.ack(request, answer)
    talk = Talk(anna, request, answer)
    rtp.far = (anna.pbx[0], talk.rtp_port)
    for _ in range(60):
        rtp.say(pt=8)
        time.sleep(0.02)
    return talk


def test_killed_in_the_middle(tmp_path: Path, host: str, started: list[Process]) -> None:
    first = Process(tmp_path, host, CONFIG)
    started.append(first)
    first.wait_up()
    with (
        phone(host, "101", 2) as anna,
        phone(host, "102", 3) as bob,
        contextlib.closing(Phone(anna.host)) as rtp,
    ):
        assert anna.call("601").bye() == 200
        ended = time.monotonic()
        talk_recorded(anna, bob, rtp)
        time.sleep(max(0.0, ended + 1 - time.monotonic()))
        first.process.kill()
        first.process.wait()
        recording = next((first.data / "recordings").rglob("*.wav"))
        with wave.open(str(recording)) as sound:
            before = sound.getnframes()
            assert before >= 8000 * 0.5
            assert len(sound.readframes(before)) == before * sound.getsampwidth() * sound.getnchannels()
        began = time.monotonic()
        second = Process(tmp_path, host, CONFIG)
        started.append(second)
        allowed_s = BACK_S * max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))  # others may want the processor
        assert anna.options(allowed_s).status == 200
        assert time.monotonic() - began < allowed_s
        second.wait_up()
        rows = cdrs(second.data)
        assert [(row["callee"], row["cause"]) for row in rows] == [("601", "normal"), ("102", "interrupted")]
        assert rows[1]["recording"] == str(recording.relative_to(first.data / "recordings"))
        assert rows[1]["answered_us"]
        assert bob.final(bob.message("OPTIONS", f"sip:{host}")).status == 200
        assert [row["extension"] for row in second.control.get("/registrations")] == ["102"]
        assert anna.call("601").bye() == 200, "no challenge was forgotten, no port lost"
    assert second.stop() == 0
    assert len(cdrs(second.data)) == 3
    assert "Traceback" not in second.text()


def test_every_port_taken(tmp_path: Path, host: str, started: list[Process]) -> None:
    """Two streams fit: the third call gets 503 and a log line that names the remedy; afterwards all is as before."""
    process = Process(tmp_path, host, CONFIG)
    started.append(process)
    process.wait_up()
    with phone(host, "101", 2) as anna:
        for _ in range(3):
            talks = [anna.call("601") for _ in range(5)]
            assert [talk.status for talk in talks] == [200, 200, 503, 503, 503]
            assert [talk.bye() for talk in talks[:2]] == [200, 200]
            until(lambda: not process.control.get("/leaks")["streams"], "streams closed", 5)
        leaks = process.control.get("/leaks")
    assert (leaks["calls"], leaks["sessions"], leaks["streams"]) == (0, 0, 0)
    assert "Traceback" not in process.text()
    assert "media.port_max" in process.text(), process.text()


def fill(process: Process, data: Path) -> Any:
    """Fills the tmpfs to the last byte; returns what frees it again."""
    filler = data / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler.unlink


def cap(process: Process, data: Path) -> Any:
    """No file may grow beyond what the largest of the database has; returns what lifts that again."""
    size = min(path.stat().st_size for path in data.glob("centrala.db-wal"))
    pid, was = process.process.pid, resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, was[1]))
    return lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, was)


def may_mount() -> bool:
    command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /tmp"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("how", ["full", "limited"])
def test_a_full_disk(tmp_path: Path, host: str, started: list[Process], how: str) -> None:
    """Calls go on, an alarm within 10 s; when there is room again every record is written and the alarm is over."""
    command = REAL
    if how == "full":
        if not may_mount():
            pytest.skip("no mount namespaces here")
        (tmp_path / "data").mkdir()
        script = f'mount -t tmpfs -o size=4m none "{tmp_path / "data"}" && exec "$0" "$@"'
        command = ("unshare", "-rm", "sh", "-c", script, *command)
    process = Process(tmp_path, host, CONFIG, command)
    started.append(process)
    data = process.data
    if how == "full":
        data = Path(f"/proc/{process.process.pid}/root{process.data}")
        process.control = ControlClient(data / "control.sock")
    process.wait_up()

    def alarms() -> list[str]:
        return [alarm["name"] for alarm in process.control.get("/alarms")]

    with phone(host, "101", 2) as anna:
        assert anna.call("601").bye() == 200
        free = (fill if how == "full" else cap)(process, data)
        began = time.monotonic()
        calls = 1
        while "store_write" not in alarms():
            assert time.monotonic() - began < ALARM_S
            assert anna.call("601").bye() == 200
            calls += 1
        for _ in range(20):
            assert anna.call("601").bye() == 200
        assert anna.register().status == 200
        free()
        until(lambda: "store_write" not in alarms(), "the alarm is over", ALARM_S)
        assert anna.call("601").bye() == 200
        calls += 21
        until(lambda: len(cdrs(copied(data, tmp_path))) == calls, f"{calls} records", 5)
    with sqlite3.connect(copied(data, tmp_path) / "centrala.db") as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
    assert "Traceback" not in process.text()


def copied(data: Path, folder: Path) -> Path:
    """The database's files as they are now: SQLite itself does not find its way into another mount namespace."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in data.glob("centrala.db*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, copy)
    return copy


def test_without_a_speech_engine(tmp_path: Path, host: str, started: list[Process]) -> None:
    """It says what to install, and calls that need no speech are served."""
    broken = tmp_path / "broken" / "pyttsx3"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text('raise RuntimeError("libespeak-ng.so.1 is not there")\n')
    process = Process(tmp_path, host, CONFIG, REAL, PYTHONPATH=str(broken.parent))
    started.append(process)
    process.wait_up()
    with phone(host, "101", 2) as anna:
        assert anna.register().status == 200
        assert anna.call("601").bye() == 200
    assert "Traceback" not in process.text()
    until(lambda: "apt-get install --no-install-recommends espeak-ng" in process.text(), process.text(), 10)


def test_a_taken_sip_port(tmp_path: Path, host: str, started: list[Process]) -> None:
    with Bare(host, host, port=5060):
        process = Process(tmp_path, host, CONFIG)
        started.append(process)
        assert process.process.wait(30) == 1
    assert f"cannot listen on udp:{host}:5060" in process.text()
    assert "sip.listen" in process.text()
    assert "Traceback" not in process.text()
