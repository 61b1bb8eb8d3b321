"""Russian ordinals: only the last word declines, after unchanged cardinals (двадцать первого)."""

from __future__ import annotations

from pbx.language.grammar import ORDER, Case, Forms, Gender, check
from pbx.language.russian import cardinal

_Endings = dict[str, Forms]  # by the first letter of the gender, "p" for the plural

PLAIN: _Endings = {
    "m": ("ый", "ого", "ому", "ый", "ым", "ом"),
    "f": ("ая", "ой", "ой", "ую", "ой", "ой"),
    "n": ("ое", "ого", "ому", "ое", "ым", "ом"),
    "p": ("ые", "ых", "ым", "ые", "ыми", "ых"),
}
STRESSED: _Endings = {**PLAIN, "m": ("ой", "ого", "ому", "ой", "ым", "ом")}
TRETIY: _Endings = {
    "m": ("ий", "ьего", "ьему", "ий", "ьим", "ьем"),
    "f": ("ья", "ьей", "ьей", "ью", "ьей", "ьей"),
    "n": ("ье", "ьего", "ьему", "ье", "ьим", "ьем"),
    "p": ("ьи", "ьих", "ьим", "ьи", "ьими", "ьих"),
}
ENDINGS = dict.fromkeys((0, 2, 6, 7, 8, 40), STRESSED) | {3: TRETIY}

STEMS = {
    0: "нулев",
    1: "перв",
    2: "втор",
    3: "трет",
    4: "четвёрт",
    5: "пят",
    6: "шест",
    7: "седьм",
    8: "восьм",
    9: "девят",
    10: "десят",
    11: "одиннадцат",
    12: "двенадцат",
    13: "тринадцат",
    14: "четырнадцат",
    15: "пятнадцат",
    16: "шестнадцат",
    17: "семнадцат",
    18: "восемнадцат",
    19: "девятнадцат",
    20: "двадцат",
    30: "тридцат",
    40: "сороков",
    50: "пятидесят",
    60: "шестидесят",
    70: "семидесят",
    80: "восьмидесят",
    90: "девяност",
    100: "сот",
    200: "двухсот",
    300: "трёхсот",
    400: "четырёхсот",
    500: "пятисот",
    600: "шестисот",
    700: "семисот",
    800: "восьмисот",
    900: "девятисот",
}
JOINED = {1: "одно", 90: "девяносто", 100: "сто"}  # in front of -тысячный; the others stand in the genitive


def ordinal(
    number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE, *, plural: bool = False
) -> str:
    """`number` (0 to 999,999,999) as an ordinal: первая, двадцать второго, двухтысячный."""
    check(number)
    form = ("p" if plural else gender.value[0], ORDER[case])
    thousands, rest = divmod(number, 1000)
    if rest or not number:
        last = rest if rest < 20 else rest % 100
        if last >= 20 and last % 10:
            last %= 10
        last = last or rest
        before, words = number - last, STEMS[last] + ENDINGS.get(last, PLAIN)[form[0]][form[1]]
    elif thousands % 1000:
        before, words = number // 1_000_000 * 1_000_000, _round(thousands % 1000, "тысячн", form)
    else:
        before, words = 0, _round(thousands // 1000, "миллионн", form)
    return f"{cardinal(before)} {words}" if before else words


def _round(count: int, stem: str, form: tuple[str, int]) -> str:
    """Whole thousands or millions are one word: двадцатиоднотысячный."""
    hundreds, rest = count // 100 * 100, count % 100
    parts = [hundreds, rest] if rest <= 20 else [hundreds, rest // 10 * 10, rest % 10]
    joined = "" if count == 1 else "".join(_joined(part) for part in parts if part)
    return joined + stem + PLAIN[form[0]][form[1]]


def _joined(number: int) -> str:
    return JOINED.get(number) or cardinal(number, case=Case.GENITIVE)
