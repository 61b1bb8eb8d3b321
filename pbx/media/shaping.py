"""Making speech and music fit for the telephone: resampling, loudness, trimming. Runs in the speech worker only.

numpy is imported here and in `composer`; the serving process must never import either (its memory is counted per call).
Samples are float64 arrays in units of full scale (-1 to 1), one channel.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]

RATE = 8000  # samples a second of everything that is played
SPEECH_LEVEL_DBOV = -26.0  # active speech level that telephone networks are planned for (ITU-T P.56); -19.9 dBm0
MUSIC_LEVEL_DBOV = -29.0  # music is denser than speech: the same loudness needs less level
PEAK_LIMIT = 0.89  # -1 dBov

_PASS_HZ = 3400.0  # the telephone band ends here
_STOP_HZ = 4000.0  # what is above would fold back into the band at 8 kHz
_ATTENUATION_DB = 80.0
_LIMIT_BLOCKS_PER_S = 1000  # gain values of the limiter


def db(ratio: float) -> float:
    """A ratio of amplitudes in decibels; -inf for nothing at all."""
    return 20.0 * math.log10(ratio) if ratio > 0 else -math.inf


def resample(samples: Samples, rate: int, target: int = RATE) -> Samples:
    """Band-limited conversion from `rate` to `target` samples a second (both Hz): 3.4 kHz flat, 80 dB down from 4 kHz.

    The group delay of the filter is taken off, so that the output starts where the input does. Raises ValueError when a
    rate is not between 4,000 and 384,000 Hz.
    """
    for value in (rate, target):
        if not 4000 <= value <= 384000:
            raise ValueError(f"a sampling rate of {value} Hz is not between 4,000 and 384,000 Hz")
    if rate == target or not len(samples):
        return samples.astype(np.float64)
    divisor = math.gcd(rate, target)
    up, down = target // divisor, rate // divisor
    phases = _phases(rate, up, down)
    taps = phases.shape[1]
    count = -(-len(samples) * up // down)
    centre = taps // 2
    padded = np.concatenate([np.zeros(centre), samples, np.zeros(taps + 1)])
    out = np.empty(count)
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    for phase in range(min(up, count)):
        # Outputs phase, phase + up, ... share one set of factors; their inputs lie `down` samples apart.
        index = np.arange(phase, count, up)
        first = index * down // up
        out[index] = windows[first] @ phases[(phase * down) % up]
    return out


@lru_cache(maxsize=8)
def _phases(rate: int, up: int, down: int) -> Samples:
    """Factors for each of the `up` positions between two input samples: a Kaiser-windowed sinc, each row of gain 1."""
    limit = rate * up / down / 2.0
    cut = min(limit, rate / 2.0)
    stop, passing = cut * _STOP_HZ / 4000.0, cut * _PASS_HZ / 4000.0
    width = 2.0 * math.pi * (stop - passing) / rate
    half = math.ceil((_ATTENUATION_DB - 8.0) / (2.285 * width) / 2.0) + 1
    middle = (stop + passing) / 2.0 / rate
    beta = 0.1102 * (_ATTENUATION_DB - 8.7)
    offsets = np.arange(-half, half + 1)[None, :] - (np.arange(up) / up)[:, None]
    inside = np.clip(1.0 - (offsets / (half + 1)) ** 2, 0.0, None)
    factors = 2.0 * middle * np.sinc(2.0 * middle * offsets) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    return np.asarray(factors / factors.sum(axis=1, keepdims=True), dtype=np.float64)


def active_level_dbov(samples: Samples, rate: int = RATE) -> float:
    """Level of the parts that sound, in dB under full scale; pauses do not count (as in ITU-T P.56, by 20 ms frames).

    A frame counts when it is within 15.9 dB under the level found, which is solved by iteration. -inf for silence.
    """
    size = rate // 50
    count = max(1, len(samples) // size)
    frames = np.resize(samples, (count, size)) if len(samples) >= size else np.atleast_2d(samples)
    power = np.mean(frames**2, axis=1)
    level = float(np.mean(power))
    for _ in range(20):
        active = power[power >= level * 10 ** (-15.9 / 10)]
        if not len(active) or level <= 1e-12:
            return -math.inf
        found = float(np.mean(active))
        if abs(found - level) < 1e-6 * level:
            break
        level = found
    return 10.0 * math.log10(level)


def normalise(samples: Samples, level_dbov: float, rate: int = RATE) -> Samples:
    """Brings the active level to `level_dbov`; peaks that would pass -1 dBov are turned down softly, never clipped."""
    present = active_level_dbov(samples, rate)
    if math.isinf(present):
        return samples
    louder = samples * 10 ** ((level_dbov - present) / 20.0)
    return limit(louder, rate)


def limit(samples: Samples, rate: int = RATE) -> Samples:
    """Turns down what passes -1 dBov with a gain that moves over 20 ms, so that it is not heard as distortion."""
    if not len(samples) or float(np.max(np.abs(samples))) <= PEAK_LIMIT:
        return samples
    size = rate // _LIMIT_BLOCKS_PER_S
    blocks = -(-len(samples) // size)
    padded = np.pad(samples, (0, blocks * size - len(samples)))
    peaks = np.max(np.abs(padded.reshape(blocks, size)), axis=1)
    wanted = np.minimum(1.0, PEAK_LIMIT / np.maximum(peaks, 1e-9))
    reach = 10
    widened = np.min(
        np.lib.stride_tricks.sliding_window_view(np.pad(wanted, reach, mode="edge"), 2 * reach + 1), axis=1
    )
    smooth = np.convolve(np.pad(widened, reach // 2, mode="edge"), np.hanning(reach + 3)[1:-1], mode="valid")
    gain = np.repeat(smooth / np.sum(np.hanning(reach + 3)[1:-1]), size)[: len(samples)]
    return np.asarray(np.clip(samples * gain, -PEAK_LIMIT, PEAK_LIMIT), dtype=np.float64)


def trim(samples: Samples, rate: int = RATE, *, lead_s: float = 0.03, tail_s: float = 0.12) -> Samples:
    """Cuts silence off both ends but for `lead_s` and `tail_s`, and fades 5 ms in and out against clicks."""
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    if not len(loud):
        return samples[:0]
    start = max(0, int(loud[0]) - int(lead_s * rate))
    cut = samples[start : int(loud[-1]) + 1 + int(tail_s * rate)].copy()
    return fade(cut, rate)


def fade(samples: Samples, rate: int = RATE, *, fade_s: float = 0.005) -> Samples:
    """Ramps the first and the last `fade_s` seconds from and to silence."""
    size = min(len(samples) // 2, int(fade_s * rate))
    if size:
        ramp = np.sin(np.linspace(0, math.pi / 2, size)) ** 2
        samples[:size] *= ramp
        samples[-size:] *= ramp[::-1]
    return samples


def telephone_band(samples: Samples, rate: int = RATE, *, low_hz: float = 300.0, high_hz: float = 3400.0) -> Samples:
    """Keeps `low_hz` to `high_hz` with soft edges. The filter is circular: what loops before, loops after."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1.0 / rate)
    rising = np.clip((hertz - 0.7 * low_hz) / (0.3 * low_hz), 0.0, 1.0)
    falling = np.clip((1.12 * high_hz - hertz) / (0.12 * high_hz), 0.0, 1.0)
    return np.fft.irfft(spectrum * np.sin(rising * math.pi / 2) ** 2 * np.sin(falling * math.pi / 2) ** 2, len(samples))


def to_pcm(samples: Samples) -> bytes:
    """Samples as s16 little-endian octets, rounded; what is beyond full scale is held there."""
    return bytes(np.clip(np.round(samples * 32768.0), -32768, 32767).astype("<i2").tobytes())


def from_pcm(data: bytes, width: int = 2, channels: int = 1) -> Samples:
    """Samples of PCM octets as WAV files hold them (`width` 1 to 4 octets a sample), channels mixed to one.

    Raises ValueError for a width that WAV does not know or a broken last frame.
    """
    if width not in (1, 2, 3, 4):
        raise ValueError(f"samples of {width} octets are not PCM")
    if channels < 1 or len(data) % (width * channels):
        raise ValueError(f"{len(data)} octets are not whole frames of {channels} channels of {width} octets")
    if width == 1:
        mixed = np.frombuffer(data, np.uint8).astype(np.float64) / 128.0 - 1.0
    elif width == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        mixed = wide.reshape(-1).view("<i4").astype(np.float64) / 2**31
    else:
        mixed = np.frombuffer(data, f"<i{width}").astype(np.float64) / 2 ** (8 * width - 1)
    return np.asarray(mixed.reshape(-1, channels).mean(axis=1), dtype=np.float64)
