"""Codecs, resampling and concealment, a hundred frames of 20 ms a round, beside spandsp, soxr and PyAV."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.support import peers

cost = pytest.importorskip("bench.load.codec_cost", reason="build with CENTRALA_TEST_EXTENSIONS=1")

FRAMES = 100
RATES = [(8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000), (16000, 48000), (48000, 16000)]

needs_spandsp = pytest.mark.skipif(peers.spandsp() is None, reason="libspandsp2 is not installed")


def sound(samples: int, rate: int) -> np.ndarray:
    t = np.arange(samples) / rate
    voice = sum(np.sin(2 * np.pi * 140 * k * t + k) / k for k in range(1, 25))
    return (4000 * voice + np.random.default_rng(1).normal(0, 30, samples)).astype(np.int16)


@pytest.mark.parametrize("decode", [False, True], ids=["encode", "decode"])
def test_g722(benchmark: BenchmarkFixture, decode: bool) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    benchmark(cost.g722_frames, sound(320, 16000).tobytes(), FRAMES, decode)


@needs_spandsp
@pytest.mark.parametrize("decode", [False, True], ids=["encode", "decode"])
def test_g722_spandsp(benchmark: BenchmarkFixture, decode: bool) -> None:
    pcm = sound(320 * FRAMES, 16000).tobytes()
    data = peers.g722_encode(pcm)
    benchmark.extra_info["frames_per_round"] = FRAMES
    if decode:
        benchmark(peers.g722_decode, data)
    else:
        benchmark(peers.g722_encode, pcm)


@pytest.mark.parametrize("complexity", [5, 9])
def test_opus_encode(benchmark: BenchmarkFixture, complexity: int) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    assert benchmark(cost.opus_frames, sound(320, 16000).tobytes(), FRAMES, False, complexity) > 10


def test_opus_decode(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    benchmark(cost.opus_frames, sound(320, 16000).tobytes(), FRAMES, True)


@pytest.mark.parametrize(("source", "target"), RATES)
def test_resample(benchmark: BenchmarkFixture, source: int, target: int) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    assert (
        benchmark(cost.resample_frames, sound(source // 50, source).tobytes(), source, target, FRAMES) == target // 50
    )


@pytest.mark.parametrize(("source", "target"), RATES)
def test_resample_soxr(benchmark: BenchmarkFixture, source: int, target: int) -> None:
    soxr = pytest.importorskip("soxr")
    frame = sound(source // 50, source)
    stream = soxr.ResampleStream(source, target, 1, dtype=np.int16, quality="MQ")

    def rounds() -> None:
        for _ in range(FRAMES):
            stream.resample_chunk(frame)

    benchmark.extra_info["frames_per_round"] = FRAMES
    benchmark(rounds)


@pytest.mark.parametrize("every", [0, 20], ids=["no_loss", "one_in_twenty_lost"])
def test_conceal(benchmark: BenchmarkFixture, every: int) -> None:
    benchmark.extra_info["frames_per_round"] = FRAMES
    benchmark(cost.conceal_frames, sound(160, 8000).tobytes(), FRAMES, every)


@needs_spandsp
def test_dtmf_spandsp(benchmark: BenchmarkFixture) -> None:
    """A second of sound a round, as in test_dtmf."""
    pcm = sound(8000, 8000).tobytes()
    detector = peers.SpandspDtmf()
    benchmark.extra_info["frames_per_round"] = 50
    benchmark(detector.feed, pcm)
