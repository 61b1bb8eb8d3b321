"""Piper: the package piper-tts (OHF-Voice/piper1-gpl) with its models loaded, other pipers by their command line.

With `keep` models stay in memory (pbx.media.engines.piper_pool). Where that cannot be (the old binary of rhasspy/piper,
`keep = 0`) each text is `piper --model MODEL --output_file OUT`, the words as one line on stdin, and loads its model
again, half a second to two.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pbx.media import shaping
from pbx.media.engines.base import SynthesisFailed, VoiceUnknown, enough, from_wav
from pbx.media.engines.piper_pool import NotKept, Pool

NORMAL_RATE = 150  # words a minute of a length scale of 1
_SAID = 300  # characters of what it printed that go into a message


class Piper:
    """`settings`: name, command (a list), timeout_s, keep, idle_s. A voice is the path of its .onnx model, or
    "MODEL#SPEAKER". `note` says why no model is kept though one should be.
    """

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
        self.note = ""
        self._pool: Pool | None = None
        keep = int(settings.get("keep", 0))
        if keep:
            try:
                self._pool = Pool(self._command, keep=keep, idle_s=float(settings["idle_s"]), timeout_s=self._timeout_s)
            except NotKept as error:
                self.note = f"{self.name} loads its model for each text: {error}"

    def voices(self) -> list[str]:
        return []

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        self._folder.cleanup()

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        model, _, speaker = voice.partition("#")
        out = Path(self.folder) / "out.wav"
        out.unlink(missing_ok=True)
        text = re.sub(r"\[(?=\[)", "[ ", " ".join(words.split()))  # "[[...]]" would be read as phonemes
        if not self._kept(text, model, speaker, rate, out):
            self._run(text, model, speaker, rate, out)
        samples, sampled_at = from_wav(out.read_bytes(), self.name)
        if not enough(samples, sampled_at, words, rate):
            raise SynthesisFailed(f"{self.name} gave {len(samples) / sampled_at:.2f} s of sound for {words[:60]!r}")
        return samples, sampled_at

    def _kept(self, text: str, model: str, speaker: str, rate: int, out: Path) -> bool:
        """Speaks with a model that is loaded; False where none can be."""
        if self._pool is None:
            return False
        if speaker and not speaker.isdigit():
            raise VoiceUnknown(f"speaker {speaker!r} of {model} is no number")
        request = {"text": text, "out": str(out), "length_scale": round(NORMAL_RATE / rate, 3)}
        try:
            self._pool.speak(model, {**request, "speaker": int(speaker) if speaker else None})
        except NotKept as error:
            self._pool = None
            self.note = f"{self.name} loads its model for each text: {error}"
            return False
        return True

    def _run(self, text: str, model: str, speaker: str, rate: int, out: Path) -> None:
        """By a process that loads the model for this text."""
        command = [*self._command, "--model", model, "--output_file", str(out)]
        command += ["--length_scale", f"{NORMAL_RATE / rate:.3f}"]
        command += ["--speaker", speaker] if speaker else []
        try:
            done = subprocess.run(  # noqa: S603 (no shell, and the words go by stdin)
                command,
                input=text.encode() + b"\n",
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SynthesisFailed(f"{self.name} took more than {self._timeout_s:g} s over {text[:60]!r}") from error
        said = done.stderr.decode(errors="replace").strip()[-_SAID:]
        if done.returncode and not Path(model).exists() and "/" in model:
            raise VoiceUnknown(f"{self.name} has no model {model}; put it there or correct the voice: {said}")
        if done.returncode or not out.exists():
            raise SynthesisFailed(f"{self.name} ended with {done.returncode} over {text[:60]!r}: {said}")
