"""Numbers and counted nouns, word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.config import Language
from pbx.language.grammar import Case, Gender, Plural
from pbx.language.nouns import NOUNS, Counted
from pbx.language.words import GRAMMARS, cardinal, counted, duration, plural_category

MINUTES = [  # the check table of minutes: n, Polish, Russian
    (1, "jedna minuta", "одна минута"),
    (2, "dwie minuty", "две минуты"),
    (5, "pięć minut", "пять минут"),
    (12, "dwanaście minut", "двенадцать минут"),
    (21, "dwadzieścia jeden minut", "двадцать одна минута"),
    (22, "dwadzieścia dwie minuty", "двадцать две минуты"),
    (25, "dwadzieścia pięć minut", "двадцать пять минут"),
    (101, "sto jeden minut", "сто одна минута"),
    (112, "sto dwanaście minut", "сто двенадцать минут"),
]


@pytest.mark.parametrize(("number", "polish", "russian"), MINUTES)
def test_minutes(number: int, polish: str, russian: str) -> None:
    assert counted(number, Counted.MINUTE, "pl") == polish
    assert counted(number, Counted.MINUTE, "ru") == russian


@pytest.mark.parametrize(
    ("language", "number", "what", "case", "words"),
    [
        ("pl", 1, Counted.MINUTE, Case.GENITIVE, "jednej minuty"),
        ("pl", 2, Counted.MINUTE, Case.GENITIVE, "dwóch minut"),
        ("pl", 5, Counted.MINUTE, Case.GENITIVE, "pięciu minut"),
        ("pl", 21, Counted.MINUTE, Case.GENITIVE, "dwudziestu jeden minut"),
        ("pl", 22, Counted.MINUTE, Case.GENITIVE, "dwudziestu dwóch minut"),
        ("pl", 101, Counted.MINUTE, Case.GENITIVE, "stu jeden minut"),
        ("pl", 1, Counted.MINUTE, Case.ACCUSATIVE, "jedną minutę"),
        ("pl", 2, Counted.MINUTE, Case.ACCUSATIVE, "dwie minuty"),
        ("pl", 22, Counted.MINUTE, Case.INSTRUMENTAL, "dwudziestoma dwiema minutami"),
        ("pl", 5, Counted.MINUTE, Case.INSTRUMENTAL, "pięcioma minutami"),
        ("pl", 3, Counted.PERSON, Case.DATIVE, "trzem osobom"),
        ("pl", 2, Counted.CALL, Case.NOMINATIVE, "dwa połączenia"),
        ("pl", 5, Counted.CALL, Case.NOMINATIVE, "pięć połączeń"),
        ("pl", 1, Counted.CALL, Case.NOMINATIVE, "jedno połączenie"),
        ("pl", 0, Counted.MINUTE, Case.NOMINATIVE, "zero minut"),
        ("pl", 0, Counted.MINUTE, Case.GENITIVE, "zera minut"),
        ("pl", 1000, Counted.CALL, Case.NOMINATIVE, "tysiąc połączeń"),
        ("pl", 1000, Counted.CALL, Case.DATIVE, "tysiącowi połączeń"),
        ("pl", 2002, Counted.MINUTE, Case.NOMINATIVE, "dwa tysiące dwie minuty"),
        ("pl", 1001, Counted.MINUTE, Case.NOMINATIVE, "tysiąc jeden minut"),
        ("ru", 1, Counted.MINUTE, Case.GENITIVE, "одной минуты"),
        ("ru", 2, Counted.MINUTE, Case.GENITIVE, "двух минут"),
        ("ru", 5, Counted.MINUTE, Case.GENITIVE, "пяти минут"),
        ("ru", 21, Counted.MINUTE, Case.GENITIVE, "двадцати одной минуты"),
        ("ru", 40, Counted.MINUTE, Case.GENITIVE, "сорока минут"),
        ("ru", 101, Counted.MINUTE, Case.GENITIVE, "ста одной минуты"),
        ("ru", 1, Counted.MINUTE, Case.ACCUSATIVE, "одну минуту"),
        ("ru", 2, Counted.MINUTE, Case.ACCUSATIVE, "две минуты"),
        ("ru", 21, Counted.MINUTE, Case.ACCUSATIVE, "двадцать одну минуту"),
        ("ru", 50, Counted.MINUTE, Case.INSTRUMENTAL, "пятьюдесятью минутами"),
        ("ru", 2, Counted.PERSON, Case.NOMINATIVE, "два человека"),
        ("ru", 5, Counted.PERSON, Case.NOMINATIVE, "пять человек"),
        ("ru", 2, Counted.PERSON, Case.ACCUSATIVE, "двух человек"),
        ("ru", 21, Counted.PERSON, Case.ACCUSATIVE, "двадцать одного человека"),
        ("ru", 22, Counted.PERSON, Case.ACCUSATIVE, "двадцать два человека"),
        ("ru", 1, Counted.CALL, Case.NOMINATIVE, "один звонок"),
        ("ru", 3, Counted.HOUR, Case.NOMINATIVE, "три часа"),
        ("ru", 2000, Counted.CALL, Case.NOMINATIVE, "две тысячи звонков"),
        ("ru", 2000, Counted.CALL, Case.DATIVE, "двум тысячам звонков"),
        ("ru", 0, Counted.MINUTE, Case.NOMINATIVE, "ноль минут"),
        ("en", 1, Counted.PERSON, Case.NOMINATIVE, "one person"),
        ("en", 112, Counted.MINUTE, Case.NOMINATIVE, "one hundred and twelve minutes"),
    ],
)
def test_counted_in_every_case(language: Language, number: int, what: Counted, case: Case, words: str) -> None:
    assert counted(number, what, language, case) == words


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("pl", 0, "zero"),
        ("pl", 111, "sto jedenaście"),
        ("pl", 567, "pięćset sześćdziesiąt siedem"),
        ("pl", 1_000, "tysiąc"),
        ("pl", 5_000, "pięć tysięcy"),
        ("pl", 22_000, "dwadzieścia dwa tysiące"),
        ("pl", 21_001, "dwadzieścia jeden tysięcy jeden"),
        ("pl", 999_999, "dziewięćset dziewięćdziesiąt dziewięć tysięcy dziewięćset dziewięćdziesiąt dziewięć"),
        ("ru", 0, "ноль"),
        ("ru", 90, "девяносто"),
        ("ru", 345, "триста сорок пять"),
        ("ru", 1_000, "тысяча"),
        ("ru", 1_001, "тысяча один"),
        ("ru", 21_000, "двадцать одна тысяча"),
        ("ru", 15_000, "пятнадцать тысяч"),
        ("en", 45, "forty-five"),
        ("en", 300, "three hundred"),
        ("en", 1_001, "one thousand and one"),
        ("en", 12_345, "twelve thousand three hundred and forty-five"),
    ],
)
def test_cardinals(language: Language, number: int, words: str) -> None:
    assert cardinal(number, language) == words


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case.NOMINATIVE, "двести тридцать четыре"),
        (Case.GENITIVE, "двухсот тридцати четырёх"),
        (Case.DATIVE, "двумстам тридцати четырём"),
        (Case.ACCUSATIVE, "двести тридцать четыре"),
        (Case.INSTRUMENTAL, "двумястами тридцатью четырьмя"),
        (Case.LOCATIVE, "двухстах тридцати четырёх"),
    ],
)
def test_every_part_of_a_russian_numeral_declines(case: Case, words: str) -> None:
    assert cardinal(234, "ru", case=case) == words


def test_polish_counts_men_apart() -> None:
    polish = GRAMMARS["pl"]
    said = [polish.cardinal(number, Gender.MASCULINE, Case.NOMINATIVE, True) for number in (1, 2, 3, 5, 21, 100)]
    assert said == ["jeden", "dwóch", "trzech", "pięciu", "dwudziestu jeden", "stu"]
    assert polish.cardinal(1, Gender.MASCULINE, Case.ACCUSATIVE, True) == "jednego"


def test_plural_categories_follow_cldr() -> None:
    polish = {number: plural_category(number, "pl") for number in range(200)}
    russian = {number: plural_category(number, "ru") for number in range(200)}
    assert [number for number, plural in polish.items() if plural is Plural.ONE] == [1]
    assert {number for number, plural in russian.items() if plural is Plural.ONE} == {
        1, 21, 31, 41, 51, 61, 71, 81, 91, 101, 121, 131, 141, 151, 161, 171, 181, 191
    }  # fmt: skip
    for table in (polish, russian):
        assert [number for number, plural in table.items() if plural is Plural.FEW][:9] == [
            2,
            3,
            4,
            22,
            23,
            24,
            32,
            33,
            34,
        ]
        assert table[112] is table[113] is table[114] is table[11] is Plural.MANY
    assert polish[21] is polish[101] is Plural.MANY
    assert [plural_category(number, "en") for number in (0, 1, 2)] == [Plural.OTHER, Plural.ONE, Plural.OTHER]


@pytest.mark.parametrize(
    ("seconds", "language", "case", "words"),
    [
        (0, "en", Case.NOMINATIVE, "zero seconds"),
        (61, "en", Case.NOMINATIVE, "one minute one second"),
        (7325, "pl", Case.NOMINATIVE, "dwie godziny dwie minuty pięć sekund"),
        (7325, "pl", Case.GENITIVE, "dwóch godzin dwóch minut pięciu sekund"),
        (3600, "ru", Case.ACCUSATIVE, "один час"),
        (7260, "ru", Case.NOMINATIVE, "два часа одна минута"),
    ],
)
def test_durations(seconds: int, language: Language, case: Case, words: str) -> None:
    assert duration(seconds, language, case) == words


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_numbers_that_cannot_be_said_are_refused(language: Language) -> None:
    for number in (-1, 1_000_000_000):
        with pytest.raises(ValueError, match="0 to 999,999,999"):
            cardinal(number, language)
    with pytest.raises(ValueError, match="not negative"):
        duration(-1, language)


@given(st.integers(0, 999_999_999), st.sampled_from(["pl", "ru", "en"]), st.sampled_from(Case), st.sampled_from(Gender))
def test_every_number_has_words_and_no_two_share_them(
    number: int, language: Language, case: Case, gender: Gender
) -> None:
    words = cardinal(number, language, gender=gender, case=case)
    assert words == " ".join(words.split())
    assert not any(mark.isdigit() for mark in words)
    assert words != cardinal((number + 1) % 1_000_000, language, gender=gender, case=case)


@given(
    st.integers(0, 999_999_999), st.sampled_from(["pl", "ru", "en"]), st.sampled_from(Counted), st.sampled_from(Case)
)
def test_the_noun_agrees_in_form(number: int, language: Language, what: Counted, case: Case) -> None:
    words = counted(number, what, language, case)
    noun = NOUNS[language][what]
    assert words.split()[-1] in {*noun.singular, *noun.plural}
