"""Pauses, stress and long texts, with an engine whose every word lasts a tenth of a second."""

from __future__ import annotations

import numpy as np
import pytest

from pbx.language.marks import MarkError
from pbx.media import shaping
from pbx.media.synthesiser import EMPHASIS_RATE, Synthesiser, pieces

RATE = 16000


class WordEngine:
    """Speaks a steady level, longer when it is to speak slower."""

    name, version, folder = "words", "1", ""

    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []

    def voices(self) -> list[str]:
        return []

    def speak(self, words: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        self.said.append((words, rate))
        return np.full(int(0.1 * RATE * len(words.split()) * 150 / rate), 0.1), RATE

    def close(self) -> None:
        pass


def silences_s(samples: shaping.Samples) -> list[float]:
    """The pauses within, without those of the ends."""
    quiet = np.flatnonzero(np.abs(samples) >= 0.01)
    gaps = np.diff(quiet)
    return [round(gap / RATE, 2) for gap in gaps if gap > 0.01 * RATE]


def test_a_pause_lasts_as_long_as_it_says() -> None:
    engine = WordEngine()
    samples, rate = Synthesiser(engine).say("raz dwa<break 700ms>trzy. <break 1s>.", "x", 150)
    assert engine.said == [("raz dwa", 150), ("trzy.", 150)]
    assert silences_s(samples) == [pytest.approx(0.7, abs=0.02)]
    tail = len(samples) - int(np.flatnonzero(samples)[-1])
    assert tail / rate == pytest.approx(1.0, abs=0.02)


def test_stressed_words_are_slower_and_louder() -> None:
    engine = WordEngine()
    samples, _ = Synthesiser(engine).say("naciśnij <em>jeden</em> teraz", "x", 150)
    assert engine.said == [("naciśnij", 150), ("jeden", round(150 * EMPHASIS_RATE)), ("teraz", 150)]
    assert np.max(samples) == pytest.approx(0.1 * 10 ** (2 / 20), rel=0.01)
    assert len(silences_s(samples)) == 2


def test_texts_without_words_are_refused() -> None:
    for text in ("", " ", "<break 1s>", "<em>!</em>", "\x00"):
        with pytest.raises(ValueError, match="empty text"):
            Synthesiser(WordEngine()).say(text, "x", 150)
    with pytest.raises(MarkError, match="no mark"):
        Synthesiser(WordEngine()).say("a <speak>b", "x", 150)


def test_long_texts_are_cut_where_a_sentence_ends() -> None:
    parts = pieces("Raz dwa trzy. " * 200)
    assert max(map(len, parts)) <= 1000
    assert all(part.endswith(".") for part in parts)
