"""A tick of a room where everybody speaks: decode, sum, less one's own part, encode; beside numpy on the same.

A round is one tick of PCMU frames of 20 ms. The numpy round sums, subtracts and saturates only: it has no G.711.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

mixer = pytest.importorskip("core.signal.mixer", reason="build the core first")

PARTIES = [3, 10, 100, 500]
TICKS = 50


def voices(parties: int) -> list[bytes]:
    noise = np.random.default_rng(parties).normal(0, 3000, (parties, 160))
    return [row.astype(np.int16).tobytes() for row in noise]


@pytest.mark.parametrize("parties", PARTIES)
def test_tick(benchmark: BenchmarkFixture, parties: int) -> None:
    """Fifty ticks a round: the inputs are copied outside, the time of one call is small beside them."""
    frames = voices(parties)
    benchmark.extra_info["ticks_per_round"] = TICKS
    assert benchmark(mixer.mix_rounds, frames, TICKS) > 0


@pytest.mark.parametrize("parties", PARTIES)
def test_numpy_sum(benchmark: BenchmarkFixture, parties: int) -> None:
    frames = np.stack([np.frombuffer(voice, np.int16) for voice in voices(parties)])

    def tick() -> np.ndarray:
        total = frames.sum(axis=0, dtype=np.int32)
        return np.clip(total - frames, -32768, 32767).astype(np.int16)

    benchmark(tick)
