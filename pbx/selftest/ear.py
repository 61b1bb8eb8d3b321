"""What a test call hears: the recording of its leg, read while it grows, and looked through for prompts in a thread."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np

from pbx.selftest.correlation import NOTHING, RATE, Match, Pattern, Samples, samples

GLANCE_S = 0.2  # how often it is looked at


class Ear:
    """`path` is a plain WAV that is being written; instants are seconds of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._heard: Samples = np.zeros(0)

    @property
    def length_s(self) -> float:
        """How much was read so far."""
        return len(self._heard) / RATE

    async def wait_for(self, pattern: Pattern, since_s: float, until_s: float, least: float) -> Match:
        """The first look at which it is heard with `least` or more; the best there was when `until_s` has come."""
        best, searched_s = NOTHING, since_s
        while True:
            match = await asyncio.to_thread(self._look, pattern, searched_s)
            best = max(best, match)
            if best.score >= least or self.length_s >= until_s:
                return best
            searched_s = max(since_s, self.length_s - pattern.length_s)
            await asyncio.sleep(GLANCE_S)

    async def find(self, pattern: Pattern, since_s: float) -> Match:
        """In all that was heard by now."""
        return await asyncio.to_thread(self._look, pattern, since_s)

    def _look(self, pattern: Pattern, since_s: float) -> Match:
        self._read()
        return pattern.find(self._heard, since_s)

    def _read(self) -> None:
        try:
            with wave.open(str(self._path), "rb") as file:
                position = min(len(self._heard), file.getnframes())
                file.setpos(position)
                new = samples(file.readframes(file.getnframes() - position))
        except (OSError, EOFError, wave.Error):  # nothing was written yet, or nothing can be
            return
        if len(new):
            self._heard = np.concatenate((self._heard, new))
