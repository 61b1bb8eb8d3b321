"""Russian cardinals and what they do to the noun.

One: 1, 21, 101... but not 11. Few: 2-4, 22-24... but not 12-14, with the noun in the genitive singular. Many: the rest.
"""

from __future__ import annotations

from pbx.language.grammar import ORDER, Case, Forms, Gender, Noun, Plural, check

ZERO: Forms = ("ноль", "ноля", "нолю", "ноль", "нолём", "ноле")
ONE: dict[Gender, Forms] = {
    Gender.MASCULINE: ("один", "одного", "одному", "один", "одним", "одном"),
    Gender.FEMININE: ("одна", "одной", "одной", "одну", "одной", "одной"),
    Gender.NEUTER: ("одно", "одного", "одному", "одно", "одним", "одном"),
}
TWO: dict[Gender, Forms] = {
    Gender.MASCULINE: ("два", "двух", "двум", "два", "двумя", "двух"),
    Gender.FEMININE: ("две", "двух", "двум", "две", "двумя", "двух"),
    Gender.NEUTER: ("два", "двух", "двум", "два", "двумя", "двух"),
}


def _soft(direct: str, oblique: str, instrumental: str) -> Forms:
    return (direct, oblique, oblique, direct, instrumental, oblique)


def _teen(stem: str) -> Forms:
    return _soft(f"{stem}ь", f"{stem}и", f"{stem}ью")


UNITS: dict[int, Forms] = {
    3: ("три", "трёх", "трём", "три", "тремя", "трёх"),
    4: ("четыре", "четырёх", "четырём", "четыре", "четырьмя", "четырёх"),
    5: _soft("пять", "пяти", "пятью"),
    6: _soft("шесть", "шести", "шестью"),
    7: _soft("семь", "семи", "семью"),
    8: _soft("восемь", "восьми", "восемью"),
    9: _soft("девять", "девяти", "девятью"),
    10: _soft("десять", "десяти", "десятью"),
    11: _teen("одиннадцат"),
    12: _teen("двенадцат"),
    13: _teen("тринадцат"),
    14: _teen("четырнадцат"),
    15: _teen("пятнадцат"),
    16: _teen("шестнадцат"),
    17: _teen("семнадцат"),
    18: _teen("восемнадцат"),
    19: _teen("девятнадцат"),
}
TENS: dict[int, Forms] = {
    2: _teen("двадцат"),
    3: _teen("тридцат"),
    4: _soft("сорок", "сорока", "сорока"),
    5: _soft("пятьдесят", "пятидесяти", "пятьюдесятью"),
    6: _soft("шестьдесят", "шестидесяти", "шестьюдесятью"),
    7: _soft("семьдесят", "семидесяти", "семьюдесятью"),
    8: _soft("восемьдесят", "восьмидесяти", "восемьюдесятью"),
    9: _soft("девяносто", "девяноста", "девяноста"),
}


def _hundred(direct: str, genitive: str, dative: str, instrumental: str, locative: str) -> Forms:
    """The numeral in front declines as well: двум-стам, двумя-стами, двух-стах."""
    return (direct, f"{genitive}сот", f"{dative}стам", direct, f"{instrumental}стами", f"{locative}стах")


HUNDREDS: dict[int, Forms] = {
    1: _soft("сто", "ста", "ста"),
    2: _hundred("двести", "двух", "двум", "двумя", "двух"),
    3: _hundred("триста", "трёх", "трём", "тремя", "трёх"),
    4: _hundred("четыреста", "четырёх", "четырём", "четырьмя", "четырёх"),
    5: _hundred("пятьсот", "пяти", "пяти", "пятью", "пяти"),
    6: _hundred("шестьсот", "шести", "шести", "шестью", "шести"),
    7: _hundred("семьсот", "семи", "семи", "семью", "семи"),
    8: _hundred("восемьсот", "восьми", "восьми", "восемью", "восьми"),
    9: _hundred("девятьсот", "девяти", "девяти", "девятью", "девяти"),
}
THOUSAND = Noun(
    Gender.FEMININE,
    ("тысяча", "тысячи", "тысяче", "тысячу", "тысячей", "тысяче"),
    ("тысячи", "тысяч", "тысячам", "тысячи", "тысячами", "тысячах"),
)

MILLION = Noun(
    Gender.MASCULINE,
    ("миллион", "миллиона", "миллиону", "миллион", "миллионом", "миллионе"),
    ("миллионы", "миллионов", "миллионам", "миллионы", "миллионами", "миллионах"),
)


def category(number: int) -> Plural:
    """The CLDR plural category."""
    if number % 10 == 1 and number % 100 != 11:
        return Plural.ONE
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return Plural.FEW
    return Plural.MANY


def cardinal(number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE, person: bool = False) -> str:
    """`number` (0 to 999,999,999) in words; `person` for animate nouns, whose accusative of 1-4 is the genitive."""
    check(number)
    words = []
    millions, below = divmod(number, 1_000_000)
    thousands, rest = divmod(below, 1000)
    for count, group in ((millions, MILLION), (thousands, THOUSAND)):
        if count == 1:
            words.append(group.one(case))
        elif count:
            words.append(f"{_below_thousand(count, group.gender, case)} {_form(group, count, case)}")
    if rest or not number:
        animate = person and case is Case.ACCUSATIVE
        like_genitive = animate and (
            number in (2, 3, 4) or (category(rest) is Plural.ONE and gender is Gender.MASCULINE)
        )
        words.append(_below_thousand(rest, gender, case, last=Case.GENITIVE if like_genitive else case))
    return " ".join(words)


def counted(number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
    """`number` and the noun that it governs: две минуты, пять минут, около двух минут (genitive)."""
    return f"{cardinal(number, noun.gender, case, noun.person)} {_form(noun, number, case)}"


def _below_thousand(number: int, gender: Gender, case: Case, *, last: Case | None = None) -> str:
    index = ORDER[case]
    unit = ORDER[last or case]
    if number == 0:
        return ZERO[index]
    words = []
    hundreds, rest = divmod(number, 100)
    if hundreds:
        words.append(HUNDREDS[hundreds][index])
    if rest >= 20:
        words.append(TENS[rest // 10][index])
        rest %= 10
    if rest == 1:
        words.append(ONE[gender][unit])
    elif rest == 2:
        words.append(TWO[gender][unit])
    elif rest:
        words.append(UNITS[rest][unit])
    return " ".join(words)


def _form(noun: Noun, number: int, case: Case) -> str:
    if number == 0 or number % 1000 == 0:
        return noun.several(
            Case.GENITIVE
        )  # ноль and тысяча are nouns themselves: they govern the genitive in every case
    plural = category(number)
    if plural is Plural.ONE:
        accusative_person = noun.person and case is Case.ACCUSATIVE and noun.gender is Gender.MASCULINE
        return noun.one(Case.GENITIVE if accusative_person else case)
    if case not in (Case.NOMINATIVE, Case.ACCUSATIVE):
        return noun.several(case)
    if plural is Plural.FEW and not (noun.person and case is Case.ACCUSATIVE and number in (2, 3, 4)):
        return noun.few or noun.one(Case.GENITIVE)
    return noun.several(Case.GENITIVE)
