"""Patterns of `matches`: `*` any characters, `?` one, `#` one digit; everything else itself, whatever its case."""

from __future__ import annotations

from collections.abc import Callable


def matches(text: str, pattern: str, spend: Callable[[int], None]) -> bool:
    """Whether the whole of `text` fits. Takes at most len(text) times len(pattern) steps, told to `spend` as they are
    taken, so that whoever counts can stop it."""
    text, pattern = text.casefold(), pattern.casefold()
    at, of, star, resume = 0, 0, -1, 0
    steps = 0
    while at < len(text):
        steps += 1
        if steps == 256:
            spend(steps)
            steps = 0
        if of < len(pattern) and pattern[of] == "*":
            star, resume = of, at
            of += 1
        elif of < len(pattern) and _fits(text[at], pattern[of]):
            at, of = at + 1, of + 1
        elif star >= 0:  # the last star takes one character more
            resume += 1
            at, of = resume, star + 1
        else:
            return False
    spend(steps)
    return all(character == "*" for character in pattern[of:])


def _fits(character: str, wanted: str) -> bool:
    return wanted == "?" or wanted == character or (wanted == "#" and character.isdigit())
