"""Mutated input for everything that reads packets. `make fuzz COUNT=2000000` runs it under sanitizers for longer."""

from __future__ import annotations

import os
import struct

import numpy as np
import pytest

from core.signal import g711, g722, opus
from tests.support.corpus import entries

probe = pytest.importorskip("tests.core._probe_fuzz", reason="build with CENTRALA_TEST_EXTENSIONS=1")

COUNT = int(os.environ.get("CENTRALA_FUZZ_COUNT", "30000"))
SEED = int(os.environ.get("CENTRALA_FUZZ_SEED", "1"))
LONGEST_MS = 50.0


def voice(rate: int) -> bytes:
    t = np.arange(rate // 50) / rate
    return (8000 * np.sin(2 * np.pi * 300 * t)).astype(np.int16).tobytes()


def rtp_seeds() -> list[bytes]:
    header = struct.pack("!BBHII", 0x80, 0, 1, 160, 7)
    event = struct.pack("!BBHII", 0x80, 101, 2, 160, 7) + struct.pack("!BBH", 5, 0x8A, 800)
    extended = struct.pack("!BBHIIIHH", 0xB1, 0x80, 3, 320, 7, 9, 0xBEDE, 1) + bytes(4 + 160) + b"\x04"
    return [header + bytes(160), event, extended, header + g711.ulaw_encode_bytes(voice(8000))]


def rtcp_seeds() -> list[bytes]:
    report = struct.pack("!BBHIQIII", 0x81, 200, 12, 5, 1 << 40, 160, 1, 160) + struct.pack("!6I", 7, 1, 2, 3, 4, 5)
    names = struct.pack("!BBHIBB", 0x81, 202, 2, 5, 1, 2) + b"ab"
    voip = struct.pack("!BBHI", 0x80, 207, 10, 5) + struct.pack("!BBHI", 7, 0, 8, 7) + bytes(28)
    return [report, report + names, report + names + voip, struct.pack("!BBHI", 0x80, 201, 1, 5) + voip]


def playout_seeds() -> list[bytes]:
    pcm = voice(16000)
    payloads = [
        g711.ulaw_encode_bytes(voice(8000)),
        g711.alaw_encode_bytes(voice(8000)),
        g722.Encoder().encode(pcm),
        opus.Encoder(16000).encode(pcm),
        pcm,
    ]
    return [
        bytes([which, 0]) + struct.pack("!HI", n, n * 160) + data
        for n, which in enumerate(range(5))
        for data in payloads
    ]


SEEDS = {
    "rtp": rtp_seeds,
    "rtcp": rtcp_seeds,
    "telephone_event": lambda: [struct.pack("!IBBH", 160 * n, n, 0x80 * (n & 1), 160 * n) for n in range(16)],
    "jitter": lambda: [struct.pack("!HIH", n, 160 * n, 0) * 20 for n in range(50)],
    "playout": playout_seeds,
    "srtp": lambda: rtp_seeds() + rtcp_seeds(),
    "comfort_noise": lambda: [bytes([40]), bytes([60, *range(100, 110)]), bytes(range(200))],
}


@pytest.mark.parametrize("target", SEEDS)
def test_mutated_input_is_survived(target: str) -> None:
    seeds = SEEDS[target]()
    if target in ("rtp", "rtcp", "srtp"):
        seeds += [entry.data for folder in ("rtp", "rtcp") if target in (folder, "srtp") for entry in entries(folder)]
    longest_ms, opened = probe.run(target, seeds, COUNT, SEED)
    assert longest_ms < LONGEST_MS
    assert opened > 0 or target != "srtp"  # what is refused at the door only would test little
