"""Companding, per frame of 20 ms: `pytest bench/test_g711.py --benchmark-enable`. A hundred frames a round.

The probe runs as a media thread does: no Python object, no allocation in the timed part.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from core.signal import g711

probe = pytest.importorskip("tests.core._probe_signal", reason="build with CENTRALA_TEST_EXTENSIONS=1")

FRAMES = 100
NAMES = ["ulaw_encode", "ulaw_decode", "alaw_encode", "alaw_decode", "ulaw_to_alaw", "alaw_to_ulaw"]


@pytest.mark.parametrize("samples", [80, 160, 480])
@pytest.mark.parametrize("name", NAMES)
def test_g711(benchmark: BenchmarkFixture, name: str, samples: int) -> None:
    pcm = np.random.default_rng(1).normal(0, 4000, samples).astype(np.int16).tobytes()
    benchmark.extra_info["frames_per_round"] = FRAMES
    out = benchmark(probe.g711_frames, name, pcm, FRAMES, samples)
    assert len(out) == samples


def law(samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A frame of octets, and the tables of a decoder and an encoder (by the upper 14 bits) for numpy."""
    octets = np.random.default_rng(2).integers(0, 256, samples).astype(np.uint8)
    decoded = np.frombuffer(g711.ulaw_decode_bytes(bytes(range(256))), np.int16)
    every = np.arange(-32768, 32768, 4).astype(np.int16)
    return octets, decoded, np.frombuffer(g711.ulaw_encode_bytes(every.tobytes()), np.uint8)


@pytest.mark.parametrize("way", ["encode", "decode"])
def test_numpy(benchmark: BenchmarkFixture, way: str) -> None:
    octets, decoder, encoder = law(160)
    pcm = decoder[octets]

    def rounds() -> None:
        for _ in range(FRAMES):
            if way == "decode":
                decoder[octets]
            else:
                encoder[(pcm >> 2) + 8192]

    benchmark.extra_info["frames_per_round"] = FRAMES
    assert (encoder[(pcm >> 2) + 8192] == np.frombuffer(g711.ulaw_encode_bytes(pcm.tobytes()), np.uint8)).all()
    benchmark(rounds)


@pytest.mark.parametrize("way", ["encode", "decode"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_audioop(benchmark: BenchmarkFixture, way: str) -> None:
    audioop = pytest.importorskip("audioop", reason="gone from Python 3.13 on")
    octets, decoder, _ = law(160)
    pcm, data = decoder[octets].tobytes(), octets.tobytes()

    def rounds() -> None:
        for _ in range(FRAMES):
            if way == "decode":
                audioop.ulaw2lin(data, 2)
            else:
                audioop.lin2ulaw(pcm, 2)

    benchmark.extra_info["frames_per_round"] = FRAMES
    benchmark(rounds)
