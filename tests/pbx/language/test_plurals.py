"""Every number from 0 to 9,999 against the plural rules of CLDR, which are written here a second time."""

from __future__ import annotations

import pytest

from pbx.config import Language
from pbx.language.grammar import Case, Noun
from pbx.language.nouns import NOUNS, Counted
from pbx.language.words import GRAMMARS, cardinal, plural_category

HIGHEST = 9_999


def cldr(number: int, language: Language) -> str:
    """The category as CLDR 46 writes it, for whole numbers (v = 0)."""
    tens, units = number % 100, number % 10
    if language == "en":
        return "one" if number == 1 else "other"
    few = units in range(2, 5) and tens not in range(12, 15)
    one = number == 1 if language == "pl" else units == 1 and tens != 11
    return "one" if one else "few" if few else "many"


def wanted_noun(number: int, noun: Noun, language: Language) -> str:
    """The noun's form in the nominative."""
    category = cldr(number, language)
    if category == "one":
        return noun.singular[0]
    if language == "en":
        return noun.plural[0]
    if category == "few" and not (language == "pl" and noun.person):
        return noun.plural[0] if language == "pl" else noun.few or noun.singular[1]
    return noun.plural[1]


def wanted_last(number: int, noun: Noun, language: Language) -> set[str]:
    """The numeral's last word, where the gender shows in it; empty elsewhere."""
    gender = noun.gender.value[0]
    if number % 10 not in (1, 2) or number % 100 in (11, 12):
        return set()
    if language == "ru":
        return {{"m": ("один", "два"), "f": ("одна", "две"), "n": ("одно", "два")}[gender][number % 10 - 1]}
    if number == 1:
        return {{"m": "jeden", "f": "jedna", "n": "jedno"}[gender]}
    if number % 10 == 1:
        return {"jeden"}
    return {"dwóch" if noun.person else "dwie" if gender == "f" else "dwa"}


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_categories(language: Language) -> None:
    for number in range(HIGHEST + 1):
        assert plural_category(number, language) == cldr(number, language), number


@pytest.mark.parametrize("what", [Counted.MINUTE, Counted.DAY, Counted.PLACE, Counted.CUSTOMER, Counted.YEAR])
@pytest.mark.parametrize("language", ["pl", "ru"])
def test_noun_and_numeral_agree(language: Language, what: Counted) -> None:
    noun, counted = NOUNS[language][what], GRAMMARS[language].counted
    for number in range(HIGHEST + 1):
        *numeral, form = counted(number, noun).split()
        assert form == wanted_noun(number, noun, language), number
        last = wanted_last(number, noun, language)
        assert not last or numeral[-1] in last, number


@pytest.mark.parametrize("language", ["pl", "ru"])
def test_oblique_cases_have_the_plural_of_their_case(language: Language) -> None:
    """But after one, and after thousands, which are nouns themselves and govern the genitive."""
    noun, counted = NOUNS[language][Counted.MINUTE], GRAMMARS[language].counted
    for case, at in ((Case.GENITIVE, 1), (Case.DATIVE, 2), (Case.INSTRUMENTAL, 4), (Case.LOCATIVE, 5)):
        for number in range(HIGHEST + 1):
            form = counted(number, noun, case).rpartition(" ")[2]
            if number % 1000 == 0:
                assert form == noun.plural[1], number
            elif cldr(number, language) == "one":
                assert form == noun.singular[at], number
            else:
                assert form == noun.plural[at], number


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_no_two_numbers_sound_the_same(language: Language) -> None:
    said = {cardinal(number, language) for number in range(HIGHEST + 1)}
    assert len(said) == HIGHEST + 1


def test_every_noun_has_all_its_forms() -> None:
    for language, table in NOUNS.items():
        assert set(table) == set(Counted), language
        for what, noun in table.items():
            assert all((*noun.singular, *noun.plural)), (language, what)
