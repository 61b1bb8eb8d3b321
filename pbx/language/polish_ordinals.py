"""Polish ordinals: tens and units both decline (dwudziestego pierwszego), after unchanged cardinals."""

from __future__ import annotations

from pbx.language.grammar import ORDER, Case, Forms, Gender, check
from pbx.language.polish import cardinal

_Endings = dict[str, Forms]  # by the first letter of the gender, "p" for the plural of things

HARD: _Endings = {
    "m": ("y", "ego", "emu", "y", "ym", "ym"),
    "f": ("a", "ej", "ej", "ą", "ą", "ej"),
    "n": ("e", "ego", "emu", "e", "ym", "ym"),
    "p": ("e", "ych", "ym", "e", "ymi", "ych"),
}
DRUGI: _Endings = {
    "m": ("i", "iego", "iemu", "i", "im", "im"),
    "f": ("a", "iej", "iej", "ą", "ą", "iej"),
    "n": ("ie", "iego", "iemu", "ie", "im", "im"),
    "p": ("ie", "ich", "im", "ie", "imi", "ich"),
}
TRZECI: _Endings = {**DRUGI, "f": ("ia", "iej", "iej", "ią", "ią", "iej")}

STEMS = {
    0: "zerow",
    1: "pierwsz",
    2: "drug",
    3: "trzec",
    4: "czwart",
    5: "piąt",
    6: "szóst",
    7: "siódm",
    8: "ósm",
    9: "dziewiąt",
    10: "dziesiąt",
    11: "jedenast",
    12: "dwunast",
    13: "trzynast",
    14: "czternast",
    15: "piętnast",
    16: "szesnast",
    17: "siedemnast",
    18: "osiemnast",
    19: "dziewiętnast",
    20: "dwudziest",
    30: "trzydziest",
    40: "czterdziest",
    50: "pięćdziesiąt",
    60: "sześćdziesiąt",
    70: "siedemdziesiąt",
    80: "osiemdziesiąt",
    90: "dziewięćdziesiąt",
    100: "setn",
    200: "dwusetn",
    300: "trzechsetn",
    400: "czterechsetn",
    500: "pięćsetn",
    600: "sześćsetn",
    700: "siedemsetn",
    800: "osiemsetn",
    900: "dziewięćsetn",
}
JOINED = {  # in front of -tysięczny and -milionowy
    1: "jedno",
    2: "dwu",
    3: "trzy",
    4: "cztero",
    5: "pięcio",
    6: "sześcio",
    7: "siedmio",
    8: "ośmio",
    9: "dziewięcio",
    10: "dziesięcio",
    50: "pięćdziesięcio",
    60: "sześćdziesięcio",
    70: "siedemdziesięcio",
    80: "osiemdziesięcio",
    90: "dziewięćdziesięcio",
    100: "stu",
    200: "dwustu",
    300: "trzystu",
    400: "czterystu",
    500: "pięćset",
    600: "sześćset",
    700: "siedemset",
    800: "osiemset",
    900: "dziewięćset",
}


def ordinal(
    number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE, *, plural: bool = False
) -> str:
    """`number` (0 to 999,999,999) as an ordinal: pierwsza, dwudziestego drugiego, dwutysięczny."""
    check(number)
    form = ("p" if plural else gender.value[0], ORDER[case])
    thousands, rest = divmod(number, 1000)
    if rest or not number:
        before, words = number - rest, _below_thousand(rest, form)
    elif thousands % 1000:
        before, words = number // 1_000_000 * 1_000_000, _round(thousands % 1000, "tysięczn", form)
    else:
        before, words = 0, _round(thousands // 1000, "milionow", form)
    return f"{cardinal(before)} {words}" if before else words


def _below_thousand(number: int, form: tuple[str, int]) -> str:
    hundreds, rest = number // 100 * 100, number % 100
    if not rest:
        return _declined(hundreds, form)
    words = [cardinal(hundreds)] if hundreds else []
    if rest > 20 and rest % 10:
        words += [_declined(rest // 10 * 10, form), _declined(rest % 10, form)]
    else:
        words.append(_declined(rest, form))
    return " ".join(words)


def _declined(number: int, form: tuple[str, int]) -> str:
    endings = {2: DRUGI, 3: TRZECI}.get(number, HARD)
    return STEMS[number] + endings[form[0]][form[1]]


def _round(count: int, stem: str, form: tuple[str, int]) -> str:
    """Whole thousands or millions are one word: dwudziestojednotysięczny."""
    hundreds, rest = count // 100 * 100, count % 100
    parts = [hundreds, rest] if rest <= 20 else [hundreds, rest // 10 * 10, rest % 10]
    joined = "" if count == 1 else "".join(JOINED.get(part, STEMS[part] + "o") for part in parts if part)
    return joined + stem + HARD[form[0]][form[1]]
