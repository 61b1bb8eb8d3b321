"""Far ends that say a tone in any codec, in real time, and measure the tone that comes back."""

from __future__ import annotations

import itertools
import select
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from core.signal import g711, g722, opus
from tests.support.rtp_phone import Bench, Packet, rtp

PCMU, PCMA, G722, OPUS, L16, L16_48 = 0, 8, 9, 107, 109, 110
NAMES = {PCMU: "PCMU", PCMA: "PCMA", G722: "G722", OPUS: "opus", L16: "L16", L16_48: "L16/48000"}
RATES = {PCMU: 8000, PCMA: 8000, G722: 16000, OPUS: 16000, L16: 16000, L16_48: 48000}
CLOCKS = {PCMU: 8000, PCMA: 8000, G722: 8000, OPUS: 48000, L16: 16000, L16_48: 48000}
AMPLITUDE = 6000.0


def _linear(pcm: bytes) -> bytes:
    return np.frombuffer(pcm, np.int16).astype(">i2").tobytes()


def encoder(codec: int) -> Callable[[bytes], bytes]:
    """A frame of s16 samples to a payload."""
    if codec == G722:
        return g722.Encoder().encode
    if codec == OPUS:
        return opus.Encoder(16000, bitrate=32000).encode
    return {PCMU: g711.ulaw_encode_bytes, PCMA: g711.alaw_encode_bytes, L16: _linear, L16_48: _linear}[codec]


def decode(codec: int, payloads: list[bytes]) -> np.ndarray:
    """Payloads to samples, by one decoder."""
    if codec == G722:
        pcm = g722.Decoder().decode(b"".join(payloads))
    elif codec == OPUS:
        decoder = opus.Decoder(16000)
        pcm = b"".join(decoder.decode(payload) for payload in payloads)
    elif codec in (L16, L16_48):
        return np.frombuffer(b"".join(payloads), ">i2").astype(float)
    else:
        pcm = {PCMU: g711.ulaw_decode_bytes, PCMA: g711.alaw_decode_bytes}[codec](b"".join(payloads))
    return np.frombuffer(pcm, np.int16).astype(float)


class CodecPhone:
    """A phone of one codec that says one tone."""

    def __init__(self, bench: Bench, ip: str, codec: int, tone: float, **settings: Any) -> None:
        self.codec, self.tone, self.rate = codec, tone, RATES[codec]
        settings = {"event_payload_type": 101, **settings}
        self.stream, self.phone = bench.call(ip, codec=codec, **settings)
        self.heard: list[Packet] = []
        self._encode = encoder(codec)
        self._frames = 0

    def change(self, bench: Bench, codec: int) -> None:
        """Another codec by signalling; what was heard in the old one stays."""
        self.codec, self.rate, self._encode = codec, RATES[codec], encoder(codec)
        bench.engine.configure(
            self.stream, codec=codec, event_payload_type=101, remote_ip=self.phone.ip, remote_port=self.phone.port
        )

    def say(self) -> None:
        """20 ms of the tone."""
        size = self.rate // 50
        t = (np.arange(size) + size * self._frames) / self.rate
        payload = self._encode((AMPLITUDE * np.sin(2 * np.pi * self.tone * t)).astype(np.int16).tobytes())
        stamp = self._frames * CLOCKS[self.codec] // 50
        self.phone.raw(rtp(self.phone.sequence + self._frames, stamp, payload, pt=self.codec))
        self._frames += 1

    def level_db(self, tone: float) -> float:
        """Of a tone in what was heard lately, against what a phone says."""
        sound = decode(self.codec, [p.payload for p in self.heard if p.payload_type == self.codec])[-self.rate // 4 :]
        if len(sound) < self.rate // 4:
            return -99.0
        window = np.hanning(len(sound))
        t = np.arange(len(sound)) / self.rate
        value = np.abs(np.sum(sound * window * np.exp(-2j * np.pi * tone * t))) * 2 / np.sum(window)
        return float(20 * np.log10(max(value, 1e-5) / AMPLITUDE))

    def one_stream(self) -> None:
        """One SSRC, no hole in the sequence, timestamps that go on with the codec's clock."""
        assert len({p.ssrc for p in self.heard}) == 1
        for before, after in itertools.pairwise(self.heard):
            assert (after.sequence - before.sequence) & 0xFFFF == 1
            step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            assert 0 < step <= CLOCKS[self.codec] * 0.08, (NAMES[self.codec], step)


def talk(phones: list[CodecPhone], seconds: float) -> None:
    """Everybody says his tone and hears, for that long."""
    deadline = time.monotonic()
    by_socket = {phone.phone.socket: phone for phone in phones}
    for _ in range(round(seconds * 50)):
        for phone in phones:
            phone.say()
        deadline += 0.02
        while True:
            ready, _, _ = select.select(list(by_socket), [], [], max(deadline - time.monotonic(), 0))
            for socket in ready:
                by_socket[socket].heard += by_socket[socket].phone.hear(1)
            if time.monotonic() >= deadline:
                break


def talk_until(phones: list[CodecPhone], seconds: float, check: Callable[[], None]) -> None:
    """Talks for that long, then on until the check holds: on a busy machine a sender may have stalled just now."""
    talk(phones, seconds)
    for _ in range(30):
        try:
            check()
        except AssertionError:
            talk(phones, 0.4)
        else:
            return
    check()
