"""A speech worker that writes one second of a ramp for every job."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pbx.media import speech_worker
from pbx.media.speech import Hello, SpeechError, SpeechUnavailable


class FakeWorker:
    """`gate` holds jobs back, `error` refuses them, `mute` cannot speak at all."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, int]] = []
        self.composed = 0
        self.error: SpeechError | None = None
        self.mute = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def start(self) -> Hello:
        if self.mute:
            raise SpeechUnavailable("no espeak here")
        return Hello("1.51", ("zlw/pl",))

    async def stop(self) -> None:
        pass

    async def say(
        self,
        text: str,
        voice: str,
        rate: int,
        out: Path,
        *,
        priority: int = 0,
        wide: Mapping[int, Path] | None = None,
    ) -> float:
        if self.mute:
            raise SpeechUnavailable("no espeak here")
        self.said.append((text, voice, rate))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        for hertz, path in (wide or {}).items():
            speech_worker.write(path, bytes(2 * hertz), hertz)
        speech_worker.write(out, struct.pack("<8000h", *range(8000)))
        return 1.0

    async def take(self, source: Path, out: Path, wide: Mapping[int, Path], master: Path) -> dict[str, Any]:
        if source.read_bytes().startswith(b"bad"):  # noqa: ASYNC240 - a few octets
            raise SpeechError("it is no sound file that can be read", "input")
        for hertz, path in {**wide, 48000: master, 8000: out}.items():
            speech_worker.write(path, struct.pack(f"<{hertz}h", *([1000] * hertz)), hertz)
        return {"ok": True, "duration_s": 1.0, "loudness_lufs": -23.0, "peak_dbov": -3.0}

    async def music(self, out: Path, wide: Mapping[int, Path]) -> float:
        self.composed += 1
        for hertz, path in wide.items():
            speech_worker.write(path, bytes(20 * hertz), hertz)
        speech_worker.write(out, bytes(160000))
        return 10.0

    async def convert(self, source: Path, out: Path, wide: Mapping[int, Path]) -> float:
        for hertz, path in wide.items():
            speech_worker.write(path, bytes(2 * hertz), hertz)
        speech_worker.write(out, bytes(16000))
        return 1.0
