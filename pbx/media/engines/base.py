"""What every engine is: words in, samples out. It may block, crash or hang: the process that it runs in is replaced."""

from __future__ import annotations

import io
import wave
from typing import Any, Protocol

from pbx.media import shaping

SHORTEST_S_PER_CHAR = 0.012  # at 150 words a minute; speech takes 0.05 to 0.09 s a character


class VoiceUnknown(ValueError):
    """The engine has no such voice; the message says what to do."""


class SynthesisFailed(RuntimeError):
    """The engine gave no sound, or too little, for a text."""


class Engine(Protocol):
    """One engine of one worker. `version` is part of what cached sounds are named by."""

    name: str
    version: str
    folder: str  # scratch files, "" for none

    def voices(self) -> list[str]:
        """Voices that it knows of; empty where it cannot tell."""
        ...

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        """`words` (at most 1,000 characters, no marks) at `rate` words a minute: samples and their rate in Hz.

        Raises VoiceUnknown, SynthesisFailed, OSError.
        """
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


def make_engine(settings: dict[str, Any]) -> Engine:
    """The engine that `settings` describe (`kind` and what else its section has). Raises what its library raises."""
    kind = settings.get("kind", "espeak")
    if kind == "espeak":
        from pbx.media.engines.espeak import Espeak

        return Espeak()
    if kind == "piper":
        from pbx.media.engines.piper import Piper

        return Piper(settings)
    if kind == "http":
        from pbx.media.engines.http import Http

        return Http(settings)
    raise ValueError(f"there is no speech engine of kind {kind!r}")


def from_wav(data: bytes, engine: str) -> tuple[shaping.Samples, int]:
    """Samples and rate of a PCM WAV file that an engine gave. Raises SynthesisFailed.

    A header written before the length was known (to a pipe) is borne: what is there counts.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(file.getnframes())
        whole = len(frames) - len(frames) % (width * channels)
        if not 4000 <= rate <= 384000:
            raise ValueError(f"a rate of {rate} Hz")
        return shaping.from_pcm(frames[:whole], width, channels), rate
    except (wave.Error, EOFError, ValueError) as error:
        raise SynthesisFailed(f"{engine} gave {len(data)} octets that are no PCM WAV file: {error}") from error


def enough(samples: shaping.Samples, rate_hz: int, words: str, rate: int) -> bool:
    """Whether there is as much sound as so many words take, at the least."""
    wanted_s = SHORTEST_S_PER_CHAR * sum(character.isalnum() for character in words) * 150 / rate
    return bool(len(samples)) and len(samples) >= wanted_s * rate_hz
