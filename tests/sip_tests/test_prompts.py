"""The judgement of prompts: what is the same is found, what is another is not, and where it stopped is seen."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sip-tests"))
from harness import prompts, tones
from harness.rtp import Packet

RATE = tones.RATE
CONFIG: Any = None


def words(seed: int, seconds: float = 2.0) -> tones.Samples:
    """Something like speech: noise in syllables."""
    chance = np.random.default_rng(seed)
    noise = np.convolve(chance.normal(size=int(seconds * RATE)), np.ones(6) / 6, "same")
    loud = np.repeat(chance.uniform(0.2, 1.0, len(noise) // 800 + 1), 800)[: len(noise)]
    return np.asarray(noise * loud * 12000, dtype=np.int16)


def packets(samples: tones.Samples, at: float = 100.0) -> list[Packet]:
    pieces = [samples[i : i + 160] for i in range(0, len(samples) - 159, 160)]
    return [
        Packet(at + n * 0.02, tones.PCMA, n, n * 160, 1, tones.encode(piece, tones.PCMA))
        for n, piece in enumerate(pieces)
    ]


def heard(samples: tones.Samples, *wanted: dict[str, Any], key_at: float = 0.0) -> Any:
    audio = SimpleNamespace(prompts=list(wanted))
    return SimpleNamespace(packets=packets(samples), audio=audio, key_ended_at=key_at, stopped_ms=[])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, tones.Samples]:
    clips = {"one": words(1), "two": words(2)}
    monkeypatch.setattr(prompts, "speech", lambda _cache, _config, text, _language: clips[text])
    return clips


def check(endpoint: Any) -> list[str]:
    return prompts.check(endpoint, Path(), CONFIG, 0.0)[0]


def quiet(seconds: float) -> tones.Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def test_prompts_in_their_order(said: dict[str, tones.Samples]) -> None:
    both = np.concatenate([quiet(0.33), said["one"] // 2, quiet(0.07), said["two"]])
    first, second = {"text": "one", "language": "en"}, {"text": "two", "language": "en"}
    assert check(heard(both, first, second)) == []
    assert "the en prompt 'one' was not heard" in check(heard(both, second, first))[0]
    assert "not heard" in check(heard(words(3), first))[0]
    assert "not heard" in check(heard(quiet(0), first))[0]


def test_a_key_stops_a_prompt(said: dict[str, tones.Samples]) -> None:
    cut = np.concatenate([said["one"][: RATE + 40], said["two"]])
    wanted = {"text": "one", "language": "en", "for_s": 0.5, "stops_ms": 60}
    assert check(heard(cut, wanted, {"text": "two", "language": "en"}, key_at=100.95)) == []
    assert "stopped 200 ms after the key, 60 are allowed" in check(heard(cut, wanted, key_at=100.80))[0]
    slow = heard(cut, wanted, key_at=100.90)
    assert check(slow) == []
    assert prompts.slow([*slow.stopped_ms, (50.0, 60.0)], 0.0) == prompts.slow([], 0.0) == []
    assert prompts.slow(slow.stopped_ms, 0.0) == ["the prompts stopped 100 ms after the keys at best, 60 are allowed"]
    assert "played to its end" in check(heard(said["one"], wanted, key_at=100.9))[0]
    assert "no key was sent" in check(heard(cut, wanted))[0]
    silent = np.concatenate([said["one"][:RATE], quiet(1)])
    assert check(heard(silent, wanted, key_at=100.95)) == []
