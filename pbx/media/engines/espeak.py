"""pyttsx3 and espeak-ng, with every trap of theirs handled. Runs on the main thread of its process.

What was found when they were tried, and what is done here about it: the first run of a process may return before the
file is written (one warm-up run at the start, and every run waits for the engine's finished-utterance); an unknown
voice is passed over in silence (voices are chosen from the engine's own list and read back after each run); a run
that begins while the last one still ends is cancelled (each run waits until the library is at rest, and a cancelled
one is repeated); a file that cannot be written is passed over too (files go to a folder of our own, and are checked);
two saves before one run keep only the last (one save a run); long texts crash the library (callers cut them); text
goes to stdout (the worker keeps its answers on another descriptor).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbx.media import shaping
from pbx.media.engines.base import SynthesisFailed, VoiceUnknown, enough, from_wav

FINISH_TIMEOUT_S = 5.0
ATTEMPTS = 3


class Espeak:
    """One espeak engine."""

    name = "espeak-ng"

    def __init__(self) -> None:
        import pyttsx3  # type: ignore[import-untyped]  # here, because the import itself fails where espeak-ng is missing
        from pyttsx3.drivers import _espeak  # type: ignore[import-untyped]

        self._library: Any = _espeak
        self._engine: Any = pyttsx3.init("espeak")
        self._folder = tempfile.TemporaryDirectory(prefix="centrala-speech-")
        self.folder = self._folder.name
        self.version = engine_version()
        self._path = Path(self.folder) / "out.wav"
        self._completed: bool | None = None  # of the run that goes on: None until the engine says
        self._engine.connect("finished-utterance", self._on_finished)
        known = self._engine.getProperty("voices")
        self._voices: dict[str, list[str]] = {voice.id: list(voice.languages or ()) for voice in known}
        self._run("warm up", None, 150)

    def voices(self) -> list[str]:
        return sorted(self._voices)

    def close(self) -> None:
        """Removes the scratch folder."""
        self._folder.cleanup()

    def choose(self, wanted: str) -> str:
        """The engine's id of a voice given as an id ("zlw/pl"), a language ("en-gb") or the end of an id ("pl").

        Raises VoiceUnknown.
        """
        name = wanted.strip().lower()
        if name in self._voices:
            return name
        for voice, languages in self._voices.items():
            if name in languages:
                return voice
        for voice in self._voices:
            if voice.rpartition("/")[2] == name:
                return voice
        near = sorted(voice for voice in self._voices if name[:2] and name[:2] in voice.rpartition("/")[2])[:8]
        hint = f"near it: {', '.join(near)}" if near else f"it has {len(self._voices)}, `espeak-ng --voices` lists them"
        raise VoiceUnknown(f"espeak-ng has no voice {wanted!r}; {hint}")

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        """A run that was cancelled or gave too little for its text is tried again, then refused."""
        chosen = self.choose(voice)
        problem = ""
        for _ in range(ATTEMPTS):
            if not self._run(words, chosen, rate):
                problem = "it cancelled the run"
                continue
            samples, sampled_at = from_wav(self._path.read_bytes(), self.name)
            if enough(samples, sampled_at, words, rate):
                return samples, sampled_at
            problem = f"it gave {len(samples) / sampled_at:.2f} s of sound"
        raise SynthesisFailed(f"espeak-ng did not speak {len(words)} characters, {words[:80]!r}: {problem}")

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
