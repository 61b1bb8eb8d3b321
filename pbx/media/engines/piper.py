"""Piper by its command line: `piper --model MODEL --output_file OUT`, the text as one line on stdin.

The old binary (rhasspy/piper) and the package piper-tts (OHF-Voice/piper1-gpl) both take these options. Each call loads
its model again, half a second to two: prompts are rendered when they are published, so nobody waits for it.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pbx.media import shaping
from pbx.media.engines.base import SynthesisFailed, VoiceUnknown, enough, from_wav

NORMAL_RATE = 150  # words a minute of a length scale of 1
_SAID = 300  # characters of what it printed that go into a message


class Piper:
    """`settings`: name, command (a list), timeout_s. A voice is the path of its .onnx model, or "MODEL#SPEAKER"."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.name = str(settings["name"])
        self._command = [str(part) for part in settings["command"]]
        self._timeout_s = float(settings["timeout_s"])
        self.version = hashlib.sha256(" ".join(self._command).encode()).hexdigest()[:12]  # piper does not tell its own
        try:
            # Only whether it can be started: --help loads no model.
            subprocess.run([*self._command, "--help"], capture_output=True, timeout=self._timeout_s, check=True)  # noqa: S603 (the operator's command)
        except (OSError, subprocess.SubprocessError) as error:
            raise RuntimeError(f"{self._command[0]} cannot be run: {error}; correct speech.engine.command") from error
        self._folder = tempfile.TemporaryDirectory(prefix="centrala-speech-")
        self.folder = self._folder.name

    def voices(self) -> list[str]:
        return []

    def close(self) -> None:
        self._folder.cleanup()

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        model, _, speaker = voice.partition("#")
        out = Path(self.folder) / "out.wav"
        out.unlink(missing_ok=True)
        command = [*self._command, "--model", model, "--output_file", str(out)]
        command += ["--length_scale", f"{NORMAL_RATE / rate:.3f}"]
        command += ["--speaker", speaker] if speaker else []
        try:
            done = subprocess.run(  # noqa: S603 (no shell, and the words go by stdin)
                command,
                input=" ".join(words.split()).encode() + b"\n",
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SynthesisFailed(f"{self.name} took more than {self._timeout_s:g} s over {words[:60]!r}") from error
        said = done.stderr.decode(errors="replace").strip()[-_SAID:]
        if done.returncode and not Path(model).exists() and "/" in model:
            raise VoiceUnknown(f"{self.name} has no model {model}; put it there or correct the voice: {said}")
        if done.returncode or not out.exists():
            raise SynthesisFailed(f"{self.name} ended with {done.returncode} over {words[:60]!r}: {said}")
        samples, sampled_at = from_wav(out.read_bytes(), self.name)
        if not enough(samples, sampled_at, words, rate):
            raise SynthesisFailed(f"{self.name} gave {len(samples) / sampled_at:.2f} s of sound for {words[:60]!r}")
        return samples, sampled_at
