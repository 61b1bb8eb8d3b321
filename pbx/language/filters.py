"""The filters of templates: how a value is said. Arguments are read once, when the template is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pbx.config_base import Language
from pbx.language.grammar import LIMIT, Case, Gender
from pbx.language.nouns import NOUNS, Counted
from pbx.language.words import cardinal, counted, duration

Arguments = tuple[str, ...]


class FilterError(ValueError):
    """An argument that a filter does not know, or a value that it cannot say."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(f"{text}; {remedy}")
        self.text = text
        self.remedy = remedy


class Formatter(Protocol):
    """Says a value in a language; `written` is for the eye. Raises FilterError for a value that does not fit."""

    def __call__(self, value: object, language: Language, written: bool, /) -> str: ...


Maker = Callable[[Arguments], Formatter]

YES_NO: dict[Language, tuple[str, str]] = {"pl": ("tak", "nie"), "ru": ("да", "нет"), "en": ("yes", "no")}


def plain(value: object, language: Language, written: bool, /) -> str:
    """A value without a filter: texts as they are, whole numbers in words, yes and no, lists one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return YES_NO[language][0 if value else 1]
    if isinstance(value, int):
        return str(value) if written else _words(value, language, Gender.MASCULINE, Case.NOMINATIVE)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(plain(entry, language, written) for entry in value)
    raise FilterError(f"a {type(value).__name__} cannot be said", "name a value inside of it")


def whole(value: object) -> int:
    """A value as a whole number. Raises FilterError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise FilterError(f"{value!r} is not a number", "give a whole number")
    try:
        number = int(value) if not isinstance(value, float) else int(value) if value.is_integer() else None
    except ValueError:
        number = None
    if number is None:
        raise FilterError(f"{str(value)[:40]!r} is not a whole number", "give a whole number")
    if abs(number) >= LIMIT:
        raise FilterError(f"{number} is too large to be said", f"numbers up to {LIMIT - 1:,} can be said")
    return number


def _words(number: int, language: Language, gender: Gender, case: Case) -> str:
    return cardinal(abs(number), language, gender=gender, case=case)


def chosen(arguments: Arguments, *enums: type[Case] | type[Gender]) -> list[str]:
    """The arguments, each one a word of one of `enums`. Raises FilterError."""
    known = [str(word) for enum in enums for word in enum]
    for argument in arguments:
        if argument not in known:
            raise FilterError(f"{argument!r} is not known here", f"use {', '.join(known)}")
    return list(arguments)


def case_of(words: list[str]) -> Case:
    return next((case for case in Case if case in words), Case.NOMINATIVE)


def gender_of(words: list[str]) -> Gender:
    return next((gender for gender in Gender if gender in words), Gender.MASCULINE)


def _number(arguments: Arguments) -> Formatter:
    words = chosen(arguments, Case, Gender)
    case, gender = case_of(words), gender_of(words)

    def said(value: object, language: Language, written: bool, /) -> str:
        number = whole(value)
        return str(number) if written else _words(number, language, gender, case)

    return said


def _count(arguments: Arguments) -> Formatter:
    if not arguments or arguments[0] not in list(Counted):
        raise FilterError("count says what is counted", f"write count:{'|'.join(Counted)}")
    noun = Counted(arguments[0])
    case = case_of(chosen(arguments[1:], Case))

    def said(value: object, language: Language, written: bool, /) -> str:
        number = whole(value)
        spoken = counted(abs(number), noun, language, case)
        if written:
            return f"{number} {spoken.split()[-1]}"
        return spoken

    return said


def _duration(arguments: Arguments) -> Formatter:
    case = case_of(chosen(arguments, Case))

    def said(value: object, language: Language, written: bool, /) -> str:
        del written
        return duration(abs(whole(value)), language, case)

    return said


def _digits(arguments: Arguments) -> Formatter:
    chosen(arguments)

    def said(value: object, language: Language, written: bool, /) -> str:
        if written:
            return str(value)
        figures = [cardinal(int(character), language) for character in str(value) if character in "0123456789"]
        if not figures:
            raise FilterError(f"{str(value)[:40]!r} has no digits", "give a number")
        return ", ".join(" ".join(figures[at : at + 3]) for at in range(0, len(figures), 3))

    return said


FILTERS: dict[str, Maker] = {"number": _number, "count": _count, "duration": _duration, "digits": _digits}

assert all(set(Counted) == set(table) for table in NOUNS.values())
