"""pyttsx3 and espeak-ng, with every trap of theirs handled. Runs in the speech worker process only, on its main thread.

What was found when they were tried, and what is done here about it: the first run of a process may return before the
file is written (one warm-up run at the start, and every run waits for the engine's finished-utterance); an unknown
voice is passed over in silence (voices are chosen from the engine's own list and read back after each run); a run
that begins while the last one still ends is cancelled (each run waits until the library is at rest, and a cancelled
one is repeated); a file that cannot be written is passed over too (files go to a folder of our own, and are checked);
two saves before one run keep only the last (one save a run); long texts crash the library (pieces of at most 1,000
characters, joined); text goes to stdout (the worker keeps its answers on another descriptor).
"""

from __future__ import annotations

import re
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pbx.media import shaping

PIECE_CHARS = 1000
PIECE_PAUSE_S = 0.25
FINISH_TIMEOUT_S = 5.0
ATTEMPTS = 3
_SHORTEST_S_PER_CHAR = 0.012  # at 150 words a minute; speech takes 0.05 to 0.09 s a character


class VoiceUnknown(ValueError):
    """The engine has no such voice; the message names some that it has."""


class SynthesisFailed(RuntimeError):
    """The engine gave no sound, or too little, for a text."""


def pieces(text: str, limit: int = PIECE_CHARS) -> list[str]:
    """Splits a text into parts of at most `limit` characters: after a sentence, else a comma, else a space."""
    rest = " ".join(text.split())
    parts = []
    while len(rest) > limit:
        window = rest[: limit + 1]
        cut = 0
        for pattern in (r"[.!?…]\s", r"[,;:]\s", r"\s"):
            ends = [match.start() + 1 for match in re.finditer(pattern, window)]
            if ends and ends[-1] > limit // 4:
                cut = ends[-1]
                break
        parts.append(rest[: cut or limit].strip())
        rest = rest[cut or limit :].strip()
    if rest:
        parts.append(rest)
    return parts


class Synthesiser:
    """One espeak engine: `say` gives samples at 8 kHz, trimmed and at the level of telephone speech."""

    def __init__(self) -> None:
        import pyttsx3  # type: ignore[import-untyped]  # here, because the import itself fails where espeak-ng is missing
        from pyttsx3.drivers import _espeak  # type: ignore[import-untyped]

        self._library: Any = _espeak
        self._engine: Any = pyttsx3.init("espeak")
        self._folder = tempfile.TemporaryDirectory(prefix="centrala-speech-")
        self._path = Path(self._folder.name) / "out.wav"
        self._completed: bool | None = None  # of the run that goes on: None until the engine says
        self._engine.connect("finished-utterance", self._on_finished)
        voices = self._engine.getProperty("voices")
        self.voices: dict[str, list[str]] = {voice.id: list(voice.languages or ()) for voice in voices}
        self._run("warm up", None, 150)

    @property
    def folder(self) -> str:
        """The scratch folder."""
        return self._folder.name

    def close(self) -> None:
        """Removes the scratch folder."""
        self._folder.cleanup()

    def choose(self, wanted: str) -> str:
        """The engine's id of a voice given as an id ("zlw/pl"), a language ("en-gb") or the end of an id ("pl").

        Raises VoiceUnknown.
        """
        name = wanted.strip().lower()
        if name in self.voices:
            return name
        for voice, languages in self.voices.items():
            if name in languages:
                return voice
        for voice in self.voices:
            if voice.rpartition("/")[2] == name:
                return voice
        near = sorted(voice for voice in self.voices if name[:2] and name[:2] in voice.rpartition("/")[2])[:8]
        hint = f"near it: {', '.join(near)}" if near else f"it has {len(self.voices)}, `espeak-ng --voices` lists them"
        raise VoiceUnknown(f"espeak-ng has no voice {wanted!r}; {hint}")

    def say(self, text: str, voice: str, rate: int) -> shaping.Samples:
        """Speaks at `rate` words a minute. Raises VoiceUnknown, SynthesisFailed, or ValueError for an empty text."""
        chosen = self.choose(voice)
        parts = pieces(re.sub(r"[\x00-\x1f\x7f]", " ", text))
        if not parts:
            raise ValueError("there is nothing to say in an empty text")
        pause = np.zeros(int(PIECE_PAUSE_S * shaping.RATE))
        sound: list[shaping.Samples] = []
        for part in parts:
            sound += [shaping.trim(self._speak(part, chosen, rate)), pause]
        joined = shaping.normalise(np.concatenate(sound[:-1]), shaping.SPEECH_LEVEL_DBOV)
        if not len(joined):
            raise SynthesisFailed(f"espeak-ng made no sound for {text[:80]!r} with voice {chosen}")
        return joined

    def _speak(self, part: str, voice: str, rate: int) -> shaping.Samples:
        """One piece. A run that was cancelled or gave too little for its text is tried again, then refused."""
        wanted_s = _SHORTEST_S_PER_CHAR * sum(character.isalnum() for character in part) * 150 / rate
        problem = ""
        for _ in range(ATTEMPTS):
            if not self._run(part, voice, rate):
                problem = "it cancelled the run"
                continue
            samples, sampled_at = self._read()
            if len(samples) and len(samples) >= wanted_s * sampled_at:
                return shaping.resample(samples, sampled_at)
            problem = f"it gave {len(samples) / sampled_at:.2f} s of sound"
        raise SynthesisFailed(f"espeak-ng did not speak {len(part)} characters, {part[:80]!r}: {problem}")

    def _run(self, text: str, voice: str | None, rate: int) -> bool:
        """One save and one run; False when the engine cancelled it. On return nothing of it goes on."""
        self._path.unlink(missing_ok=True)
        self._completed = None
        if voice is not None:
            self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._wait(lambda: not self._library.IsPlaying(), text)
        self._engine.save_to_file(text, str(self._path))
        self._engine.runAndWait()
        self._wait(lambda: self._completed is not None and not self._library.IsPlaying(), text)
        if voice is not None and self._engine.getProperty("voice") != voice:
            raise VoiceUnknown(f"espeak-ng did not take voice {voice}; it kept {self._engine.getProperty('voice')}")
        return self._completed is True and self._path.exists()

    def _wait(self, done: Callable[[], bool], text: str) -> None:
        """Waits for the library's own thread: a run that begins while it is busy, if only with a rate, is cancelled."""
        deadline = time.monotonic() + FINISH_TIMEOUT_S
        while not done():
            if time.monotonic() > deadline:
                raise SynthesisFailed(f"espeak-ng did not finish {text[:80]!r} in {FINISH_TIMEOUT_S:.0f} s")
            time.sleep(0.002)

    def _read(self) -> tuple[shaping.Samples, int]:
        """Samples of the last run and their rate."""
        with wave.open(str(self._path), "rb") as file:
            data = file.readframes(file.getnframes())
            return shaping.from_pcm(data, file.getsampwidth(), file.getnchannels()), file.getframerate()

    def _on_finished(self, completed: bool = True, **_: object) -> None:
        self._completed = completed


def engine_version() -> str:
    """Version of the espeak-ng library, for example "1.51"."""
    import ctypes

    from pyttsx3.drivers import _espeak

    # The binding declares too little for the pointer to a path that this call wants, so it is asked by hand.
    info = _espeak.dll.espeak_Info
    info.restype = ctypes.c_char_p
    version: bytes = info(None) or b"unknown"
    return version.decode()
