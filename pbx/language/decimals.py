"""Broken numbers in words: two point five, dwa przecinek pięć, две целых пять десятых; half an hour, półtora."""

from __future__ import annotations

from decimal import Decimal

from pbx.config_base import Language
from pbx.language import english, polish, russian
from pbx.language.grammar import Case, Gender, Noun, Plural
from pbx.language.words import cardinal

MINUS: dict[Language, str] = {"pl": "minus", "ru": "минус", "en": "minus"}
HALF = Decimal("0.5")
RUSSIAN_PARTS = (("десятая", "десятых"), ("сотая", "сотых"), ("тысячная", "тысячных"))
LARGEST_RUSSIAN_HALF = 20  # двадцать один с половиной has no good noun


def decimal_words(number: Decimal, language: Language) -> str:
    """A number with up to three decimals, not negative."""
    units = int(number)
    figures = f"{number % 1:f}".partition(".")[2]
    if not figures:
        return cardinal(units, language)
    if language == "pl":
        return f"{polish.cardinal(units)} przecinek {_after_comma(figures)}"
    if language == "ru":
        one, more = RUSSIAN_PARTS[len(figures) - 1]
        whole = "целая" if russian.category(units) is Plural.ONE else "целых"
        part = one if russian.category(int(figures)) is Plural.ONE else more
        feminine = Gender.FEMININE
        return f"{russian.cardinal(units, feminine)} {whole} {russian.cardinal(int(figures), feminine)} {part}"
    return f"{english.cardinal(units)} point {' '.join(english.UNITS[int(figure)] for figure in figures)}"


def counted_decimal(number: Decimal, noun: Noun, language: Language) -> str:
    """A broken number, not negative, of something: półtorej godziny, две с половиной минуты, two and a half days."""
    units, part = int(number), number % 1
    if part == HALF:
        half = {"pl": _polish_half, "ru": _russian_half, "en": _english_half}[language](units, noun)
        if half:
            return half
    governed = noun.several(Case.NOMINATIVE) if language == "en" else noun.one(Case.GENITIVE)
    return f"{decimal_words(number, language)} {governed}"


def _after_comma(figures: str) -> str:
    zeros = len(figures) - len(figures.lstrip("0"))
    return " ".join(["zero"] * zeros + [polish.cardinal(int(figures))])


def _polish_half(units: int, noun: Noun) -> str:
    governed = noun.one(Case.GENITIVE)
    if units == 0:
        return f"pół {governed}"
    if units == 1:
        return f"{'półtorej' if noun.gender is Gender.FEMININE else 'półtora'} {governed}"
    return f"{polish.cardinal(units, noun.gender)} i pół {governed}"


def _russian_half(units: int, noun: Noun) -> str:
    if units == 0:
        return f"половина {noun.one(Case.GENITIVE)}"
    if units == 1:
        return f"{'полторы' if noun.gender is Gender.FEMININE else 'полтора'} {noun.one(Case.GENITIVE)}"
    if units > LARGEST_RUSSIAN_HALF:
        return ""
    numeral, _, governed = russian.counted(units, noun).rpartition(" ")
    return f"{numeral} с половиной {governed}"


def _english_half(units: int, noun: Noun) -> str:
    if units == 0:
        one = noun.one(Case.NOMINATIVE)
        return f"half {'an' if one[0] in 'aeio' or one == 'hour' else 'a'} {one}"
    return f"{english.cardinal(units)} and a half {noun.several(Case.NOMINATIVE)}"
