"""Music on hold, composed and rendered by this project: no recording, no licence. Runs in the speech worker only.

A quiet piece in A major at 84 beats a minute: a pad of long chords, broken chords of a soft mallet, and a sparse
melody, 24 bars that last 68.6 s. Everything lies within the telephone band: the lowest note is the F sharp above middle
C (369 Hz). Notes that ring on past the end are added to the beginning, so the piece has no seam. One version gives
always the same samples.
"""

from __future__ import annotations

import math

import numpy as np

from pbx.media import shaping

VERSION = 1
BEATS_PER_MINUTE = 84
BEATS_PER_BAR = 4
SEED = 1968
TUNING_HZ = 438.5  # the A above middle C: G sharp and A then lie 2.8 % beside the DTMF tone of 852 Hz

# Chords by MIDI note number (69 is A), one a bar.
_A, _FS_MINOR, _D, _E = (69, 73, 76), (66, 69, 73), (66, 69, 74), (68, 71, 76)
_CS_MINOR, _B_MINOR, _E_SUS = (68, 73, 76), (66, 71, 74), (69, 71, 76)
CHORDS = [
    *(_A, _FS_MINOR, _D, _E_SUS, _A, _CS_MINOR, _D, _E),
    *(_FS_MINOR, _CS_MINOR, _D, _A, _B_MINOR, _FS_MINOR, _D, _E_SUS),
    *(_A, _E, _FS_MINOR, _D, _A, _B_MINOR, _E_SUS, _E),
]
# Melody as (beat from the start of its eight bars, note, beats it lasts); the three parts answer each other.
_MELODY = [
    [
        *((0, 81, 3), (3, 80, 1), (4, 78, 4), (9, 78, 1), (10, 81, 2), (12, 83, 4), (16, 85, 3), (19, 83, 1)),
        *((20, 80, 4), (25, 78, 1), (26, 81, 2), (28, 80, 4)),
    ],
    [
        *((0, 85, 2), (2, 83, 2), (4, 80, 4), (8, 81, 2), (10, 78, 2), (12, 76, 4), (16, 78, 2), (18, 83, 2)),
        *((20, 81, 4), (24, 86, 2), (26, 85, 2), (28, 83, 4)),
    ],
    [
        *((0, 85, 3), (3, 86, 1), (4, 83, 4), (8, 81, 3), (11, 80, 1), (12, 78, 4), (16, 76, 2), (18, 81, 2)),
        *((20, 83, 2), (22, 78, 2), (24, 76, 4), (28, 80, 3)),
    ],
]
_BROKEN = (0, 2, 1, 2, 0, 2, 1, 2)  # which note of the chord each quaver plays


def hertz(note: int) -> float:
    """Frequency of a MIDI note number, equal temperament."""
    return float(TUNING_HZ * 2.0 ** ((note - 69) / 12.0))


def compose(rate: int = shaping.RATE) -> shaping.Samples:
    """The whole loop, at the level of music on hold; at 8 kHz with nothing outside 300 to 3,400 Hz that matters."""
    beat_s = 60.0 / BEATS_PER_MINUTE
    total = round(len(CHORDS) * BEATS_PER_BAR * beat_s * rate)
    loop = np.zeros(total)
    chance = np.random.default_rng(SEED)
    for bar, chord in enumerate(CHORDS):
        start = bar * BEATS_PER_BAR * beat_s
        for note in chord:
            _add(loop, start, _pad(note, BEATS_PER_BAR * beat_s, rate, chance), 0.16, rate)
        for step, index in enumerate(_BROKEN):
            accent = (0.30 if step % 4 == 0 else 0.20) * (1.0 + 0.12 * float(chance.standard_normal()))
            late = 0.004 * abs(float(chance.standard_normal()))
            _add(
                loop,
                start + step * beat_s / 2 + late,
                _mallet(chord[index] + 12 * (step in (3, 7)), rate),
                accent,
                rate,
            )
    for part, phrase in enumerate(_MELODY):
        for at, note, beats in phrase:
            start = (part * 8 * BEATS_PER_BAR + at) * beat_s
            _add(loop, start, _flute(note, beats * beat_s, rate, chance), 0.34, rate)
    if rate == shaping.RATE:
        loop = shaping.telephone_band(loop)
    return shaping.normalise(loop, shaping.MUSIC_LEVEL_DBOV, rate)


def _add(loop: shaping.Samples, start_s: float, note: shaping.Samples, gain: float, rate: int) -> None:
    """Adds a note at a time; what rings past the end goes on at the beginning."""
    index = (np.arange(len(note)) + round(start_s * rate)) % len(loop)
    np.add.at(loop, index, gain * note)


def _time(seconds: float, rate: int) -> shaping.Samples:
    return np.arange(round(seconds * rate)) / rate


def _pad(note: int, length_s: float, rate: int, chance: np.random.Generator) -> shaping.Samples:
    """A slow chord tone: three slightly detuned voices, half a second of attack, a long release over the next bar."""
    t = _time(length_s + 1.4, rate)
    rise = np.clip(t / 0.6, 0, 1)
    fall = np.clip((length_s + 1.4 - t) / 1.4, 0, 1)
    envelope = np.sin(rise * math.pi / 2) ** 2 * np.sin(fall * math.pi / 2) ** 2
    sound = np.zeros(len(t))
    for cents in (-4.0, 0.0, 4.0):
        base = 2 * math.pi * hertz(note) * 2 ** (cents / 1200) * t + float(chance.uniform(0, 2 * math.pi))
        sound += np.sin(base) + 0.35 * np.sin(2 * base) + 0.10 * np.sin(3 * base)
    return np.asarray(sound * envelope / 3.0)


def _mallet(note: int, rate: int) -> shaping.Samples:
    """A struck bar of wood and felt: fundamental and a fourth harmonic that dies fast."""
    t = _time(1.3, rate)
    phase = 2 * math.pi * hertz(note) * t
    strike = np.clip(t / 0.004, 0, 1)
    end = np.clip((1.3 - t) / 0.1, 0, 1)
    body = np.sin(phase) * np.exp(-t / 0.42) + 0.18 * np.sin(2 * phase) * np.exp(-t / 0.20)
    ring = 0.10 * np.sin(3.98 * phase) * np.exp(-t / 0.06) if hertz(note) * 3.98 < 0.42 * rate else 0.0
    return np.asarray((body + ring) * strike * end)


def _flute(note: int, length_s: float, rate: int, chance: np.random.Generator) -> shaping.Samples:
    """A breathy melody tone with a vibrato that comes in late."""
    t = _time(length_s + 0.35, rate)
    vibrato = 0.0035 * np.clip((t - 0.35) / 0.5, 0, 1) * np.sin(2 * math.pi * 4.8 * t)
    phase = 2 * math.pi * np.cumsum(hertz(note) * (1 + vibrato)) / rate + float(chance.uniform(0, 2 * math.pi))
    envelope = np.sin(np.clip(t / 0.09, 0, 1) * math.pi / 2) ** 2 * np.clip((length_s + 0.35 - t) / 0.35, 0, 1) ** 1.5
    return np.asarray((np.sin(phase) + 0.22 * np.sin(2 * phase) + 0.06 * np.sin(3 * phase)) * envelope)
