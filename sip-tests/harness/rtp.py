"""An RTP endpoint that a test owns: sends a tone or digits on time, and keeps what arrives.

Sending runs in a thread of its own at absolute deadlines; arrival times are the kernel's (SO_TIMESTAMPNS), so that a
busy test machine is not mistaken for a hole in the audio. The sender notes its own lateness for the same reason.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

from harness import tones
from harness.codecs import CODECS, encoder
from harness.model import Audio
from harness.srtp import Shield

_BEGAN = time.time() - time.monotonic()
PAUSE_S = 0.2  # of the tone, for measuring the delay
SO_TIMESTAMPNS = 35
_HEADER = struct.Struct("!BBHII")
_TIMESPEC = struct.Struct("qq")


@dataclass(slots=True)
class Packet:
    """A received RTP packet: kernel arrival time in seconds, header fields, payload."""

    at: float
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    port: int = 1  # of the endpoint: 1, or 2 after a move


class Endpoint:
    """An RTP socket on `address`: `start(remote)` begins to send, `close()` ends it."""

    def __init__(self, address: str, audio: Audio) -> None:
        self.audio = audio
        self.packets: list[Packet] = []
        self.max_send_gap_ms = 0.0
        self.sent = 0
        self.first_sent_at = 0.0  # UTC seconds
        self.shield = Shield(audio.srtp or audio.srtp_offered) if audio.srtp or audio.srtp_offered else None
        self._sockets = [_even_port_socket(address) for _ in range(1 + audio.second_port)]
        self.ports = [plug.getsockname()[1] for plug in self._sockets]
        self._sending = self._sockets[0]
        self.remote: tuple[str, int] | None = None
        self.codec = CODECS[audio.codec]
        audio.event_type = audio.event_type or self.codec.event_type
        self.delay_ms = 0.0  # one way, of what `delay` of this endpoint measured
        self.key_ended_at = 0.0  # UTC seconds when the end of the first digit was sent (RFC 4733)
        self.stopped_ms: list[tuple[float, float]] = []  # from the key to the end of a prompt: measured, allowed
        self.marked_at = 0.0  # UTC seconds when the tone went on after its pause (`mark_after_s`)
        self._stopping = threading.Event()
        self._hung_up = threading.Event()  # ends the sending only
        self._threads = [threading.Thread(target=self._receive, daemon=True)]
        self._threads[0].start()

    def start(self, remote: tuple[str, int], port: int = 1) -> None:
        """Sends to `remote` from our port number `port` on; another `remote` later (re-INVITE) is taken over."""
        self._sending = self._sockets[port - 1]
        first = self.remote is None
        self.remote = remote
        if first:
            self._threads.append(threading.Thread(target=self._send, daemon=True))
            self._threads[-1].start()

    def hang_up(self) -> None:
        """Sends no more, as a phone after the call; what still comes is kept."""
        self._hung_up.set()

    def close(self) -> None:
        self._hung_up.set()
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=2)
        for plug in self._sockets:
            plug.close()

    def _receive(self) -> None:
        while not self._stopping.is_set():
            readable, _, _ = select.select(self._sockets, [], [], 0.1)
            for plug in readable:
                self._take(plug)

    def _take(self, plug: socket.socket) -> None:
        data, ancillary, _, _ = plug.recvmsg(2048, 64)
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        at = wall()
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(value[:16])
                at = seconds + nanoseconds / 1e9 + (wall() - time.time())
        if self.shield is not None:
            data = self.shield.opened(data)
            if not data:
                return
        _, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        port = self._sockets.index(plug) + 1
        number = self.codec.number if second & 0x7F == self.audio.payload_type else second & 0x7F
        self.packets.append(Packet(at, number, sequence, timestamp, ssrc, data[12:], port))

    def _send(self) -> None:
        sender = _Sender(self.codec.name, self.audio.payload_type, self.audio.ptime_ms, self.audio.event_type)
        mark_at = begin_at = self.audio.mark_after_s
        ptime_s = self.audio.ptime_ms / 1000
        begin = last = time.monotonic()
        digits_at = begin + self.audio.digits_after_s if self.audio.digits else float("inf")
        frequencies = (self.audio.send,) if self.audio.send else ()
        frame = 0
        plan: list[list[bytes]] = []
        while not self._hung_up.wait(max(0.0, begin + frame * ptime_s - time.monotonic())):
            now = time.monotonic()
            self.max_send_gap_ms, last = max(self.max_send_gap_ms, (now - last) * 1000), now
            if now >= digits_at:
                plan, digits_at = sender.digits(self.audio.digits, self.audio.digits_method), float("inf")
            self.first_sent_at = self.first_sent_at or wall()
            paused = mark_at and begin_at <= frame * ptime_s < begin_at + PAUSE_S
            if mark_at and not self.marked_at and frame * ptime_s >= begin_at + PAUSE_S:
                self.marked_at = wall()
            for packet in plan.pop(0) if plan else [sender.audio(() if paused else frequencies)]:
                if self.remote is not None:
                    if not self.key_ended_at and packet[1] & 0x7F == self.audio.event_type and packet[13] & 0x80:
                        self.key_ended_at = wall()
                    self._sending.sendto(self.shield.sealed(packet) if self.shield else packet, self.remote)
                    self.sent += 1
            frame += 1


class _Sender:
    """Sequence, timestamp and SSRC of what is sent."""

    def __init__(self, codec: str, payload_type: int, ptime_ms: int, event_type: int) -> None:
        self._codec = CODECS[codec]
        self._encode = encoder(self._codec)
        self._payload_type = self._codec.number if payload_type < 0 else payload_type
        self._event_type = event_type
        self._frame = ptime_ms * self._codec.rate // 1000
        self._ticks = ptime_ms * self._codec.clock // 1000
        self._event_step = self._codec.clock // 50
        self._ssrc = int.from_bytes(os.urandom(4), "big")
        self._sequence = int.from_bytes(os.urandom(2), "big")
        self._timestamp = int.from_bytes(os.urandom(3), "big")
        self._sample = 0
        self._first = True

    def audio(self, frequencies: tuple[float, ...]) -> bytes:
        samples = tones.tone(frequencies, self._sample, self._frame, rate=self._codec.rate)
        self._sample += self._frame
        packet = self._packet(self._payload_type, self._timestamp, self._first, self._encode(samples))
        self._timestamp += self._ticks
        self._first = False
        return packet

    def digits(self, digits: str, method: str) -> list[list[bytes]]:
        """What goes out every 20 ms (the sender's ptime must be that): 100 ms a digit and 60 ms between them, a second
        of silence for a comma.

        "rfc4733" (section 2.5); "rfc4733-no-end": the packets with the end bit are lost; "rfc4733-twice": the network
        doubles every packet; "inband": the tones themselves.
        """
        out: list[list[bytes]] = []
        for digit in digits:
            if digit == ",":
                out += [[self.audio(())] for _ in range(50)]
                continue
            if method == "inband":
                out += [[self.audio(tuple(map(float, tones.DTMF[digit])))] for _ in range(5)]
            else:
                copies = 2 if method == "rfc4733-twice" else 1
                for packet in self._events("0123456789*#ABCD".index(digit)):
                    lost = method == "rfc4733-no-end" and packet[13] & 0x80
                    out.append([] if lost else [packet] * copies)
            out += [[self.audio(())] for _ in range(3)]
        return out

    def _events(self, code: int) -> list[bytes]:
        start = self._timestamp
        out: list[bytes] = []
        for step in (1, 2, 3, 4, 5, 5, 5):
            end = 0x80 if len(out) >= 4 else 0
            payload = struct.pack("!BBH", code, end | 10, step * self._event_step)
            out.append(self._packet(self._event_type, start, not out, payload))
        self._timestamp += 7 * self._event_step
        return out

    def _packet(self, payload_type: int, timestamp: int, marker: bool, payload: bytes) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        second = payload_type | (0x80 if marker else 0)
        return _HEADER.pack(0x80, second, self._sequence, timestamp & 0xFFFF_FFFF, self._ssrc) + payload


def wall() -> float:
    """UTC seconds by a clock that is never set: what the kernel stamps packets with may be, in the middle of a talk."""
    return _BEGAN + time.monotonic()


def _even_port_socket(address: str) -> socket.socket:
    for _ in range(50):
        candidate = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        candidate.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        candidate.bind((address, 0))
        if candidate.getsockname()[1] % 2 == 0:
            return candidate
        candidate.close()
    raise OSError(f"no even UDP port is free on {address}")
