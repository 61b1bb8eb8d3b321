"""Piper by its real command line, with a stand-in that takes the same options."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.media.engines.base import SynthesisFailed, VoiceUnknown
from pbx.media.engines.piper import Piper

FAKE = [sys.executable, str(Path(__file__).with_name("fake_piper.py"))]


def settings(**more: Any) -> dict[str, Any]:
    return {"name": "neural", "kind": "piper", "command": FAKE, "timeout_s": 10.0, **more}


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "pl_PL-one-medium.onnx"
    path.touch()
    return str(path)


@pytest.fixture
def piper() -> Iterator[Piper]:
    engine = Piper(settings())
    yield engine
    engine.close()


def test_words_and_rate_decide_how_long_it_speaks(piper: Piper, model: str) -> None:
    samples, rate = piper.speak("raz dwa trzy", model, 150)
    assert rate == 16000
    assert len(samples) / rate == pytest.approx(0.9, rel=0.01)
    slower, _ = piper.speak("raz dwa trzy", model, 100)
    assert len(slower) / len(samples) == pytest.approx(1.5, rel=0.01)


def test_words_are_never_options(piper: Piper, model: str) -> None:
    samples, rate = piper.speak("--model /etc/passwd\n-f x", model, 150)
    assert len(samples) / rate == pytest.approx(1.2, rel=0.01)


def test_a_speaker_of_a_model(piper: Piper, model: str) -> None:
    one, _ = piper.speak("raz", f"{model}#0", 150)
    other, _ = piper.speak("raz", f"{model}#1", 150)
    assert len(one) == len(other)
    assert list(one) != list(other)


def test_what_goes_wrong_is_named(piper: Piper, model: str) -> None:
    with pytest.raises(VoiceUnknown, match=r"no model /nowhere/x.onnx; put it there"):
        piper.speak("raz", "/nowhere/x.onnx", 150)
    with pytest.raises(SynthesisFailed, match="ended with -11"):
        piper.speak("!die", model, 150)
    with pytest.raises(SynthesisFailed, match="no PCM WAV file"):
        piper.speak("!garbage", model, 150)
    assert len(piper.speak("raz", model, 150)[0])


def test_one_that_hangs_is_given_up(model: str) -> None:
    engine = Piper(settings(timeout_s=1.0))
    with pytest.raises(SynthesisFailed, match="took more than 1 s"):
        engine.speak("!hang", model, 150)
    engine.close()


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"no-such-piper cannot be run: .*correct speech.engine.command"):
        Piper(settings(command=["no-such-piper"]))
