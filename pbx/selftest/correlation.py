"""Is this sound in that one, and where: normalised cross-correlation. Runs in a thread or a worker, never on the loop.

The wanted sound is looked for by its beginning (silence before it left out): what comes after a key may cut its end.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RATE = 8000
LONGEST_S = 2.0  # of the wanted sound that is compared
SHORTEST_S = 0.15
SILENCE = 200.0  # amplitude; softer than this before the first word is left out
FLOOR = 1e-6

Samples = NDArray[np.float64]


class Match(NamedTuple):
    """`score` 0..1, 1: the same sound at whatever level; `at_s` is where the wanted sound begins, silence included."""

    score: float
    at_s: float


NOTHING = Match(0.0, -1.0)


def read_wav(path: Path) -> bytes:
    """The sound of a WAV. Raises ValueError for one that is not 8 kHz, mono, 16 bits; OSError."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                raise ValueError(f"{path} is not 8 kHz mono of 16 bits")
            return file.readframes(file.getnframes())
    except (EOFError, wave.Error) as error:
        raise ValueError(f"{path} is no WAV: {error}") from None


def samples(pcm: bytes) -> Samples:
    """16-bit mono sound as numbers."""
    return np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.float64)


class Pattern:
    """A wanted sound, ready to be looked for. Raises ValueError when there is too little in it to be recognised."""

    def __init__(self, pcm: bytes) -> None:
        sound = samples(pcm)
        loud = np.flatnonzero(np.abs(sound) > SILENCE)
        self.lead = int(loud[0]) if len(loud) else 0
        last = int(loud[-1]) + 1 if len(loud) else 0
        part = sound[self.lead : min(last, self.lead + int(LONGEST_S * RATE))]
        if len(part) < SHORTEST_S * RATE:
            raise ValueError(
                f"a sound of {len(part) / RATE:.2f} s is too short to be recognised; {SHORTEST_S} s are needed"
            )
        self._part = part - part.mean()
        self._norm = float(np.sqrt(np.dot(self._part, self._part)))

    @property
    def length_s(self) -> float:
        """Of what is compared, with the silence before it."""
        return (self.lead + len(self._part)) / RATE

    def find(self, heard: Samples, since_s: float = 0.0) -> Match:
        """Where in `heard`, from `since_s` on, it is most like itself."""
        begin = max(0, int(since_s * RATE))
        window = heard[begin:]
        size = len(self._part)
        if len(window) < size:
            return NOTHING
        length = 1 << (len(window) + size - 1).bit_length()
        spectrum = np.fft.rfft(window, length) * np.conj(np.fft.rfft(self._part, length))
        likeness = np.fft.irfft(spectrum, length)[: len(window) - size + 1]
        norms = _norms(window, size)
        scores = np.where(norms > FLOOR, likeness / np.maximum(norms * self._norm, FLOOR), 0.0)
        best = int(np.argmax(scores))
        return Match(round(float(min(max(scores[best], 0.0), 1.0)), 4), (begin + best - self.lead) / RATE)


def _norms(window: Samples, size: int) -> Samples:
    """The root of the energy of each stretch of `size` samples, its mean taken off; silence counts as nothing."""
    sums = np.concatenate(([0.0], np.cumsum(window)))
    squares = np.concatenate(([0.0], np.cumsum(window * window)))
    total, energy = sums[size:] - sums[:-size], squares[size:] - squares[:-size]
    energy = energy - total * total / size
    quiet = energy < size * (SILENCE / 4) ** 2
    found: Samples = np.sqrt(np.maximum(energy, 0.0))
    found[quiet] = 0.0
    return found
