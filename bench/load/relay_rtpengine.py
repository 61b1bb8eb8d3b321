"""rtpengine (Debian's rtpengine-daemon, in user space) as the relay under test, spoken to by its ng protocol."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAM = "rtpengine"
NG_PORT = 22222
TICK_HZ = os.sysconf("SC_CLK_TCK")


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def bencode(value: str | dict[str, str]) -> bytes:
    """Text, or a dictionary of texts."""
    if isinstance(value, str):
        data = value.encode()
        return b"%d:%s" % (len(data), data)
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


class Rtpengine:
    """One daemon on `ip`, with as many threads as it has processors to itself, as it comes: two."""

    def __init__(self, ip: str) -> None:
        self._ip = ip
        command = [PROGRAM, "--config-file=none", "--foreground", "--log-stderr", "--log-level=1", "--table=-1"]
        command += [f"--interface={ip}", f"--listen-ng={ip}:{NG_PORT}", "--num-threads=2"]
        # The scheduling of our own workers and of the bare relay, so that other load on the machine hits none of them.
        command += ["--scheduling=fifo", "--priority=5"]
        command += ["--port-min=20000", "--port-max=29999", "--timeout=3600"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ip, 0))
        self._socket.settimeout(0.5)
        self._count = 0
        deadline = time.monotonic() + 20
        while "pong" not in self._ask({"command": "ping"}):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise RuntimeError("rtpengine does not answer")

    def _ask(self, command: dict[str, str]) -> str:
        """The reply as it came; "" when none did."""
        self._count += 1
        cookie = f"c{self._count}"
        self._socket.sendto(f"{cookie} ".encode() + bencode(command), (self._ip, NG_PORT))
        try:
            while not (reply := self._socket.recv(65535).decode()).startswith(f"{cookie} "):
                pass
        except (TimeoutError, ConnectionError):
            time.sleep(0.1)
            return ""
        return reply

    def call(self, index: int, ip: str, ports: tuple[int, int]) -> tuple[int, int]:
        """Relays between two endpoints; the ports to which each of them has to send."""
        names = {"call-id": f"bench-{index}", "from-tag": "a"}
        offered = self._ask({"command": "offer", **names, "sdp": _sdp(ip, ports[0])})
        answered = self._ask({"command": "answer", **names, "to-tag": "b", "sdp": _sdp(ip, ports[1])})
        return _port(answered), _port(offered)

    def cpu_s(self) -> float:
        """User and system seconds of all its threads so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK_HZ

    def stop(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)


def _sdp(ip: str, port: int) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    )


def _port(reply: str) -> int:
    found = re.search(r"m=audio (\d+) ", reply)
    if found is None:
        raise RuntimeError(f"rtpengine refused a call: {reply[:200]}")
    return int(found.group(1))
