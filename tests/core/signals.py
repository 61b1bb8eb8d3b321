"""Test signals: DTMF bursts, noise, and the ways a sound takes through the network. Levels in dBm0 a tone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.signal import dtmf, g711

RATE = 8000
ALL = "0123456789*#ABCD"
CORNERS = "159D"
LEAD = np.zeros(400)


def corpus_file(name: str) -> Path:
    """A file of the test corpus beside the project; skips where there is none."""
    folder = Path(os.environ.get("CENTRALA_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
    path = folder / name
    if not path.exists():
        pytest.skip(f"no test corpus at {path}; CENTRALA_CORPUS names its folder")
    return path


def procedures() -> dict[str, Any]:
    """The DTMF procedures of the corpus."""
    return json.loads(corpus_file("media/dtmf_procedures.json").read_text())


def peak(level_dbm0: float) -> float:
    """Peak of a sine of that level in 16-bit units."""
    return 32768 * 10 ** ((level_dbm0 - 3.14) / 20)


def burst(
    digit: str,
    on_ms: float = 50,
    off_ms: float = 50,
    low: float = -4.0,
    high: float = -4.0,
    shift_low: float = 0.0,
    shift_high: float = 0.0,
    phase: float = 0.0,
) -> np.ndarray:
    """One digit and the pause after it; shifts are relative errors of frequency."""
    f_low, f_high = dtmf.frequencies(digit)
    t = np.arange(round(on_ms * 8)) / RATE
    tones = peak(low) * np.sin(2 * np.pi * f_low * (1 + shift_low) * t + phase)
    tones += peak(high) * np.sin(2 * np.pi * f_high * (1 + shift_high) * t + 2 * phase)
    return np.concatenate([tones, np.zeros(round(off_ms * 8))])


def noise(count: int, level_dbm0: float, seed: int = 1) -> np.ndarray:
    """White noise of the power of a sine of that level."""
    return np.random.default_rng(seed).normal(0, peak(level_dbm0) / np.sqrt(2), count)


def through(samples: np.ndarray, path: str) -> bytes:
    """Samples as 16-bit octets after "linear", "pcmu" or "pcma"."""
    pcm = np.clip(np.round(samples), -32768, 32767).astype(np.int16).tobytes()
    if path == "pcmu":
        return g711.ulaw_decode_bytes(g711.ulaw_encode_bytes(pcm))
    if path == "pcma":
        return g711.alaw_decode_bytes(g711.alaw_encode_bytes(pcm))
    assert path == "linear"
    return pcm


def detect(samples: np.ndarray, path: str = "linear", *, dial_tone_filter: bool = False) -> str:
    """The digits that a fresh detector hears."""
    return dtmf.Detector(dial_tone_filter=dial_tone_filter).feed(through(samples, path))


def hears(digit: str, samples: np.ndarray, path: str = "linear") -> bool:
    """Whether exactly that digit is heard once in a burst with silence around."""
    return detect(np.concatenate([LEAD, samples, LEAD]), path) == digit
