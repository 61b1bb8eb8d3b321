"""G.711 and tones: what the endpoint sends and how it recognises what it hears (numpy; 8 kHz mono int16)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000
PCMU, PCMA = 0, 8
Samples = NDArray[np.int16]

DTMF = {
    **dict(zip("123A", ((697, high) for high in (1209, 1336, 1477, 1633)), strict=True)),
    **dict(zip("456B", ((770, high) for high in (1209, 1336, 1477, 1633)), strict=True)),
    **dict(zip("789C", ((852, high) for high in (1209, 1336, 1477, 1633)), strict=True)),
    **dict(zip("*0#D", ((941, high) for high in (1209, 1336, 1477, 1633)), strict=True)),
}


def _alaw_decode_table() -> Samples:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (codes >> 4) & 7, codes & 15
    magnitude = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_decode_table() -> Samples:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((codes & 15) << 3) + 0x84) << ((codes >> 4) & 7)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


DECODE = {PCMA: _alaw_decode_table(), PCMU: _ulaw_decode_table()}


def _encode_table(payload_type: int) -> NDArray[np.uint8]:
    """The nearest code for every sample value, indexed by sample + 32768."""
    values = DECODE[payload_type].astype(np.int32)
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(middles, np.arange(-32768, 32768))].astype(np.uint8)


ENCODE = {payload_type: _encode_table(payload_type) for payload_type in (PCMA, PCMU)}


def encode(samples: Samples, payload_type: int) -> bytes:
    """G.711 of `samples`."""
    return ENCODE[payload_type][samples.astype(np.int32) + 32768].tobytes()


def decode(payload: bytes, payload_type: int) -> Samples:
    """Samples of a G.711 payload."""
    return DECODE[payload_type][np.frombuffer(payload, dtype=np.uint8)]


def tone(frequencies: tuple[float, ...], start: int, count: int, level: float = 0.35, *, rate: int = RATE) -> Samples:
    """`count` samples of the sum of sines, continuing from sample number `start`; `level` of full scale in all."""
    if not frequencies:
        return np.zeros(count, dtype=np.int16)
    time = (np.arange(count) + start) / rate
    wave = sum(np.sin(2 * np.pi * frequency * time) for frequency in frequencies)
    return np.asarray(wave * (32767 * level / len(frequencies)), dtype=np.int16)


def has_tone(window: Samples, frequency: float) -> bool:
    """Whether at least half of the energy of `window` (20 ms or more, above -45 dBFS) lies at `frequency`."""
    floats = window.astype(np.float64)
    energy = float(np.dot(floats, floats))
    if energy < len(window) * (32767 * 0.0056) ** 2:
        return False
    angle = 2 * np.pi * frequency / RATE * np.arange(len(window))
    at = float(np.dot(floats, np.cos(angle)) ** 2 + np.dot(floats, np.sin(angle)) ** 2) * 2 / len(window)
    return at > 0.5 * energy


def trace(window: Samples, frequency: float) -> float:
    """The share of the energy of `window` (100 ms) that lies at `frequency`; 0.0 below -45 dBFS."""
    if not is_loud(window):
        return 0.0
    spectrum = np.abs(np.fft.rfft(window.astype(np.float64) * np.hanning(len(window)))) ** 2
    at = round(frequency * len(window) / RATE)
    return float(spectrum[max(0, at - 2) : at + 3].sum() / spectrum.sum())


def longest_tone(samples: Samples, frequency: float, gap_ms: float) -> float:
    """Seconds of the longest piece of `frequency` in `samples` whose holes are all at most `gap_ms` long."""
    step = RATE // 50
    best = run_start = -1.0
    last_hit = -1.0
    for index in range(0, len(samples) - step + 1, step):
        at = index / RATE
        if not has_tone(samples[index : index + step], frequency):
            continue
        if last_hit < 0 or (at - last_hit - 0.02) * 1000 > gap_ms + 1e-6:
            run_start = at
        last_hit = at
        best = max(best, at + 0.02 - run_start)
    return max(best, 0.0)


def is_loud(window: Samples) -> bool:
    """Whether `window` lies above -45 dBFS."""
    floats = window.astype(np.float64)
    return float(np.dot(floats, floats)) >= len(window) * (32767 * 0.0056) ** 2


def is_pure(window: Samples) -> bool:
    """Whether one frequency holds most of the energy: a tone rather than a voice."""
    spectrum = np.abs(np.fft.rfft(window.astype(np.float64) * np.hanning(len(window)))) ** 2
    peak = int(np.argmax(spectrum))
    return float(spectrum[max(0, peak - 2) : peak + 3].sum()) > 0.97 * float(spectrum.sum())


def dtmf_digit(window: Samples) -> str:
    """The digit whose two tones hold at least 70 % of the energy of `window`, each a good part of it; "" for none."""
    floats = window.astype(np.float64)
    energy = float(np.dot(floats, floats))
    if not is_loud(window):
        return ""

    def share(frequency: float) -> float:
        angle = 2 * np.pi * frequency / RATE * np.arange(len(window))
        at = np.dot(floats, np.cos(angle)) ** 2 + np.dot(floats, np.sin(angle)) ** 2
        return float(at * 2 / len(window) / energy)

    for digit, (low, high) in DTMF.items():
        shares = share(low), share(high)
        if sum(shares) > 0.7 and min(shares) > 0.15:
            return digit
    return ""
