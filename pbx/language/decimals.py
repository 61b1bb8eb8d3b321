"""Broken numbers in words: two point five, dwa przecinek pięć, две целых пять десятых; half an hour, półtora."""

from __future__ import annotations

from decimal import Decimal

from pbx.config_base import Language
from pbx.language import english, polish, russian
from pbx.language.grammar import Case, Gender, Noun, Plural
from pbx.language.words import cardinal

MINUS: dict[Language, str] = {"pl": "minus", "ru": "минус", "en": "minus"}
HALF = Decimal("0.5")
BROKEN_CASES = (Case.NOMINATIVE, Case.ACCUSATIVE, Case.GENITIVE)  # in which a broken number is said
RUSSIAN_PARTS = ("десят", "сот", "тысячн")
RUSSIAN_ONE = {Case.NOMINATIVE: "ая", Case.ACCUSATIVE: "ую", Case.GENITIVE: "ой"}  # of adjectives, feminine
RUSSIAN_WHOLE = {Case.NOMINATIVE: "целая", Case.ACCUSATIVE: "целую", Case.GENITIVE: "целой"}
RUSSIAN_HALF = {Case.NOMINATIVE: "половина", Case.ACCUSATIVE: "половину", Case.GENITIVE: "половины"}
LARGEST_RUSSIAN_HALF = 20  # двадцать один с половиной has no good noun


def decimal_words(number: Decimal, language: Language, case: Case = Case.NOMINATIVE) -> str:
    """A number with up to three decimals, not negative; `case` is one of BROKEN_CASES."""
    units = int(number)
    figures = f"{number % 1:f}".partition(".")[2]
    if not figures:
        return cardinal(units, language)
    if language == "pl":
        return f"{polish.cardinal(units)} przecinek {_after_comma(figures)}"
    if language == "ru":
        whole = RUSSIAN_WHOLE[case] if russian.category(units) is Plural.ONE else "целых"
        ending = RUSSIAN_ONE[case] if russian.category(int(figures)) is Plural.ONE else "ых"
        feminine = Gender.FEMININE
        said = russian.cardinal(int(figures), feminine, case)
        return f"{russian.cardinal(units, feminine, case)} {whole} {said} {RUSSIAN_PARTS[len(figures) - 1]}{ending}"
    return f"{english.cardinal(units)} point {' '.join(english.UNITS[int(figure)] for figure in figures)}"


def counted_decimal(number: Decimal, noun: Noun, language: Language, case: Case = Case.NOMINATIVE) -> str:
    """A broken number, not negative, of something: półtorej godziny, две с половиной минуты, two and a half days.

    `case` is one of BROKEN_CASES: через половину минуты, около полутора часов.
    """
    units, part = int(number), number % 1
    if part == HALF:
        half = {"pl": _polish_half, "ru": _russian_half, "en": _english_half}[language](units, noun, case)
        if half:
            return half
    governed = noun.several(Case.NOMINATIVE) if language == "en" else noun.one(Case.GENITIVE)
    return f"{decimal_words(number, language, case)} {governed}"


def _after_comma(figures: str) -> str:
    zeros = len(figures) - len(figures.lstrip("0"))
    return " ".join(["zero"] * zeros + [polish.cardinal(int(figures))])


def _polish_half(units: int, noun: Noun, case: Case) -> str:
    governed = noun.one(Case.GENITIVE)
    if units == 0:
        return f"pół {governed}"
    if units == 1:
        return f"{'półtorej' if noun.gender is Gender.FEMININE else 'półtora'} {governed}"
    return f"{polish.cardinal(units, noun.gender, case)} i pół {governed}"


def _russian_half(units: int, noun: Noun, case: Case) -> str:
    if units == 0:
        return f"{RUSSIAN_HALF[case]} {noun.one(Case.GENITIVE)}"
    if units == 1:
        if case is Case.GENITIVE:
            return f"полутора {noun.several(case)}"
        return f"{'полторы' if noun.gender is Gender.FEMININE else 'полтора'} {noun.one(Case.GENITIVE)}"
    if units > LARGEST_RUSSIAN_HALF:
        return ""
    said = Case.GENITIVE if case is Case.GENITIVE else Case.NOMINATIVE  # the half makes no difference of persons
    numeral, _, governed = russian.counted(units, noun, said).rpartition(" ")
    return f"{numeral} с половиной {governed}"


def _english_half(units: int, noun: Noun, _case: Case) -> str:
    if units == 0:
        one = noun.one(Case.NOMINATIVE)
        return f"half {'an' if one[0] in 'aeio' or one == 'hour' else 'a'} {one}"
    return f"{english.cardinal(units)} and a half {noun.several(Case.NOMINATIVE)}"
