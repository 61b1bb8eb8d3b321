"""Marks in a text that is to be spoken: `<break 300ms>` is a pause, `<em>...</em>` words that are stressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BREAK_S = 10.0
MAX_MARKS = 100
_TAG = re.compile(r"</?[A-Za-z][^<>]*>?")  # what looks like a mark
_BREAK = re.compile(r"<break\s+(\d{1,5}(?:\.\d{1,3})?)(ms|s)\s*/?>")
OPEN, CLOSE = "<em>", "</em>"


class MarkError(ValueError):
    """Something that looks like a mark and is none."""

    def __init__(self, text: str, position: int, remedy: str) -> None:
        super().__init__(f"{text} (character {position + 1}); {remedy}")
        self.text = text
        self.position = position
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Piece:
    """Words spoken in one go, then `pause_s` of silence; either may be empty."""

    words: str
    emphasis: bool = False
    pause_s: float = 0.0


def check(text: str) -> None:
    """Raises MarkError for a mark that does not exist, a pause over 10 s, emphasis that is nested or left open."""
    pieces(text)


def stripped(text: str) -> str:
    """The words alone, for the eye."""
    return " ".join(_TAG.sub(" ", text).split()) if "<" in text else text


def pieces(text: str) -> list[Piece]:
    """A marked text as what is spoken one after the other. Raises MarkError as `check`."""
    found: list[Piece] = []
    stressed_at = -1
    at = 0
    for count, tag in enumerate(_TAG.finditer(text)):
        if count == MAX_MARKS:
            raise MarkError(f"the text has more than {MAX_MARKS} marks", tag.start(), "take some out")
        words = text[at : tag.start()].strip()
        pause_s = 0.0
        mark = tag.group()
        if mark == OPEN:
            if stressed_at >= 0:
                raise MarkError("<em> inside <em>", tag.start(), "close the first one with </em>")
        elif mark == CLOSE:
            if stressed_at < 0:
                raise MarkError("</em> without <em>", tag.start(), "write <em> where the stress begins")
        else:
            pause_s = _pause_s(mark, tag.start())
        if words or pause_s:
            found.append(Piece(words, stressed_at >= 0, pause_s))
        if mark in (OPEN, CLOSE):
            stressed_at = tag.start() if mark == OPEN else -1
        at = tag.end()
    if stressed_at >= 0:
        raise MarkError("<em> is not closed", stressed_at, "write </em> where the stress ends")
    if rest := text[at:].strip():
        found.append(Piece(rest))
    return found


def _pause_s(mark: str, position: int) -> float:
    wanted = _BREAK.fullmatch(mark)
    if wanted is None:
        raise MarkError(f"{mark} is no mark", position, "there are <break 300ms>, <break 1s>, <em> and </em>")
    pause_s = float(wanted.group(1)) / (1000.0 if wanted.group(2) == "ms" else 1.0)
    if pause_s > MAX_BREAK_S:
        raise MarkError(f"a pause of {pause_s:g} s is too long", position, f"{MAX_BREAK_S:g} s are allowed")
    return pause_s
