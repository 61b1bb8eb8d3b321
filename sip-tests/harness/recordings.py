"""Looks into the recordings that calls left: valid stereo sound with the caller left and the other side right.

They are WAV or Ogg/Opus; encrypted ones (".sealed") are opened with the key that `pbx.write_recording_key` wrote.
"""

from __future__ import annotations

import io
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

from harness import tones
from harness.pbx import RECORDING_KEY
from pbx.media.conversion import unseal
from pbx.media.recording import SUFFIX

SETTLE_S = 20.0


def check(folder: Path, paths: list[str], wanted: list[dict[str, Any]], gap_ms: float = 60.0) -> list[str]:
    """`paths` of the CDRs in order; `wanted`: {left: Hz, right: Hz, for_s}. Waits for what is still being written."""
    paths = [path for path in paths if path]
    if len(paths) != len(wanted):
        return [f"{len(paths)} recordings, {len(wanted)} were expected"]
    deadline = time.monotonic() + SETTLE_S
    while True:
        problems = [
            problem
            for path, item in zip(paths, wanted, strict=True)
            for problem in _problems(folder / path, item, gap_ms)
        ]
        if not problems or time.monotonic() > deadline:
            return problems
        time.sleep(0.1)


def _problems(path: Path, wanted: dict[str, Any], gap_ms: float) -> list[str]:
    try:
        channels = _sound(path)
    except (OSError, EOFError, ValueError, wave.Error) as error:
        return [f"the recording {path.name} cannot be read: {error}"]
    raw = path.read_bytes()
    if path.name.endswith(SUFFIX) and (b"OggS" in raw or b"RIFF" in raw):
        return [f"the recording {path.name} is not encrypted"]
    problems = []
    for side, other, column in (("left", "right", 0), ("right", "left", 1)):
        samples = channels[:, column]
        for tone in _tones(wanted[side]):
            heard = tones.longest_tone(samples, tone, gap_ms)
            if heard < wanted["for_s"]:
                problems.append(f"recording, {side}: {tone:g} Hz for {heard:.2f} s, {wanted['for_s']:g} s expected")
        for tone in _tones(wanted[other]):
            if tones.longest_tone(samples, tone, 0) >= 0.1:
                problems.append(f"recording, {side}: has the {tone:g} Hz of the other side")
    return problems


def _tones(wanted: float | list[float]) -> list[float]:
    """One party on a channel, or several after each other."""
    return wanted if isinstance(wanted, list) else [wanted]


def _sound(path: Path) -> np.ndarray:
    """Two columns of 8 kHz samples. Raises ValueError for any other shape."""
    clear = io.BytesIO(path.read_bytes())
    if path.name.endswith(SUFFIX):
        clear = io.BytesIO()
        if not unseal(path, _Open(clear), RECORDING_KEY):
            raise ValueError("it was cut")
        clear = io.BytesIO(clear.getvalue())
    if path.name.removesuffix(SUFFIX).endswith(".ogg"):
        return _decoded(clear)
    with wave.open(clear, "rb") as file:
        shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
        if shape != (2, 2, tones.RATE):
            raise ValueError(f"(channels, octets, rate) are {shape}")
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)


class _Open(io.BufferedIOBase):
    """A file that `wave` may close while its octets are still wanted."""

    def __init__(self, into: io.BytesIO) -> None:
        self._into = into

    def write(self, data: Any) -> int:
        return self._into.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._into.seek(offset, whence)

    def tell(self) -> int:
        return self._into.tell()


def _decoded(file: io.BytesIO) -> np.ndarray:
    import av

    with av.open(file) as container:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=tones.RATE)
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
        if container.streams.audio[0].channels != 2:
            raise ValueError("it is not stereo")
    return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
