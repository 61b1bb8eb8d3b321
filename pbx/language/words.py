"""The entrance: numbers, counted nouns and durations of any of the languages."""

from __future__ import annotations

from typing import Protocol

from pbx.config import Language
from pbx.language import english, polish, russian
from pbx.language.grammar import Case, Gender, Noun, Plural
from pbx.language.nouns import NOUNS, Counted


class _Grammar(Protocol):
    """What the module of a language offers."""

    def category(self, number: int) -> Plural: ...
    def cardinal(self, number: int, gender: Gender = ..., case: Case = ..., person: bool = ...) -> str: ...
    def counted(self, number: int, noun: Noun, case: Case = ...) -> str: ...


GRAMMARS: dict[Language, _Grammar] = {"pl": polish, "ru": russian, "en": english}


def plural_category(number: int, language: Language) -> Plural:
    """The CLDR plural category of a whole number."""
    return GRAMMARS[language].category(number)


def cardinal(
    number: int, language: Language, *, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE
) -> str:
    """`number` (0 to 999,999,999, else ValueError) in words."""
    return GRAMMARS[language].cardinal(number, gender, case)


def counted(number: int, what: Counted, language: Language, case: Case = Case.NOMINATIVE) -> str:
    """`number` of something: `counted(2, Counted.MINUTE, "pl", Case.GENITIVE)` is "dwóch minut"."""
    return GRAMMARS[language].counted(number, NOUNS[language][what], case)


def duration(seconds: int, language: Language, case: Case = Case.NOMINATIVE) -> str:
    """Hours, minutes and seconds in words, without those that are zero; 0 is "zero seconds"."""
    if seconds < 0:
        raise ValueError(f"a duration is not negative: {seconds}")
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, Counted.HOUR), (minutes, Counted.MINUTE), (seconds, Counted.SECOND)]
    spoken = [counted(number, what, language, case) for number, what in parts if number]
    return " ".join(spoken) or counted(0, Counted.SECOND, language, case)
