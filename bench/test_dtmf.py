"""The in-band detector, a second of sound a round (50 frames): `pytest bench/test_dtmf.py --benchmark-enable`."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from core.signal import dtmf

probe = pytest.importorskip("tests.core._probe_signal", reason="build with CENTRALA_TEST_EXTENSIONS=1")

RATE = 8000
FRAMES = 50


def silence() -> np.ndarray:
    return np.zeros(RATE)


def hiss() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1500, RATE)


def speech() -> np.ndarray:
    """Harmonics of a gliding voice with the rhythm of syllables: loud in the band, no digit in it."""
    t = np.arange(RATE) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 2 * t)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 25))
    return 5000 * voice * np.clip(np.sin(2 * np.pi * 4 * t), 0, 1)


def digits() -> np.ndarray:
    """Ten digits in a second, the most that Q.24 allows."""
    t = np.arange(400) / RATE
    bursts = []
    for digit in "0123456789":
        low, high = dtmf.frequencies(digit)
        bursts += [9000 * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)), np.zeros(400)]
    return np.concatenate(bursts)


SOUNDS = {"silence": silence, "hiss": hiss, "speech": speech, "digits": digits}


@pytest.mark.parametrize("filtered", [False, True], ids=["plain", "dial_tone_filter"])
@pytest.mark.parametrize("name", SOUNDS)
def test_dtmf(benchmark: BenchmarkFixture, name: str, filtered: bool) -> None:
    pcm = np.clip(SOUNDS[name](), -32768, 32767).astype(np.int16).tobytes()
    benchmark.extra_info["frames_per_round"] = FRAMES
    heard = benchmark(probe.dtmf_frames, pcm, filtered)
    assert heard == ("0123456789" if name == "digits" else "")


def test_tone(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    assert len(benchmark(probe.tone_frames, 697.0, 1209.0, -9.0, FRAMES)) == 320
