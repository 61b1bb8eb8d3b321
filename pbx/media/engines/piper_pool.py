"""Models of piper that stay loaded, each in a process of its own: the last `keep` that were used."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbx.media.engines.base import SynthesisFailed, VoiceUnknown

HOST = str(Path(__file__).with_name("piper_host.py"))
GENTLE_END_S = 0.5
LINE_LIMIT = 65_536  # of an answer
_HEAD = 512  # octets of a script that name its interpreter
_PYTHON = re.compile(rb"""^(?:\#!\s*|'''exec'\s+["']?)(/[^\s"']*python[0-9.]*)""", re.MULTILINE)


class NotKept(RuntimeError):
    """This piper cannot keep a model; the text says why."""


class Gone(RuntimeError):
    """The process has ended: before it was asked, or over the text."""


def interpreter_of(command: Sequence[str]) -> tuple[str, list[str]]:
    """The Python that runs `command`, and the options that follow. Raises NotKept.

    `piper` as pip, pipx and uv install it is a script whose first lines name its interpreter.
    """
    found = shutil.which(command[0])
    if found is None:
        raise NotKept(f"there is no {command[0]}")
    if list(command[1:3]) == ["-m", "piper"]:
        return found, list(command[3:])
    with open(found, "rb") as file:
        named = _PYTHON.search(file.read(_HEAD))
    if named is None:
        raise NotKept(f"{found} is no script of Python")
    return named[1].decode(), list(command[1:])


class Resident:
    """One model that is loaded. Raises VoiceUnknown, NotKept, SynthesisFailed when it cannot be."""

    def __init__(self, python: str, options: Sequence[str], model: str, *, idle_s: float, timeout_s: float) -> None:
        command = [python, HOST, f"--idle={idle_s}", *options, "--", model]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603 (the operator's command)
        self._rest = b""
        try:
            hello = self._answer(timeout_s, f"loading {model}")
        except (Gone, SynthesisFailed) as error:
            self.end()
            raise SynthesisFailed(f"{model} cannot be loaded: {error}") from error
        if hello.get("ready"):
            return
        self.end()
        said = str(hello.get("error"))
        if hello.get("kind") == "voice":
            raise VoiceUnknown(f"{said}; put it there or correct the voice")
        raise NotKept(said) if hello.get("kind") == "package" else SynthesisFailed(f"{model} cannot be loaded: {said}")

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def speak(self, request: dict[str, Any], timeout_s: float) -> None:
        """Writes a WAV to `request["out"]`. Raises SynthesisFailed, Gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Gone("piper has ended") from error
        answer = self._answer(timeout_s, f"{request['text'][:60]!r}")
        if not answer.get("ok"):
            raise SynthesisFailed(f"piper failed over {request['text'][:60]!r}: {answer.get('error')}")

    def end(self) -> None:
        """Gives its memory back."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(GENTLE_END_S)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answer(self, timeout_s: float, what: str) -> dict[str, Any]:
        """One line. Who does not answer in time is killed."""
        assert self._process.stdout is not None
        descriptor, until = self._process.stdout.fileno(), time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self._process.kill()
                raise SynthesisFailed(f"piper took more than {timeout_s:g} s over {what}")
            data = os.read(descriptor, LINE_LIMIT)
            if not data:
                raise Gone(f"piper ended with {self._process.wait()} over {what}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Pool:
    """`speak` with any model; those of the last `keep` are loaded. For one thread."""

    def __init__(self, command: Sequence[str], *, keep: int, idle_s: float, timeout_s: float) -> None:
        """Raises NotKept."""
        self._python, self._options = interpreter_of(command)
        self._keep, self._idle_s, self._timeout_s = keep, idle_s, timeout_s
        self._residents: OrderedDict[str, Resident] = OrderedDict()
        self.loads = 0

    def speak(self, model: str, request: dict[str, Any]) -> None:
        """See Resident.speak. A text over which two have ended is refused. Raises VoiceUnknown, SynthesisFailed,
        NotKept."""
        try:
            self._of(model).speak(request, self._timeout_s)
        except Gone:  # perhaps idle for so long that it went in this instant, perhaps killed for its memory
            try:
                self._of(model).speak(request, self._timeout_s)
            except Gone as error:
                raise SynthesisFailed(str(error)) from error

    def close(self) -> None:
        for model in list(self._residents):
            self._drop(model)

    def _of(self, model: str) -> Resident:
        known = self._residents.get(model)
        if known is not None and known.lives:
            self._residents.move_to_end(model)
            return known
        self._drop(model)
        while len(self._residents) >= self._keep:
            self._drop(next(iter(self._residents)))
        self.loads += 1
        made = Resident(self._python, self._options, model, idle_s=self._idle_s, timeout_s=self._timeout_s)
        self._residents[model] = made
        return made

    def _drop(self, model: str) -> None:
        gone = self._residents.pop(model, None)
        if gone is not None:
            gone.end()
