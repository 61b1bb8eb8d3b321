"""Companding, per frame of 20 ms: `pytest bench/test_g711.py --benchmark-enable`. A hundred frames a round.

The probe runs as a media thread does: no Python object, no allocation in the timed part.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

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
