"""Number patterns: `_` and then digits or classes of digits. The most specific pattern that matches wins.

| mark | matches |
|---|---|
| X | 0 to 9 |
| Z | 1 to 9 |
| N | 2 to 9 |
| [1-46] | 1, 2, 3, 4 or 6 |
| . | one or more of anything, at the end only |
| others | themselves: digits, +, *, # |

Two patterns are compared mark by mark from the left: the one whose mark allows fewer digits is the more specific.
Routes may also be given as a plain prefix, which is a pattern of literal digits and anything (or nothing) after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

DIGITS = "0123456789"
CLASSES = {"X": frozenset(DIGITS), "Z": frozenset(DIGITS[1:]), "N": frozenset(DIGITS[2:])}
LITERAL = frozenset(DIGITS + "+*#")
REST = 99  # the rank of "." and of the end: behind every class

Value = TypeVar("Value")


class PatternError(ValueError):
    """A text that is no pattern; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`marks` are what each position allows; then come `least` characters more (-1: none may)."""

    text: str
    marks: tuple[frozenset[str], ...]
    least: int = -1

    @classmethod
    def of(cls, text: str) -> Pattern:
        """From a pattern, or from a plain prefix. Raises PatternError."""
        return cls.parse(text) if is_pattern(text) else cls(text, tuple(frozenset(mark) for mark in text), 0)

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """From `_0ZX.`; PatternError."""
        if not text.startswith("_") or len(text) < 2:
            raise PatternError("a pattern begins with _ and has a digit or class after it")
        marks: list[frozenset[str]] = []
        at = 1
        while at < len(text):
            mark = text[at]
            if mark == ".":
                if at != len(text) - 1:
                    raise PatternError("the . stands for all the rest, so nothing may follow it")
                return cls(text, tuple(marks), 1)
            if mark == "[":
                end = text.find("]", at)
                if end < 0:
                    raise PatternError("a [ without its ]")
                marks.append(_range(text[at + 1 : end]))
                at = end + 1
                continue
            if mark in CLASSES:
                marks.append(CLASSES[mark])
            elif mark in LITERAL:
                marks.append(frozenset(mark))
            else:
                raise PatternError(f"{mark!r} is no mark of a pattern: use 0-9 + * # X Z N [..] .")
            at += 1
        return cls(text, tuple(marks))

    def matches(self, number: str) -> bool:
        more = len(number) - len(self.marks)
        if more < 0 or (more > 0 if self.least < 0 else more < self.least):
            return False
        return all(number[index] in mark for index, mark in enumerate(self.marks))

    @property
    def rank(self) -> tuple[int, ...]:
        """Sorts the more specific first."""
        return (*(len(mark) for mark in self.marks), REST if self.least >= 0 else 0)


def is_pattern(text: str) -> bool:
    return text.startswith("_")


class PatternTable(Generic[Value]):
    """Values by pattern. `find` looks through the patterns, the most specific first."""

    def __init__(self, entries: Iterable[tuple[str, Value]]) -> None:
        """Of patterns and prefixes; equals keep their order. Raises PatternError for a text that is no pattern."""
        self._entries = sorted(((Pattern.of(text), value) for text, value in entries), key=lambda item: item[0].rank)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def find(self, number: str, wanted: Callable[[Value], bool] | None = None) -> Value | None:
        """The value of the most specific pattern that matches and whose value is `wanted`."""
        for pattern, value in self._entries:
            if pattern.matches(number) and (wanted is None or wanted(value)):
                return value
        return None

    def matching(self, number: str) -> list[tuple[Pattern, Value]]:
        """All that match, the one that wins first."""
        return [(pattern, value) for pattern, value in self._entries if pattern.matches(number)]


def _range(text: str) -> frozenset[str]:
    """The digits of `1-46`."""
    found: set[str] = set()
    at = 0
    while at < len(text):
        if text[at] not in LITERAL:
            raise PatternError(f"[{text}]: {text[at]!r} is no digit")
        if at + 2 < len(text) and text[at + 1] == "-":
            first, last = text[at], text[at + 2]
            if first not in DIGITS or last not in DIGITS or first > last:
                raise PatternError(f"[{text}]: {first}-{last} is no range of digits")
            found.update(DIGITS[int(first) : int(last) + 1])
            at += 3
        else:
            found.add(text[at])
            at += 1
    if not found:
        raise PatternError("[] allows nothing")
    return frozenset(found)
