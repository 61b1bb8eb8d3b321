"""Piper with its models loaded: in a few processes, replaced when they die, gone when nobody uses them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.media.engines.base import SynthesisFailed, VoiceUnknown
from pbx.media.engines.piper import Piper
from pbx.media.engines.piper_pool import Gone, NotKept, Pool, Resident, interpreter_of
from tests.pbx.media.engines.test_piper import FAKE, settings

STAND_IN = str(Path(__file__).with_name("stand_in"))
COMMAND = [sys.executable, "-m", "piper"]


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """piper-tts is installed."""
    monkeypatch.setenv("PYTHONPATH", STAND_IN)


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{name}.onnx" for name in ("anna", "ben", "celia")]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


def piper_of(**more: Any) -> Piper:
    return Piper(settings(command=COMMAND, keep=2, idle_s=900.0, **more))


@pytest.fixture
def piper() -> Iterator[Piper]:
    engine = piper_of()
    yield engine
    engine.close()


def pool_of(engine: Piper) -> Pool:
    assert engine._pool is not None, engine.note
    return engine._pool


def process(engine: Piper, model: str) -> int:
    return pool_of(engine)._residents[model]._process.pid


def test_a_model_is_loaded_once_and_the_words_are_as_by_the_command(piper: Piper, models: list[str]) -> None:
    anna = models[0]
    samples, rate = piper.speak("raz dwa trzy", anna, 150)
    assert len(samples) / rate == pytest.approx(0.9, rel=0.01)
    slower, _ = piper.speak("raz dwa. trzy", anna, 100)
    assert len(slower) / len(samples) == pytest.approx(1.5, rel=0.01)
    one, other = piper.speak("raz", f"{anna}#0", 150)[0], piper.speak("raz", f"{anna}#1", 150)[0]
    assert len(one) == len(other)
    assert list(one) != list(other)
    assert len(piper.speak("raz [[[dwa]] \n x", anna, 150)[0]) / rate == pytest.approx(1.5, rel=0.01)
    assert pool_of(piper).loads == 1


def test_only_some_stay_and_the_one_used_longest_ago_goes(piper: Piper, models: list[str]) -> None:
    anna, ben, celia = models
    for model in (anna, ben, anna, celia, anna):
        piper.speak("raz", model, 150)
    assert pool_of(piper).loads == 3
    assert set(pool_of(piper)._residents) == {anna, celia}
    pids = [process(piper, model) for model in (anna, celia)]
    piper.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_one_that_died_or_hangs_is_replaced(models: list[str]) -> None:
    engine, (anna, ben, _) = piper_of(timeout_s=5.0), models
    engine.speak("raz", ben, 150)
    with pytest.raises(SynthesisFailed, match="ended with -11"):
        engine.speak("!die", anna, 150)
    engine.speak("raz", anna, 150)
    os.kill(process(engine, anna), signal.SIGKILL)
    engine.speak("raz", anna, 150)
    with pytest.raises(SynthesisFailed, match="no such phoneme"):
        engine.speak("!raise", anna, 150)
    with pytest.raises(SynthesisFailed, match="no sound was made"):
        engine.speak("!silent", anna, 150)
    engine.speak("raz", anna, 150)
    assert pool_of(engine).loads == 5, (
        "two ended over a text, one between texts; who only failed goes on, and so does the other model"
    )
    pool_of(engine)._timeout_s = 0.2
    with pytest.raises(SynthesisFailed, match=r"took more than 0.2 s over '!hang'"):
        engine.speak("!hang", anna, 150)
    pool_of(engine)._timeout_s = 5.0
    engine.speak("raz", anna, 150)
    engine.close()


def test_what_cannot_be_loaded_is_named(piper: Piper, tmp_path: Path) -> None:
    with pytest.raises(VoiceUnknown, match=r"there is no model /nowhere/x.onnx; put it there"):
        piper.speak("raz", "/nowhere/x.onnx", 150)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"broken")
    with pytest.raises(SynthesisFailed, match=r"broken.onnx cannot be loaded: RuntimeError: INVALID_PROTOBUF"):
        piper.speak("raz", str(broken), 150)
    with pytest.raises(VoiceUnknown, match="speaker 'x'"):
        piper.speak("raz", f"{broken}#x", 150)


def test_one_that_nobody_uses_goes_and_comes_again(models: list[str]) -> None:
    request = {"text": "raz", "out": str(Path(models[0]).with_suffix(".wav")), "speaker": None, "length_scale": 1.0}
    resident = Resident(sys.executable, [], models[0], idle_s=0.05, timeout_s=10.0)
    assert resident._process.wait(10) == 0
    with pytest.raises(Gone):
        resident.speak(request, 10.0)
    resident.end()
    pool = Pool(COMMAND, keep=1, idle_s=0.05, timeout_s=10.0)
    for loads in (1, 2):
        pool.speak(models[0], request)
        assert pool.loads == loads
        pool._residents[models[0]]._process.wait(10)
    pool.close()


def test_another_piper_is_asked_by_its_command_and_the_operator_is_told(
    models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Piper(settings(keep=2, idle_s=900.0))  # `python fake_piper.py`: an interpreter, and no package
    assert "is no script of Python" in engine.note
    assert len(engine.speak("raz", models[0], 150)[0])
    engine.close()
    monkeypatch.setenv("PYTHONPATH", "")
    script = Path(models[0]).with_name("piper")
    script.write_text(f"#!{sys.executable}\nimport runpy\nrunpy.run_path({FAKE[1]!r}, run_name='__main__')\n")
    script.chmod(0o755)
    engine = Piper(settings(command=[str(script)], keep=2, idle_s=900.0))
    assert len(engine.speak("raz", models[0], 150)[0])
    assert "No module named 'piper'" in engine.note
    engine.close()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("#!/opt/venv/bin/python3.12\n", "/opt/venv/bin/python3.12"),
        ("#!/bin/sh\n'''exec' \"/very/long path\" nothing\n", ""),
        ("#!/bin/sh\n'''exec' /very/long/bin/python3 \"$0\" \"$@\"\n' '''\n", "/very/long/bin/python3"),
        ("\x7fELF", ""),
    ],
)
def test_whose_interpreter(tmp_path: Path, script: str, expected: str) -> None:
    path = tmp_path / "piper"
    path.write_text(script)
    path.chmod(0o755)
    if expected:
        assert interpreter_of([str(path), "--cuda"]) == (expected, ["--cuda"])
    else:
        with pytest.raises(NotKept, match="is no script of Python"):
            interpreter_of([str(path)])
