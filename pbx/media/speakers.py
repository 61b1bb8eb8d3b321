"""The engines of a server, each in a speech worker of its own: one that hangs or crashes holds up no other.

An engine that failed is left alone for a while by those whom a caller waits for: he is not made to wait for each prompt
again. What is rendered in the background goes on trying.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.media import speech
from pbx.media.speech import SpeechError, SpeechUnavailable, SpeechWorker
from pbx.media.voices import ESPEAK, Voice

if TYPE_CHECKING:
    from pbx.config_speech import Speech

REST_S = 15.0
BLAMELESS = ("input", "voice", "file", "request")  # kinds of errors that say nothing about the engine
NAMES = {ESPEAK: "espeak-ng"}  # as cached sounds are named by
log = logging.getLogger("centrala.speech")


class Speakers:
    """The workers by the name of their engine. `first` serves espeak-ng, music and recordings."""

    def __init__(self, config: Speech, first: SpeechWorker | None = None) -> None:
        self.first = first or SpeechWorker()
        self._workers: dict[str, SpeechWorker] = {ESPEAK: self.first}
        for entry in config.engine:
            settings = entry.model_dump()
            job_s = entry.timeout_s + speech.JOB_TIMEOUT_S  # the engine itself gives up first, and says why
            self._workers[entry.name] = SpeechWorker(job_timeout_s=job_s, engine=settings)
        # What else than the voice decides how another engine sounds is in its section.
        self._versions = {
            entry.name: _digest(entry.model_dump(exclude={"headers", "timeout_s", "private", "keep", "idle_s"}))
            for entry in config.engine
        }
        self._rest_until: dict[str, float] = {}
        self._starting: list[asyncio.Task[None]] = []

    @property
    def workers(self) -> Mapping[str, SpeechWorker]:
        """For their counters and for tests."""
        return self._workers

    async def start(self) -> str:
        """Starts all; returns the version of espeak-ng. Raises SpeechUnavailable when that one cannot speak.

        The others start meanwhile: a caller who wants one waits for it.
        """
        self._starting = [
            asyncio.create_task(self._start_other(name), name=f"speech-{name}")
            for name in self._workers
            if name != ESPEAK
        ]
        version = (await self.first.start()).version
        self._versions[ESPEAK] = version
        return version

    async def _start_other(self, name: str) -> None:
        try:
            await self._workers[name].start()
        except SpeechUnavailable as error:
            self.rest(name)
            log.error("speech engine %s: %s", name, error)

    async def stop(self) -> None:
        """Ends all; idempotent."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers.values()))

    def assume(self, version: str) -> None:
        """The version of espeak-ng that what lies in the cache was made with, while it is not there itself."""
        self._versions.setdefault(ESPEAK, version)

    def made_by(self, engine: str) -> dict[str, str]:
        """What a cached sound is named by besides voice, rate and text."""
        return {"engine": NAMES.get(engine, engine), "version": self._versions.get(engine, "")}

    def rests(self, engine: str) -> bool:
        """Whether it failed a moment ago."""
        return asyncio.get_running_loop().time() < self._rest_until.get(engine, 0.0)

    async def say(
        self, voice: Voice, text: str, out: Path, wide: Mapping[int, Path], priority: int = speech.URGENT
    ) -> float:
        """Renders with the voice's engine. Raises SpeechError, ValueError for an engine that is not configured."""
        worker = self._workers.get(voice.engine)
        if worker is None:
            raise ValueError(f"voice {voice.name!r} wants engine {voice.engine!r}, which no [[speech.engine]] is")
        try:
            duration_s = await worker.say(text, voice.voice, voice.rate, out, priority=priority, wide=wide)
        except SpeechError as error:
            if error.kind not in BLAMELESS:
                self.rest(voice.engine)
            raise
        self._rest_until.pop(voice.engine, None)
        return duration_s

    def rest(self, engine: str) -> None:
        """Leaves it alone for a while."""
        with contextlib.suppress(RuntimeError):
            self._rest_until[engine] = asyncio.get_running_loop().time() + REST_S


def _digest(settings: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
