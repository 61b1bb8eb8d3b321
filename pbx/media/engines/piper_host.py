"""Has one model of piper loaded and speaks text after text with it: `PYTHON piper_host.py MODEL [options of piper]`.

Run by the interpreter that piper-tts is installed for, which need not be ours: nothing of this program is imported. The
first line out is {"ready": true} or {"ready": false, "kind": "package" | "voice" | "load", "error": "..."}; each line
{"text": "...", "out": "x.wav", "speaker": 2, "length_scale": 1.0} is answered by {"ok": true} or {"ok": false, "error":
"..."}. It ends with its stdin, with its parent, and after `--idle` seconds without a text.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import select
import signal
import sys
import wave
from pathlib import Path
from typing import Any

PDEATHSIG = 1  # prctl(2)


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        arguments = _arguments()
        piper = _package()
        voice = piper.PiperVoice.load(_path(arguments), use_cuda=arguments.cuda)
    except ImportError as error:
        return _refuse(answers, "package", error)
    except FileNotFoundError as error:
        return _refuse(answers, "voice", error)
    except Exception as error:  # whatever the library raises for a file that is no model
        return _refuse(answers, "load", error)
    print(json.dumps({"ready": True}), file=answers)
    while select.select([0], [], [], arguments.idle)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            break
        try:
            _speak(piper, voice, arguments, json.loads(line))
            answer: dict[str, Any] = {"ok": True}
        except Exception as error:  # the next text may be better
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
    return 0


def _arguments() -> argparse.Namespace:
    """The model, and those options of piper's command line that decide how it sounds. Raises ImportError for others."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--idle", type=float, default=900.0)
    parser.add_argument("--data-dir", "--data_dir", action="append", default=[])
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--noise-scale", "--noise_scale", type=float)
    parser.add_argument("--noise-w-scale", "--noise_w_scale", "--noise-w", "--noise_w", type=float)
    parser.add_argument("--sentence-silence", "--sentence_silence", type=float, default=0.0)
    parser.add_argument("--volume", type=float, default=1.0)
    parser.add_argument("--no-normalize", action="store_true")
    arguments, others = parser.parse_known_args()
    if others:
        raise ImportError(f"{' '.join(others)} is of its command line alone")
    return arguments


def _package() -> Any:
    """The package piper of piper-tts 1.3 and later. Raises ImportError."""
    here = Path(__file__).resolve().parent  # where a module of ours has the same name
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    piper = importlib.import_module("piper")
    if not hasattr(piper, "SynthesisConfig"):
        raise ImportError("this piper is older than piper-tts 1.3")
    return piper


def _path(arguments: argparse.Namespace) -> Path:
    """The model as piper's command line finds it. Raises FileNotFoundError."""
    name = arguments.model
    places = [Path(name), *(Path(folder) / f"{name}.onnx" for folder in [os.getcwd(), *arguments.data_dir])]
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"there is no model {name}")


def _speak(piper: Any, voice: Any, arguments: argparse.Namespace, request: dict[str, Any]) -> None:
    settings = piper.SynthesisConfig(
        speaker_id=request["speaker"],
        length_scale=request["length_scale"],
        noise_scale=arguments.noise_scale,
        noise_w_scale=arguments.noise_w_scale,
        normalize_audio=not arguments.no_normalize,
        volume=arguments.volume,
    )
    chunks = list(voice.synthesize(request["text"], settings))
    if not chunks:
        raise ValueError("no sound was made")
    first = chunks[0]
    silence = bytes(int(first.sample_rate * arguments.sentence_silence) * first.sample_width * first.sample_channels)
    with wave.open(request["out"], "wb") as file:
        file.setframerate(first.sample_rate)
        file.setsampwidth(first.sample_width)
        file.setnchannels(first.sample_channels)
        file.writeframes(silence.join(chunk.audio_int16_bytes for chunk in chunks))


def _refuse(answers: Any, kind: str, error: Exception) -> int:
    print(json.dumps({"ready": False, "kind": kind, "error": f"{type(error).__name__}: {error}"}), file=answers)
    return 1


if __name__ == "__main__":
    sys.exit(main())
