"""Looks into the recordings that calls left: a valid stereo WAV with the caller left and the other side right."""

from __future__ import annotations

import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

from harness import tones

SETTLE_S = 3.0


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
        with wave.open(str(path), "rb") as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        return [f"the recording {path.name} cannot be read: {error}"]
    if shape != (2, 2, tones.RATE):
        return [f"the recording {path.name} has (channels, octets, rate) {shape}"]
    channels = np.frombuffer(data, dtype="<i2").reshape(-1, 2)
    problems = []
    for side, other, column in (("left", "right", 0), ("right", "left", 1)):
        samples = channels[:, column]
        heard = tones.longest_tone(samples, wanted[side], gap_ms)
        if heard < wanted["for_s"]:
            problems.append(f"recording, {side}: {wanted[side]:g} Hz for {heard:.2f} s, {wanted['for_s']:g} s expected")
        if tones.longest_tone(samples, wanted[other], 0) >= 0.1:
            problems.append(f"recording, {side}: has the {wanted[other]:g} Hz of the other side")
    return problems
