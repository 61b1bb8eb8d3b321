"""The PBX as a process: starts, answers, refuses to start with a remedy, drains, stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx.api.client import ControlError
from pbx.app.run import DRAIN_S
from tests.integration.process import REAL, START_S, Process

AT_ONCE_S = 1.0  # a new call is refused after SIGTERM
FINISH_S = 60.0  # running calls may finish


@pytest.fixture
def host() -> str:
    """An address that no other test run uses at this moment."""
    return f"127.18.{os.getpid() % 250 + 1}.{time.monotonic_ns() % 250 + 1}"


@pytest.fixture
def pbx(tmp_path: Path, host: str) -> Iterator[Process]:
    process = Process(tmp_path, host)
    try:
        process.wait_up()
        yield process
    finally:
        process.kill()


@pytest.fixture
def started_alone(tmp_path: Path, host: str) -> Iterator[Process]:
    """By the command that people use, so that its memory is its own."""
    process = Process(tmp_path, host, command=REAL)
    try:
        process.wait_up()
        yield process
    finally:
        process.kill()


class Caller:
    """A bare UDP phone that dials the echo test from the trunk's address."""

    def __init__(self, host: str) -> None:
        self._pbx = (host, 5060)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(5)
        self._socket.bind((host, 0))
        self._local = self._socket.getsockname()

    def invite(self, name: str) -> str:
        """Sends an INVITE; returns its final response."""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {self._local[0]}\r\ns=-\r\nc=IN IP4 {self._local[0]}\r\nt=0 0\r\n"
            "m=audio 30000 RTP/AVP 8\r\n"
        )
        head = self._head("INVITE", name, 1, f"<sip:601@{self._pbx[0]}>")
        contact = f"Contact: <sip:me@{self._local[0]}:{self._local[1]}>\r\nContent-Type: application/sdp\r\n"
        self._send(f"{head}{contact}Content-Length: {len(body)}\r\n\r\n{body}")
        while True:
            answer = self._socket.recv(65535).decode()
            if not answer.startswith("SIP/2.0 1"):
                return answer

    def ack(self, name: str, answer: str) -> None:
        self._send(self._head("ACK", name, 1, self._to(answer)) + "Content-Length: 0\r\n\r\n")

    def bye(self, name: str, answer: str) -> str:
        self._send(self._head("BYE", name, 2, self._to(answer)) + "Content-Length: 0\r\n\r\n")
        return self._socket.recv(65535).decode()

    def close(self) -> None:
        self._socket.close()

    def _to(self, answer: str) -> str:
        found = re.search(r"^To: (.*)$", answer, re.MULTILINE)
        assert found is not None
        return found.group(1).strip()

    def _head(self, method: str, name: str, cseq: int, to: str) -> str:
        host, port = self._local
        return (
            f"{method} sip:601@{self._pbx[0]}:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{name};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:me@{host}>;tag={name}\r\nTo: {to}\r\nCall-ID: {name}@{host}\r\nCSeq: {cseq} {method}\r\n"
        )

    def _send(self, text: str) -> None:
        self._socket.sendto(text.encode(), self._pbx)


@pytest.fixture
def caller(host: str) -> Iterator[Caller]:
    phone = Caller(host)
    yield phone
    phone.close()


def test_serves_health_metrics_and_control(started_alone: Process) -> None:
    pbx = started_alone
    assert pbx.get("/healthz") == (200, '{"status":"ok","calls":0}')
    status, text = pbx.get("/metrics")
    assert status == 200
    assert "centrala_media_late_ticks" in text
    assert pbx.get("/calls")[0] == 404  # control is on the Unix socket only
    answer = pbx.control.get("/status")
    assert answer["name"] == "process-test"
    assert answer["rss_mb"] < 140  # 113 of the telephone side, the rest of the web side (decision 0210)
    assert pbx.control.get("/agents")[0]["state"] == "offline"
    with pytest.raises(ControlError, match="no agent"):
        pbx.control.request("POST", "/agents/999", {"state": "available"})
    with pytest.raises(ControlError, match="no call"):
        pbx.control.request("DELETE", "/calls/none")


def test_secrets_are_private(pbx: Process) -> None:
    for path in (pbx.data / "control.sock", pbx.data / "nonce.key", pbx.data / "centrala.db"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(pbx.data.stat().st_mode) == 0o700


def test_sigterm_without_calls_stops_at_once(pbx: Process) -> None:
    begin = time.monotonic()
    assert pbx.stop() == 0, pbx.text()
    assert time.monotonic() - begin < 5
    assert "ERROR" not in pbx.text()
    assert not (pbx.data / "control.sock").exists()


def test_drain_keeps_running_calls_and_refuses_new_ones(pbx: Process, caller: Caller) -> None:
    answer = caller.invite("first")
    assert answer.startswith("SIP/2.0 200")
    caller.ack("first", answer)
    pbx.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 30
    while pbx.get("/healthz")[0] != 503:
        assert time.monotonic() < deadline
    asked = time.monotonic()
    refused = caller.invite("second")
    assert time.monotonic() - asked <= AT_ONCE_S
    assert refused.startswith("SIP/2.0 503")
    assert "Retry-After:" in refused
    assert json.loads(pbx.get("/healthz")[1]) == {"status": "draining", "calls": 1}
    assert caller.bye("first", answer).startswith("SIP/2.0 200")
    assert pbx.process.wait(10) == 0, pbx.text()


def test_a_call_is_not_cut_within_the_time_that_is_promised(pbx: Process, caller: Caller) -> None:
    """It goes on for as long as it likes; that nobody waits longer than FINISH_S is shown in virtual time."""
    assert DRAIN_S == FINISH_S
    answer = caller.invite("first")
    caller.ack("first", answer)
    pbx.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert pbx.process.poll() is None
        time.sleep(0.1)
    assert json.loads(pbx.get("/healthz")[1]) == {"status": "draining", "calls": 1}
    assert caller.bye("first", answer).startswith("SIP/2.0 200")
    assert pbx.process.wait(10) == 0, pbx.text()


def test_second_sigterm_ends_calls(pbx: Process, caller: Caller) -> None:
    answer = caller.invite("first")
    caller.ack("first", answer)
    pbx.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert pbx.process.poll() is None
    assert pbx.stop() == 0, pbx.text()


def test_a_taken_port_is_named_with_a_remedy(pbx: Process, tmp_path: Path, host: str) -> None:
    (tmp_path / "second").mkdir()
    second = Process(tmp_path / "second", host)
    assert second.process.wait(START_S) == 1
    assert "sip.listen" in second.text()
    assert "Traceback" not in second.text()


def test_a_data_folder_belongs_to_one_process(pbx: Process, tmp_path: Path) -> None:
    second = Process(tmp_path, pbx.host)
    assert second.process.wait(START_S) == 1
    assert "the PBX cannot start" in second.text()
    assert "Traceback" not in second.text()
    assert pbx.control.get("/status")["name"] == "process-test"


def test_a_wrong_configuration_is_refused(tmp_path: Path, host: str) -> None:
    process = Process(tmp_path, host, CENTRALA_SIP__T1_MS="soon")
    assert process.process.wait(START_S) == 2
    assert "CENTRALA_SIP__T1_MS: sip.t1_ms" in process.text()


def test_an_unwritable_data_folder_is_named(tmp_path: Path, host: str) -> None:
    (tmp_path / "data").write_text("a file in the way")
    process = Process(tmp_path, host)
    assert process.process.wait(START_S) == 1
    assert "server.data_dir" in process.text()
