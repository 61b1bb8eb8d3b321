"""The mixer's arithmetic against numpy, at the edges of its range."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal import g711, mixer

RNG = np.random.default_rng(7)


def as_bytes(rows: np.ndarray) -> list[bytes]:
    return [row.astype(np.int16).tobytes() for row in rows]


def expected(rows: np.ndarray) -> np.ndarray:
    total = rows.astype(np.int64).sum(axis=0)
    return np.clip(total - rows, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("samples", [1, 7, 80, 160, 161, 320, 960])
@pytest.mark.parametrize("parties", [1, 2, 3, 10, 100, 500])
def test_each_gets_the_saturated_sum_of_the_others(parties: int, samples: int) -> None:
    rows = RNG.integers(-32768, 32768, (parties, samples))
    for got, wanted in zip(mixer.mix_minus_bytes(as_bytes(rows)), expected(rows), strict=True):
        assert got == wanted.tobytes()


@pytest.mark.parametrize(("law", "encode"), [("ulaw", g711.ulaw_encode_bytes), ("alaw", g711.alaw_encode_bytes)])
def test_encoded_at_once_is_bit_for_bit_encoded_after(law: str, encode: object) -> None:
    ramp = np.arange(-32768, 32768)
    for other in (np.zeros(65536), np.full(65536, 32767), np.full(65536, -32768)):
        rows = np.stack([ramp, other, other[::-1]])
        for got, wanted in zip(mixer.mix_minus_bytes(as_bytes(rows), law), expected(rows), strict=True):
            assert got == encode(wanted.tobytes())  # type: ignore[operator]


@pytest.mark.parametrize("samples", [160, 320, 960])
@pytest.mark.parametrize("level", [3.14, 0, -10, -20, -40, -50])
def test_level(level: float, samples: int) -> None:
    t = np.arange(samples)
    sine = 32767 * 10 ** ((level - 3.14) / 20) * np.sin(2 * np.pi * t / 32)
    assert mixer.level_dbm0(sine.astype(np.int16).tobytes()) == pytest.approx(level, abs=1.5)


def test_silence_and_full_scale_do_not_overflow() -> None:
    assert mixer.level_dbm0(bytes(320)) == -127
    assert mixer.level_dbm0(b"") == -127
    assert mixer.level_dbm0(np.full(960, -32768, np.int16).tobytes()) == 6


@pytest.mark.parametrize(("voices", "word"), [([], "voice"), ([b"a"], "whole"), ([bytes(4), bytes(2)], "4 and of 2")])
def test_wrong_frames_are_named(voices: list[bytes], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        mixer.mix_minus_bytes(voices)


def test_a_round_of_the_bench_takes_time() -> None:
    assert 0 < mixer.mix_rounds([bytes(320)] * 3, 100) < 0.01
