"""Many callers in menus who interrupt every prompt with a key: processor time a caller, late ticks, holes in prompts.

Each caller has a socket of its own, sends audio all the while, hears a prompt of some seconds, presses a key after
about two, and hears the next menu. A hole is more than 40 ms between two packets that follow each other in a prompt,
by the kernel's stamps; pauses between prompts are none, since the timestamps leap there. A bare real-time timer runs on
each of the same processors meanwhile: what makes it late is the machine.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import threading
import time
from pathlib import Path

from bench.load.bare_timer import BareTimer
from bench.load.pbx import CALLER, HOST, Pbx
from bench.load.sip_client import SDP, header

NUMBER = "610"
HOLE_NS = 40_000_000
KEY_EVERY_S = 2.2
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_HEADER = struct.Struct("!BBHII")


class Callers:
    """`count` calls of the trunk; use it as a context manager, and `measure` while they are up."""

    def __init__(self, count: int) -> None:
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._sip.bind((CALLER, 0))
        self._port = self._sip.getsockname()[1]
        self._rtp = [_socket() for _ in range(count)]
        self._remote: list[tuple[str, int] | None] = [None] * count
        self._answers: dict[int, str] = {}
        self._stopping = threading.Event()
        self._last: dict[int, tuple[int, int]] = {}  # descriptor: timestamp, arrival in ns
        self.packets = self.holes = 0
        self.longest_ms = 0.0
        self.measuring = False
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._hear, self._speak)]

    def __enter__(self) -> Callers:
        for index in range(len(self._rtp)):
            self._send(self._invite(index))
            self._signalling(0.01)
        deadline = time.monotonic() + 20
        while len(self._answers) < len(self._rtp):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(self._answers)} of {len(self._rtp)} calls were answered")
            self._signalling(0.1)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)
        for index, answer in self._answers.items():
            self._send(self._within(index, "BYE", 2, answer))
            self._signalling(0.002)
        for plug in (self._sip, *self._rtp):
            plug.close()

    def _invite(self, index: int) -> str:
        body = SDP.format(ip=CALLER, port=self._rtp[index].getsockname()[1])
        return (
            f"INVITE sip:{NUMBER}@{HOST}:5060 SIP/2.0\r\n{self._head(index, 'INVITE', 1)}To: <sip:{NUMBER}@{HOST}>\r\n"
            f"Contact: <sip:c@{CALLER}:{self._port}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _head(self, index: int, method: str, sequence: int) -> str:
        return (
            f"Via: SIP/2.0/UDP {CALLER}:{self._port};branch=z9hG4bK{method}{index}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:48600{index:06d}@{CALLER}>;tag=t{index}\r\nCall-ID: ivr-{index}-{self._port}\r\n"
            f"CSeq: {sequence} {method}\r\n"
        )

    def _within(self, index: int, method: str, sequence: int, answer: str) -> str:
        contact = re.search(r"<(.*?)>", header(answer, "Contact"))
        assert contact is not None
        number = 1 if method == "ACK" else sequence
        head = self._head(index, method, number)
        return f"{method} {contact[1]} SIP/2.0\r\n{head}To: {header(answer, 'To')}\r\nContent-Length: 0\r\n\r\n"

    def _send(self, message: str) -> None:
        self._sip.sendto(message.encode(), (HOST, 5060))

    def _signalling(self, seconds: float) -> None:
        """Acknowledges what is answered; listens for `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and select.select([self._sip], [], [], left)[0]:
            message = self._sip.recv(65535).decode()
            found = re.search(r"^Call-ID: ivr-(\d+)-", message, re.M)
            if found is None or "INVITE" not in header(message, "CSeq") or not message.startswith("SIP/2.0 "):
                continue
            status, index = int(message[8:11]), int(found[1])
            if status >= 300:
                raise RuntimeError(f"a call was refused: {message.splitlines()[0]}")
            if status >= 200:
                port = re.search(r"m=audio (\d+)", message)
                assert port is not None
                self._remote[index] = HOST, int(port[1])
                self._answers[index] = message
                self._send(self._within(index, "ACK", 1, message))

    def _hear(self) -> None:
        poll = select.epoll()
        plugs = {plug.fileno(): plug for plug in self._rtp}
        for number in plugs:
            poll.register(number, select.EPOLLIN)
        while not self._stopping.is_set():
            for number, _ in poll.poll(0.05):
                data, extra, _, _ = plugs[number].recvmsg(256, 64)
                self._heard(number, data, extra)
        poll.close()

    def _heard(self, number: int, data: bytes, extra: list[tuple[int, int, bytes]]) -> None:
        seconds, nanoseconds = _TIMESPEC.unpack(extra[0][2][:16])
        at, stamp = seconds * 1_000_000_000 + nanoseconds, int.from_bytes(data[4:8], "big")
        before = self._last.get(number)
        self._last[number] = stamp, at
        if not self.measuring:
            return
        self.packets += 1
        if before is not None and (stamp - before[0]) & 0xFFFF_FFFF == 160:
            gap = at - before[1]
            self.longest_ms = max(self.longest_ms, gap / 1e6)
            self.holes += gap > HOLE_NS

    def _speak(self) -> None:
        """Audio every 20 ms, and keys in turns: each caller's at another moment."""
        count, silence = len(self._rtp), b"\xd5" * 160
        every = round(KEY_EVERY_S / 0.02)
        began, tick = time.monotonic(), 0
        events = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0x80), (5, 0x80)]
        while not self._stopping.wait(max(0.0, began + tick * 0.02 - time.monotonic())):
            for index in range(count):
                phase = (tick + index * every // count) % every
                if tick > every and phase < len(events):
                    step, end = events[phase]
                    stamp = (tick - phase) * 160
                    payload = struct.pack("!BBH", 1, end | 10, step * 160)
                    packet = (
                        _HEADER.pack(0x80, 101 | (0x80 if not phase else 0), tick & 0xFFFF, stamp, index + 1) + payload
                    )
                else:
                    packet = _HEADER.pack(0x80, 8, tick & 0xFFFF, tick * 160, index + 1) + silence
                remote = self._remote[index]
                if remote is not None:
                    self._rtp[index].sendto(packet, remote)
            tick += 1


def _socket() -> socket.socket:
    plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plug.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    plug.bind((CALLER, 0))
    return plug


def measure(folder: Path, count: int, seconds: float) -> dict[str, float]:
    """The figures of `count` callers over `seconds`; keys are those of build/bench.json."""
    with Pbx(folder) as pbx, Callers(count) as callers:
        time.sleep(2 * KEY_EVERY_S)
        with BareTimer(everywhere=True) as bare:
            before, cpu, began = pbx.metrics(), pbx.cpu_s(), time.monotonic()
            callers.measuring = True
            time.sleep(seconds)
            callers.measuring = False
            core = (pbx.cpu_s() - cpu) / (time.monotonic() - began)
            after = pbx.metrics()
    late = "centrala_media_late_ticks_total"
    keys = [key for key in after if key.startswith("centrala_flow_block_total{") and 'exit="1"' in key]
    steps = sum(after[key] - before.get(key, 0.0) for key in keys)
    if not callers.packets or not steps:
        raise RuntimeError(f"{callers.packets} packets of prompts came and {steps:g} keys were obeyed")
    return {
        "ivr_callers": float(count),
        "ivr_core_per_100_callers": 100 * core / count,
        "ivr_keys_per_s": steps / seconds,
        "ivr_late_ticks": after.get(late, 0.0) - before.get(late, 0.0),
        "ivr_prompt_holes": float(callers.holes),
        "ivr_longest_gap_ms": callers.longest_ms,
        "ivr_bare_late_ticks": float(bare.late),
        "ivr_bare_worst_ms": bare.worst_ms,
        "ivr_heard_share": callers.packets / (50 * seconds * count),
    }
