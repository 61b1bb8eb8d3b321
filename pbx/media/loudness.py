"""Loudness after ITU-R BS.1770-4, of one channel, in LUFS. Runs in a speech worker process only (numpy).

The two filters of the K-weighting are applied to the spectrum: a recording is short and all of it is there.
"""

from __future__ import annotations

import math

import numpy as np

from pbx.media.shaping import Samples, resample

RATE = 48000  # Hz, for which the recommendation gives the filters' coefficients
BLOCK_S, STEP_S = 0.4, 0.1
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET = -0.691  # so that a full-scale sine of 997 Hz in one channel is -3.01 LUFS

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def loudness_lufs(samples: Samples, rate: int) -> float:
    """Integrated, gated loudness; -inf for silence. What is shorter than 0.4 s counts as one block."""
    weighted = _k_weighted(resample(samples, rate, RATE))
    size, step = int(BLOCK_S * RATE), int(STEP_S * RATE)
    if len(weighted) <= size:
        powers = np.array([float(np.mean(weighted**2))]) if len(weighted) else np.zeros(1)
    else:
        sums = np.concatenate([[0.0], np.cumsum(weighted**2)])
        starts = np.arange(0, len(weighted) - size + 1, step)
        powers = (sums[starts + size] - sums[starts]) / size
    heard = powers[powers > _power(ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return -math.inf
    gate = _lufs(float(np.mean(heard))) + RELATIVE_GATE_LU
    return _lufs(float(np.mean(heard[heard > _power(gate)])))


def _lufs(power: float) -> float:
    return OFFSET + 10.0 * math.log10(power) if power > 0 else -math.inf


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET) / 10.0))


def _k_weighted(samples: Samples) -> Samples:
    size = len(samples) + RATE  # a second of silence for what rings on, so that it does not come round
    spectrum = np.fft.rfft(samples, size)
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    for numerator, denominator in (SHELF, HIGH_PASS):
        spectrum = spectrum * np.polyval(numerator[::-1], turns) / np.polyval(denominator[::-1], turns)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], dtype=np.float64)
