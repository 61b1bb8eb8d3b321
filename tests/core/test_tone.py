"""The tone generator: level, frequency, saturation, and no drift."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal import tone


def samples(*arguments: float, rate: int = 8000) -> np.ndarray:
    f1, f2, level, count = arguments
    return np.frombuffer(tone.tone_bytes(f1, f2, level, int(count), rate), np.int16).astype(float)


@pytest.mark.parametrize("level", [3.1, 0, -13, -40])
def test_level(level: float) -> None:
    got = samples(1000, 0, level, 8000)
    assert 10 * np.log10(np.mean(got**2) * 2 / 32768**2) + tone.FULL_SCALE_DBM0 == pytest.approx(level, abs=0.05)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_frequency_and_phase_stay_right_for_a_minute(rate: int) -> None:
    got = samples(697, 0, -9, 60 * rate, rate=rate)
    t = np.arange(len(got)) / rate
    wanted = 32768 * 10 ** ((-9 - 3.14) / 20) * np.sin(2 * np.pi * 697 * t)
    assert np.max(np.abs(got - wanted)) < 1.0


def test_two_tones_are_the_sum_and_saturate() -> None:
    both = samples(697, 1209, -9, 800)
    assert np.max(np.abs(both - samples(697, 0, -9, 800) - samples(1209, 0, -9, 800))) <= 1.0
    loud = samples(697, 1209, 3, 800)
    assert loud.max() == 32767
    assert loud.min() == -32768


def test_nonsense_is_refused() -> None:
    for arguments in ((4000, 0, 0, 10), (-1, 0, 0, 10), (100, 5000, 0, 10), (float("nan"), 0, 0, 10), (100, 0, 0, -1)):
        with pytest.raises(ValueError, match=r"Hz|samples"):
            samples(*arguments)
    with pytest.raises(ValueError, match="rate"):
        tone.tone_bytes(100, 0, 0, 10, 0)
    assert tone.tone_bytes(100, 0, 0, 0) == b""
