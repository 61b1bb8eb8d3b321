"""Recorded sounds as samples: WAV and sealed files, whole or cut off by a crash. Everything here runs in a thread."""

from __future__ import annotations

import os
import wave
from pathlib import Path

from core.signal.mixer import level_dbm0
from pbx.media.recording import SUFFIX
from pbx.media.sealing import Opened, SealError

RATE = 8000
FRAME = 320  # octets of 20 ms
SPEECH_DBM0 = -42  # softer is silence, as in a conference
MAX_OCTETS = 16_000 * 1200  # twenty minutes


class SoundError(Exception):
    """A file that cannot be read as sound; the text names it."""


def read(path: Path, key: bytes) -> bytes:
    """Samples of 16 bits at 8 kHz, mono. Raises SoundError."""
    try:
        if path.name.endswith(SUFFIX):
            return _sealed(path, key)
        with wave.open(str(path), "rb") as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if shape != (1, 2, RATE):
                raise SoundError(f"{path} is no mono sound of 16 bits at 8 kHz")
            data = file.readframes(min(file.getnframes(), MAX_OCTETS // 2))
    except (OSError, EOFError, wave.Error, SealError) as error:
        raise SoundError(f"{path} cannot be read: {error}") from error
    return data[: len(data) & ~1]


def _sealed(path: Path, key: bytes) -> bytes:
    if not key:
        raise SoundError(f"{path} is encrypted and media.recordings_key_file names no key")
    found = bytearray()
    with path.open("rb") as file:
        for segment in Opened(file, key, str(path)).segments():
            found += segment
            if len(found) > MAX_OCTETS:
                raise SoundError(f"{path} is longer than a message can be")
    return bytes(found[: len(found) & ~1])


def speech_s(pcm: bytes) -> float:
    """Seconds of sound that is louder than silence, in frames of 20 ms."""
    frames = (pcm[at : at + FRAME] for at in range(0, len(pcm) - FRAME + 1, FRAME))
    return sum(level_dbm0(frame) > SPEECH_DBM0 for frame in frames) * 0.02


def fsync(path: Path) -> None:
    """The file and its name are on the disk. Raises OSError."""
    for name in (path, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
