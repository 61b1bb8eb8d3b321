"""What it costs that phones stay registered: 10,000 of them, each again every 60 s (167 a second), challenge and all.

`python -m bench.load.registrations [--phones 10000] [--rate 167] [--seconds 15]`. One refresh is two requests, as the
nonce of the last one is too old. The PBX is a process of its own; its CPU is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from pbx.sip import digest

HOST, PHONES = "127.91.7.1", "127.91.7.2"
TICK_HZ = os.sysconf("SC_CLK_TCK")
CHALLENGE = re.compile(rb"WWW-Authenticate: (Digest [^\r]*algorithm=MD5[^\r]*)\r\n")
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
listen = ["udp:{host}:5060"]
[http]
listen = "{host}:8080"
[media]
listen = "{host}"
port_min = 20000
port_max = 20999
realtime = false
"""
EXTENSION = '[[extension]]\nnumber = "{number}"\nsecret = "secret-of-phone-{number}"\n'
REQUEST = (
    "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {me}:{port};rport;branch=z9hG4bK{cseq}x{number}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:{number}@{host}>;tag=t{number}\r\nTo: <sip:{number}@{host}>\r\n"
    "Call-ID: {number}@{me}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{number}@{me}:{port};ob>;expires=120\r\n"
    "User-Agent: Bench 1.0\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO\r\n{more}Content-Length: 0\r\n\r\n"
)


class Phones:
    """All phones behind one socket; `refresh` begins one, `read` goes on with what was answered."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((PHONES, 0))
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.port = self.socket.getsockname()[1]
        self.cseq = 0
        self.registered = self.refused = 0

    def refresh(self, phone: int) -> None:
        self.cseq += 2
        self._send(100_000 + phone % self.count, self.cseq, "")

    def _send(self, number: int, cseq: int, more: str) -> None:
        text = REQUEST.format(host=HOST, me=PHONES, port=self.port, number=number, cseq=cseq, more=more)
        self.socket.sendto(text.encode(), (HOST, 5060))

    def read(self) -> None:
        while True:
            try:
                data = self.socket.recv(65535)
            except BlockingIOError:
                return
            status = data[8:11]
            if status == b"200":
                self.registered += 1
            elif status == b"401" and (found := CHALLENGE.search(data)):
                number = int(data.partition(b"From: <sip:")[2].partition(b"@")[0])
                cseq = int(data.partition(b"CSeq: ")[2].partition(b" ")[0])
                secret = f"secret-of-phone-{number}"
                value = digest.answer([found[1].decode()], "REGISTER", f"sip:{HOST}", str(number), secret)
                self._send(number, cseq + 1, f"Authorization: {value}\r\n")
            else:
                self.refused += 1

    def run(self, rate: float, seconds: float, first: int = 0) -> float:
        """Refreshes at `rate` for `seconds`; returns the seconds that it took until the last answer."""
        began, begun, total = time.monotonic(), 0, int(rate * seconds)
        done = self.registered + total
        while self.registered < done and time.monotonic() - began < seconds + 5:
            due = min(total, int((time.monotonic() - began) * rate) + 1)
            while begun < due:
                self.refresh(first + begun)
                begun += 1
            self.read()
            time.sleep(0.001)
        return time.monotonic() - began


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_HZ


def measure(phones: int, rate: float, seconds: float) -> dict[str, float]:
    """CPU of the whole process for each refresh, its idle CPU taken off, and as a share of one core at `rate`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "centrala.toml"
        text = CONFIG.format(data=Path(folder) / "var", host=HOST)
        config.write_text(text + "".join(EXTENSION.format(number=100_000 + n) for n in range(phones)))
        config.chmod(0o600)
        command = [sys.executable, "-m", "pbx", "--config", str(config), "serve"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(process)
            clients = Phones(phones)
            clients.run(2000, phones / 2000)  # everybody is registered once; the store and all caches have seen them
            time.sleep(2.0)
            idle = _idle(process.pid)
            clients.registered = clients.refused = 0
            before = cpu_s(process.pid)
            took_s = clients.run(rate, seconds)
            used_s = cpu_s(process.pid) - before - idle * took_s
            assert clients.registered, "nobody was registered"
            each_us = used_s / clients.registered * 1e6
            return {
                "phones": float(phones),
                "refreshes": float(clients.registered),
                "refused": float(clients.refused),
                "cpu_us": round(each_us, 1),
                "core_percent": round(each_us * phones / 60 / 1e4, 2),  # each phone once a minute
            }
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the PBX ended")
        try:
            urllib.request.urlopen(f"http://{HOST}:8080/healthz", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the PBX was not ready within 90 s")


def _idle(pid: int) -> float:
    """CPU seconds a second without any traffic."""
    before = cpu_s(pid)
    time.sleep(3.0)
    return (cpu_s(pid) - before) / 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=167.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    print(json.dumps(measure(options.phones, options.rate, options.seconds)))


if __name__ == "__main__":
    main()
