"""The speech worker process: `python -m pbx.media.speech_worker`, one for each engine (pbx.media.speech).

With `--engine` the first line on stdin is the engine's section as JSON; without, it is espeak-ng. Requests come on
stdin, answers go to what was stdout: each one line of JSON. Because pyttsx3 and espeak print on stdout, that
descriptor is moved away first and stdout is pointed at stderr. The first line out says who is there:
    {"ready": true, "version": "1.51", "voices": ["zlw/pl", ...], "folder": "/tmp/..."}
    {"ready": false, "error": "..."}
Then for each request {"id": 1, "op": "say", ...}: {"id": 1, "ok": true, "duration_s": 2.5} or
{"id": 1, "ok": false, "kind": "voice", "error": "..."}. Operations, all of which write an 8 kHz mono s16 WAV to `out`,
and others to what `wide` names by their rate:
    say      text, voice, rate (words a minute); the answer may have a `note` for the operator
    music    -                                     the project's own music on hold
    convert  source (a WAV file of any PCM kind)   music from the operator
    take     source (WAV, MP3, Ogg, FLAC...)       a prompt that a human has spoken; `master` gets it at -19 LUFS
The process ends when stdin does. Espeak is GPL-3: a process of its own keeps it out of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

LONGEST_MUSIC_S = 900.0


class BadRequest(ValueError):
    """The server asked for something that this worker does not know."""


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is the server's to handle
    engine = None
    try:
        from pbx.media.engines.base import make_engine

        engine = make_engine(json.loads(sys.stdin.readline()) if "--engine" in sys.argv else {})
        hello = {"ready": True, "version": engine.version, "voices": engine.voices(), "folder": engine.folder}
        _answer(answers, hello)
    except Exception as error:  # espeak-ng is missing or broken; music needs none, so go on without
        _answer(answers, {"ready": False, "error": f"{type(error).__name__}: {error}"})
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = {"id": request["id"], **serve(request, engine)}
        except Exception as error:  # whatever a request does, the worker lives to serve the next
            answer = {"id": _id_of(line), "ok": False, "kind": _kind(error), "error": f"{error}"}
        _answer(answers, answer)
    if engine is not None:
        engine.close()
    return 0


def serve(request: dict[str, Any], engine: Any) -> dict[str, Any]:
    """Does one request; returns the answer without its id."""
    operation = request["op"]
    if operation == "say":
        return _say(request, engine)
    if operation == "take":
        from pbx.media.take import take

        return {"ok": True, **take(request)}
    if operation == "music":
        from pbx.media.composer import compose

        return _render(request, compose)
    if operation == "convert":
        source = Path(request["source"])
        return _render(request, lambda rate: convert(source, rate))
    raise BadRequest(f"unknown operation {operation!r}")


def _sounds(request: dict[str, Any]) -> list[tuple[int, Path]]:
    """Rates and files of what is wanted, 8 kHz last: who finds that one finds all."""
    from pbx.media import shaping

    wide = [(int(rate), Path(path)) for rate, path in request.get("wide", {}).items()]
    return [*wide, (shaping.RATE, Path(request["out"]))]


def _render(request: dict[str, Any], make: Callable[[int], Any]) -> dict[str, Any]:
    from pbx.media import shaping

    duration_s = 0.0
    for rate, path in _sounds(request):
        samples = make(rate)
        write(path, shaping.to_pcm(samples), rate)
        duration_s = len(samples) / rate
    return {"ok": True, "duration_s": round(duration_s, 3)}


def _say(request: dict[str, Any], engine: Any) -> dict[str, Any]:
    from pbx.media import shaping
    from pbx.media.synthesiser import Synthesiser

    if engine is None:
        raise BadRequest("the engine could not be started")
    samples, sampled_at = Synthesiser(engine).say(request["text"], request["voice"], int(request["rate"]))
    duration_s = 0.0
    for rate, path in _sounds(request):
        sound = shaping.normalise(shaping.resample(samples, sampled_at, rate), shaping.SPEECH_LEVEL_DBOV, rate)
        write(path, shaping.to_pcm(sound), rate)
        duration_s = len(sound) / rate
    note = getattr(engine, "note", "")
    return {"ok": True, "duration_s": round(duration_s, 3), **({"note": note} if note else {})}


def convert(source: Path, target: int = 8000) -> Any:
    """An operator's WAV as mono of `target` Hz, telephone band where that is 8 kHz, level of music on hold.

    Raises ValueError naming the file.
    """
    from pbx.media import shaping

    try:
        with wave.open(str(source), "rb") as file:
            if file.getnframes() > LONGEST_MUSIC_S * file.getframerate():
                raise ValueError(f"it is longer than {LONGEST_MUSIC_S / 60:.0f} minutes")
            data = file.readframes(file.getnframes())
            samples = shaping.from_pcm(data, file.getsampwidth(), file.getnchannels())
            rate = file.getframerate()
        if len(samples) < rate:
            raise ValueError("it is shorter than one second")
        sound = shaping.resample(samples, rate, target)
        sound = shaping.telephone_band(sound) if target == shaping.RATE else sound
    except (wave.Error, EOFError, ValueError) as error:
        remedy = f"sox {source.name} -r 8000 -c 1 -b 16 out.wav makes one that can be played"
        raise ValueError(f"{source} is not a WAV file of PCM samples that can be played: {error}; {remedy}") from error
    return shaping.fade(shaping.normalise(sound, shaping.MUSIC_LEVEL_DBOV, target), target, fade_s=0.02)


def write(path: Path, pcm: bytes, rate: int = 8000) -> None:
    """Writes a WAV so that a reader sees all of it or nothing: a scratch name first, then renamed. Mode 0600."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with wave.open(raw, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(pcm)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(scratch, path)
    except OSError:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise


def _kind(error: Exception) -> str:
    """A stable word for what went wrong, for the server to tell the remedies apart."""
    names = {"VoiceUnknown": "voice", "SynthesisFailed": "synthesis", "BadRequest": "request"}
    if isinstance(error, OSError):
        return "file"
    return names.get(type(error).__name__, "input" if isinstance(error, ValueError) else "internal")


def _id_of(line: str) -> int:
    try:
        return int(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return -1


def _answer(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
