"""Far ends on loopback and a media engine to try them on; everything waits for something, nothing sleeps."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Packet:
    """A received RTP packet."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def rtp(sequence: int, timestamp: int, payload: bytes, *, pt: int = 0, ssrc: int = 7, marker: bool = False) -> bytes:
    header = struct.pack("!BBHII", 0x80, pt | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return header + payload


class Phone:
    """A UDP socket that speaks RTP."""

    def __init__(self, ip: str, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, port))
        self.ip, self.port = self.socket.getsockname()
        self.far: tuple[str, int] = ("", 0)
        self.sequence = 100
        self.timestamp = 1000

    def say(self, payload: bytes = b"\x55" * 160, *, pt: int = 0, ssrc: int = 7, count: int = 1) -> None:
        """Sends packets one after the other, as fast as it goes."""
        for _ in range(count):
            self.socket.sendto(rtp(self.sequence, self.timestamp, payload, pt=pt, ssrc=ssrc), self.far)
            self.sequence += 1
            self.timestamp += len(payload)

    def raw(self, data: bytes) -> None:
        self.socket.sendto(data, self.far)

    def hear(self, count: int = 1, timeout_s: float = PATIENCE_S) -> list[Packet]:
        """The next packets; fewer when the time is over."""
        out: list[Packet] = []
        deadline = time.monotonic() + timeout_s
        while len(out) < count:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                break
            first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
            assert first == 0x80
            out.append(Packet(second & 0x7F, bool(second >> 7), sequence, timestamp, ssrc, data[12:]))
        return out

    def close(self) -> None:
        self.socket.close()


class Bench:
    """An engine with one worker, and what it has told."""

    def __init__(self, engine: Any, local_ip: str) -> None:
        self.engine = engine
        self.local_ip = local_ip
        self.events: list[tuple[int, int, int, int, int, int]] = []
        self.phones: list[Phone] = []

    def wait(self, kind: int, stream: int | None = None, count: int = 1) -> list[tuple[int, int, int, int, int, int]]:
        """Until `count` such events have come (ever); returns them."""

        def found() -> list[tuple[int, int, int, int, int, int]]:
            return [e for e in self.events if e[0] == kind and stream in (None, e[1])]

        self.until(lambda: len(found()) >= count, f"event {kind} of {stream}, {count} times")
        return found()

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}; came: {self.events}"
            select.select([self.engine.event_fd(0)], [], [], 0.02)
            self.events += self.engine.drain(0)

    def call(self, ip: str, **settings: Any) -> tuple[int, Phone]:
        """A stream and the phone it is configured for."""
        phone = Phone(ip)
        self.phones.append(phone)
        stream, port = self.engine.open(self.local_ip)
        phone.far = (self.local_ip, port)
        settings = {"codec": 0, "event_payload_type": 101, "remote_ip": phone.ip, "remote_port": phone.port, **settings}
        self.engine.configure(stream, **settings)
        return stream, phone

    def close(self) -> None:
        self.engine.stop()
        for phone in self.phones:
            phone.close()
