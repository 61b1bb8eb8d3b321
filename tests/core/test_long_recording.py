"""Two hours of a call on one tape, in virtual time: clocks that differ, losses, a transfer; all lies in its place."""

from __future__ import annotations

import os
import random
import wave
from pathlib import Path

import numpy as np
import pytest

from core.signal import g711

probe = pytest.importorskip("tests.core._probe_tape", reason="build with CENTRALA_TEST_EXTENSIONS=1")

SECONDS = 7200
FRAME = 160


def tone(hertz: float) -> bytes:
    t = np.arange(FRAME) / 8000
    return bytes(g711.ulaw_encode_bytes((8000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16).tobytes()))


SILENCE, LEFT, RIGHT, OTHER = b"\xff" * FRAME, tone(500), tone(1000), tone(2000)


class Voice:
    """A stream: silence, and a second of its tone at the full minute of its own; `ppm` is how fast its clock runs."""

    def __init__(self, tap: int, sound: bytes, second: int, ppm: float, seed: int) -> None:
        self.tap, self.sound, self.second, self.period_ms = tap, sound, second, 20 / (1 + ppm / 1e6)
        self.random = random.Random(seed)
        self.count = 0
        self.next_ms = 5.0
        self.timestamp = self.random.randrange(1 << 32)

    def until(self, deck: object, now_ms: float) -> None:
        while self.next_ms <= now_ms:
            said_s = self.next_ms / 1000
            loud = int(said_s) % 60 == self.second
            if loud or self.random.random() > 0.02:
                arrival = self.next_ms + self.random.random() * 8
                deck.audio(self.tap, self.sound if loud else SILENCE, self.timestamp + FRAME * self.count, 1, arrival)  # type: ignore[attr-defined]
            self.count += 1
            self.next_ms += self.period_ms


def has(samples: np.ndarray, hertz: float) -> bool:
    floats = samples.astype(float)
    t = np.arange(len(floats)) / 8000
    power = 2 * abs(np.sum(floats * np.exp(-2j * np.pi * hertz * t))) ** 2 / len(floats)
    energy = float(np.dot(floats, floats))
    return energy > len(floats) * 1e6 and power > 0.5 * energy


def test_two_hours(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
    deck = probe.Deck(fd)
    left, right = Voice(0, LEFT, 10, 150, 1), Voice(1, RIGHT, 30, -150, 2)
    voices = [left, right]
    for now_ms in range(100, SECONDS * 1000 + 1, 100):
        if now_ms == 3_600_000:  # transferred: another stream on the right, the former has left
            tap = deck.take(1)
            assert not deck.leave(1, now_ms)
            other = Voice(tap, OTHER, 30, 40, 3)
            other.next_ms = now_ms + 1.0
            voices = [left, other]
        for voice in voices:
            voice.until(deck, now_ms)
        assert not deck.look(now_ms)
        if now_ms == 1_800_000:
            with wave.open(str(path)) as file:  # as after a SIGKILL at this instant
                assert file.getnframes() == pytest.approx(1800 * 8000, abs=8 * 8000)
    assert not deck.leave(0, SECONDS * 1000)
    assert deck.leave(tap, SECONDS * 1000)
    assert deck.look(SECONDS * 1000 + 100)
    assert (deck.lost, deck.failure) == (0, 0)
    with wave.open(str(path)) as file:
        assert file.getnframes() == SECONDS * 8000
    sound = np.memmap(path, dtype="<i2", mode="r", offset=44).reshape(-1, 2)
    for minute in (0, 1, 30, 59, 61, 90, 119):
        at = minute * 60 * 8000
        right_tone = 1000 if minute < 60 else 2000
        for column, second, hertz in ((0, 10, 500), (1, 30, right_tone)):
            begin = at + second * 8000
            # Half a second in the middle of it, and silence before and after: within 100 ms of its time.
            assert has(sound[begin + 2000 : begin + 6000, column], hertz), (minute, column)
            assert not np.any(np.abs(sound[begin - 8000 : begin - 800, column]) > 100), (minute, column)
            assert not np.any(np.abs(sound[begin + 8800 : begin + 16000, column]) > 100), (minute, column)
    os.unlink(path)
