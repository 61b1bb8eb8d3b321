"""From a marked text to the sound of a prompt, with any engine. Runs in a speech worker process only.

Pauses and stress are stitched here and not left to the engines: each of them reads other marks, or none, and a mark
that an engine does not know is read aloud. Texts are cut to pieces of at most 1,000 characters, since espeak crashes
over long ones.
"""

from __future__ import annotations

import re

import numpy as np

from pbx.language import marks
from pbx.media import shaping
from pbx.media.engines.base import Engine, SynthesisFailed

PIECE_CHARS = 1000
PIECE_PAUSE_S = 0.25
EMPHASIS_RATE = 0.82  # of the rate of speech
EMPHASIS_DB = 2.0
SEAM_S = 0.06  # of silence around stressed words, which are spoken on their own


def pieces(text: str, limit: int = PIECE_CHARS) -> list[str]:
    """Splits a text into parts of at most `limit` characters: after a sentence, else a comma, else a space."""
    rest = " ".join(text.split())
    parts = []
    while len(rest) > limit:
        window = rest[: limit + 1]
        cut = 0
        for pattern in (r"[.!?…]\s", r"[,;:]\s", r"\s"):
            ends = [match.start() + 1 for match in re.finditer(pattern, window)]
            if ends and ends[-1] > limit // 4:
                cut = ends[-1]
                break
        parts.append(rest[: cut or limit].strip())
        rest = rest[cut or limit :].strip()
    if rest:
        parts.append(rest)
    return parts


class Synthesiser:
    """Speaks with one engine: `say` gives samples as the engine made them, joined and with their pauses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def say(self, text: str, voice: str, rate: int) -> tuple[shaping.Samples, int]:
        """Samples and their rate in Hz, trimmed and not yet levelled. `rate`: words a minute.

        Raises VoiceUnknown, SynthesisFailed, ValueError for a text without words or with broken marks.
        """
        sound: list[shaping.Samples] = []
        hertz = 0
        spoken = _audible(marks.pieces(re.sub(r"[\x00-\x1f\x7f]", " ", text)))
        if not any(piece.words for piece in spoken):
            raise ValueError("there is nothing to say in an empty text")
        leading_s = 0.0
        for piece in spoken:
            if piece.words:
                samples, hertz = self._passage(piece, voice, rate, hertz)
                sound += [np.zeros(round(leading_s * hertz)), samples]
                leading_s = 0.0
            leading_s += piece.pause_s or (SEAM_S if piece.words and len(spoken) > 1 else 0.0)
        if leading_s > SEAM_S:  # a pause that ends the text is meant
            sound.append(np.zeros(round(leading_s * hertz)))
        joined = np.concatenate(sound)
        if not len(joined):
            raise SynthesisFailed(f"{self.engine.name} made no sound for {text[:80]!r} with voice {voice}")
        return joined, hertz

    def _passage(self, piece: marks.Piece, voice: str, rate: int, hertz: int) -> tuple[shaping.Samples, int]:
        """What is spoken between two marks, at `hertz` unless that is 0."""
        pace = round(rate * EMPHASIS_RATE) if piece.emphasis else rate
        gain = 10 ** (EMPHASIS_DB / 20) if piece.emphasis else 1.0
        sound: list[shaping.Samples] = []
        for part in pieces(piece.words):
            samples, sampled_at = self.engine.speak(part, voice, pace)
            if hertz and sampled_at != hertz:
                samples = shaping.resample(samples, sampled_at, hertz)
            hertz = hertz or sampled_at
            sound += [shaping.trim(samples * gain, hertz), np.zeros(int(PIECE_PAUSE_S * hertz))]
        return np.concatenate(sound[:-1]), hertz


def _audible(found: list[marks.Piece]) -> list[marks.Piece]:
    """What is to be heard: a full stop between two marks is no words."""
    heard = [piece if any(map(str.isalnum, piece.words)) else marks.Piece("", pause_s=piece.pause_s) for piece in found]
    return [piece for piece in heard if piece.words or piece.pause_s]
