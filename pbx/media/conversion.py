"""Recordings to Ogg/Opus, in the vault's process: PyAV is not for the server's own.

A stereo hour takes 345 MB as WAV and 11 MB as Opus. Sealed recordings stay sealed: they are read and written a segment
at a time and never lie on the disk in the clear.
"""

from __future__ import annotations

import contextlib
import os
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pbx.media.recording import SUFFIX
from pbx.media.sealing import SEGMENT, Description, Opened, Sealer

BIT_RATE = 12_000  # a channel; speech of 8 kHz
FRAMES = 8000  # that are read at a time


class _Sealing:
    """A file object for the Ogg writer that seals what it is given."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._sealer = Sealer(file.write, key, Description("ogg"))
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        if len(self._waiting) >= SEGMENT:
            self._sealer.seal(bytes(self._waiting))
            self._waiting.clear()
        return len(data)

    def finish(self) -> None:
        self._sealer.seal(bytes(self._waiting), last=True)


def convert(source: str, target: str, key: bytes) -> int:
    """Writes `target` and removes `source`; octets of the target. A target that ends in ".sealed" is encrypted.

    The target appears whole or not at all. Raises OSError, SealError, or what PyAV raises.
    """
    scratch = f"{target}.part"
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if target.endswith(SUFFIX):
                sealing = _Sealing(file, key)
                _encode(source, sealing, key)
                sealing.finish()
            else:
                _encode(source, file, key)
            file.flush()
            os.fsync(file.fileno())
            octets = file.tell()
        os.replace(scratch, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        raise
    os.unlink(source)
    return octets


def _sound(source: str, key: bytes) -> Iterator[tuple[int, bytes]]:
    """(channels, frames) of a recording, a piece at a time."""
    if source.endswith(SUFFIX):
        with open(source, "rb") as file:
            opened = Opened(file, key, source)
            channels = opened.description.channels
            rest = b""
            for segment in opened.segments():
                whole = (len(rest) + len(segment)) // (2 * channels) * 2 * channels
                data, rest = (rest + segment)[:whole], (rest + segment)[whole:]
                yield channels, data
        return
    with wave.open(source, "rb") as wav:
        while data := wav.readframes(FRAMES):
            yield wav.getnchannels(), data


def _encode(source: str, target: Any, key: bytes) -> None:
    import av
    import numpy as np

    stream: Any = None
    at = 0
    with av.open(target, "w", format="ogg") as container:
        for channels, data in _sound(source, key):
            if not data:
                continue
            layout = "stereo" if channels == 2 else "mono"
            if stream is None:
                stream = container.add_stream("libopus", rate=48000, layout=layout)
                stream.bit_rate = BIT_RATE * channels
                resampler = av.AudioResampler(format="s16", layout=layout, rate=48000)
            frame = av.AudioFrame.from_ndarray(np.frombuffer(data, "<i2").reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts = 8000, at
            at += frame.samples
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        if stream is None:
            raise ValueError(f"{source} holds no sound")
        for piece in resampler.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def unseal(source: Path, target: BinaryIO, key: bytes) -> bool:
    """Writes a sealed recording in the clear, as WAV or Ogg; False when it was cut and ends early. Raises SealError."""
    with source.open("rb") as file:
        opened = Opened(file, key, str(source))
        if opened.description.kind == "ogg":
            for segment in opened.segments():
                target.write(segment)
            return opened.complete
        with wave.open(target, "wb") as wav:
            wav.setnchannels(opened.description.channels)
            wav.setsampwidth(2)
            wav.setframerate(opened.description.rate)
            for segment in opened.segments():
                wav.writeframes(segment)
        return opened.complete
