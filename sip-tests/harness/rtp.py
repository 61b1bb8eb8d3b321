"""An RTP endpoint that a test owns: sends a tone or digits on time, keeps what arrives, and judges it.

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

import numpy as np

from harness import tones
from harness.model import Audio

FRAME_20_MS = 160  # samples
EVENT_PAYLOAD_TYPE = 101
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


class Endpoint:
    """An RTP socket on `address`: `start(remote)` begins to send, `close()` ends it, `judge()` lists what is wrong."""

    def __init__(self, address: str, audio: Audio) -> None:
        self.audio = audio
        self.packets: list[Packet] = []
        self.max_send_gap_ms = 0.0
        self.sent = 0
        self._socket = _even_port_socket(address)
        self.address, self.port = self._socket.getsockname()
        self.remote: tuple[str, int] | None = None
        self._payload_type = tones.PCMA if audio.codec == "PCMA" else tones.PCMU
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._receive, daemon=True)]
        self._threads[0].start()

    def start(self, remote: tuple[str, int]) -> None:
        """Sends to `remote` from now on; another `remote` later (re-INVITE) is taken over."""
        first = self.remote is None
        self.remote = remote
        if first:
            self._threads.append(threading.Thread(target=self._send, daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=2)
        self._socket.close()

    def judge(self, other_send_gap_ms: float = 0.0) -> list[str]:
        """What is wrong with the audio that arrived; `other_send_gap_ms`: the longest pause of the far end's sender."""
        audio, problems = self.audio, []
        if len(self.packets) < audio.packets:
            return [f"{len(self.packets)} RTP packets arrived, {audio.packets} or more were expected"]
        streams = {packet.ssrc for packet in self.packets}
        if audio.streams and len(streams) > audio.streams:
            problems.append(f"{len(streams)} SSRCs were seen, {audio.streams} may be")
        if audio.continuous:
            problems += self._jumps()
        allowed = audio.gap_ms + max(0.0, other_send_gap_ms - 20)
        samples = self.samples()
        if audio.hear:
            heard = tones.longest_tone(samples, audio.hear, allowed)
            if heard < audio.for_s:
                text = f"{audio.hear:g} Hz was heard for {heard:.2f} s in one piece, {audio.for_s:g} s were expected"
                problems.append(text)
        if audio.not_hear and tones.longest_tone(samples, audio.not_hear, 0) >= 0.1:
            problems.append(f"{audio.not_hear:g} Hz was heard and should not be")
        return problems

    def samples(self) -> tones.Samples:
        """The audio as it would be played: packets laid out by arrival, holes are silence."""
        audio = [packet for packet in self.packets if packet.payload_type in tones.DECODE and packet.payload]
        if not audio:
            return np.zeros(0, dtype=np.int16)
        out = np.zeros(0, dtype=np.int16)
        pieces = []
        position = 0
        start = audio[0].at
        for packet in audio:
            arrival = int((packet.at - start) * tones.RATE)
            if arrival - position > 3 * FRAME_20_MS:  # 60 ms later than the last one's end: a hole that can be heard
                pieces.append(np.zeros(arrival - position, dtype=np.int16))
                position = arrival
            samples = tones.decode(packet.payload, packet.payload_type)
            pieces.append(samples)
            position += len(samples)
        return np.concatenate([out, *pieces])

    def _jumps(self) -> list[str]:
        """Sequence numbers skipped or seen twice, timestamps that do not follow the arrival (RFC 3550 section 5.1)."""
        problems = []
        for before, after in zip(self.packets, self.packets[1:], strict=False):
            if before.ssrc != after.ssrc:
                continue
            steps = (after.sequence - before.sequence) & 0xFFFF
            if steps != 1:
                problems.append(f"sequence number {before.sequence} was followed by {after.sequence}")
            events = EVENT_PAYLOAD_TYPE in (before.payload_type, after.payload_type)
            elapsed = ((after.timestamp - before.timestamp + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
            if not events and abs(elapsed / tones.RATE - (after.at - before.at)) > 0.25:
                problems.append(f"timestamp moved by {elapsed} within {(after.at - before.at) * 1000:.0f} ms")
        return problems[:3]

    def _receive(self) -> None:
        while not self._stopping.is_set():
            readable, _, _ = select.select([self._socket], [], [], 0.1)
            if not readable:
                continue
            data, ancillary, _, _ = self._socket.recvmsg(2048, 64)
            if len(data) < 12 or data[0] >> 6 != 2:
                continue
            at = time.time()
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = _TIMESPEC.unpack(value[:16])
                    at = seconds + nanoseconds / 1e9
            _, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
            self.packets.append(Packet(at, second & 0x7F, sequence, timestamp, ssrc, data[12:]))

    def _send(self) -> None:
        sender = _Sender(self._payload_type, self.audio.ptime_ms)
        ptime_s = self.audio.ptime_ms / 1000
        begin = last = time.monotonic()
        digits_at = begin + self.audio.digits_after_s if self.audio.digits else float("inf")
        frequencies = (self.audio.send,) if self.audio.send else ()
        frame = 0
        plan: list[bytes] = []
        while not self._stopping.wait(max(0.0, begin + frame * ptime_s - time.monotonic())):
            now = time.monotonic()
            self.max_send_gap_ms, last = max(self.max_send_gap_ms, (now - last) * 1000), now
            if now >= digits_at:
                plan, digits_at = sender.digits(self.audio.digits, self.audio.digits_method), float("inf")
            packet = plan.pop(0) if plan else sender.audio(frequencies)
            if packet and self.remote is not None:
                self._socket.sendto(packet, self.remote)
                self.sent += 1
            frame += 1


class _Sender:
    """Sequence, timestamp and SSRC of what is sent."""

    def __init__(self, payload_type: int, ptime_ms: int) -> None:
        self._payload_type = payload_type
        self._frame = ptime_ms * tones.RATE // 1000
        self._ssrc = int.from_bytes(os.urandom(4), "big")
        self._sequence = int.from_bytes(os.urandom(2), "big")
        self._timestamp = int.from_bytes(os.urandom(3), "big")
        self._sample = 0
        self._first = True

    def audio(self, frequencies: tuple[float, ...]) -> bytes:
        samples = tones.tone(frequencies, self._sample, self._frame)
        self._sample += self._frame
        packet = self._packet(
            self._payload_type, self._timestamp, self._first, tones.encode(samples, self._payload_type)
        )
        self._timestamp += self._frame
        self._first = False
        return packet

    def digits(self, digits: str, method: str) -> list[bytes]:
        """One packet every 20 ms (`ptime_ms` must be that): 100 ms a digit and 60 ms between (RFC 4733 section 2.5, or
        the tones themselves).
        """
        out: list[bytes] = []
        for digit in digits:
            if method == "inband":
                out += [self.audio(tuple(map(float, tones.DTMF[digit]))) for _ in range(5)]
            else:
                out += self._events("0123456789*#ABCD".index(digit))
            out += [self.audio(()) for _ in range(3)]
        return out

    def _events(self, code: int) -> list[bytes]:
        start = self._timestamp
        out = []
        for step in (1, 2, 3, 4, 5, 5, 5):
            end = 0x80 if len(out) >= 4 else 0
            payload = struct.pack("!BBH", code, end | 10, step * FRAME_20_MS)
            out.append(self._packet(EVENT_PAYLOAD_TYPE, start, not out, payload))
        self._timestamp += 7 * FRAME_20_MS
        return out

    def _packet(self, payload_type: int, timestamp: int, marker: bool, payload: bytes) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        second = payload_type | (0x80 if marker else 0)
        return _HEADER.pack(0x80, second, self._sequence, timestamp & 0xFFFF_FFFF, self._ssrc) + payload


def _even_port_socket(address: str) -> socket.socket:
    for _ in range(50):
        candidate = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        candidate.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        candidate.bind((address, 0))
        if candidate.getsockname()[1] % 2 == 0:
            return candidate
        candidate.close()
    raise OSError(f"no even UDP port is free on {address}")
