"""Sounds that a test can tell apart: tones as the PBX's music and prompts (media.music_dir), named `tone-<Hz>`."""

from __future__ import annotations

import wave
from pathlib import Path

from harness import tones

# Far from each other, from the phones' own tones (440 to 1000 Hz) and from the frequencies of DTMF.
FREQUENCIES = (1100, 1400, 1800, 2000, 2200, 2400, 2600)
LENGTH_S = 1.0


def prepare(folder: Path) -> None:
    """Makes the files that are missing; the PBX's cache knows them by name, size and time."""
    folder.mkdir(parents=True, exist_ok=True)
    for frequency in FREQUENCIES:
        path = folder / f"tone-{frequency}.wav"
        if path.exists():
            continue
        scratch = path.with_suffix(".part")
        with wave.open(str(scratch), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(tones.RATE)
            file.writeframes(tones.tone((frequency,), 0, int(LENGTH_S * tones.RATE)).astype("<i2").tobytes())
        scratch.rename(path)
