"""Polish cardinals and what they do to the noun.

One: only 1 itself (21 is `dwadzieścia jeden minut`). Few: 2-4, 22-24... but not 12-14. Many: the rest.
"""

from __future__ import annotations

from pbx.language.grammar import ORDER, Case, Forms, Gender, Noun, Plural, check

ZERO: Forms = ("zero", "zera", "zeru", "zero", "zerem", "zerze")
ONE: dict[Gender, Forms] = {
    Gender.MASCULINE: ("jeden", "jednego", "jednemu", "jeden", "jednym", "jednym"),
    Gender.FEMININE: ("jedna", "jednej", "jednej", "jedną", "jedną", "jednej"),
    Gender.NEUTER: ("jedno", "jednego", "jednemu", "jedno", "jednym", "jednym"),
}
TWO: dict[Gender, Forms] = {
    Gender.MASCULINE: ("dwa", "dwóch", "dwóm", "dwa", "dwoma", "dwóch"),
    Gender.FEMININE: ("dwie", "dwóch", "dwóm", "dwie", "dwiema", "dwóch"),
    Gender.NEUTER: ("dwa", "dwóch", "dwóm", "dwa", "dwoma", "dwóch"),
}
THREE: Forms = ("trzy", "trzech", "trzem", "trzy", "trzema", "trzech")
FOUR: Forms = ("cztery", "czterech", "czterem", "cztery", "czterema", "czterech")


def _even(direct: str, oblique: str, instrumental: str = "") -> Forms:
    return (direct, oblique, oblique, direct, instrumental or oblique, oblique)


UNITS: dict[int, Forms] = {
    3: THREE,
    4: FOUR,
    5: _even("pięć", "pięciu", "pięcioma"),
    6: _even("sześć", "sześciu", "sześcioma"),
    7: _even("siedem", "siedmiu", "siedmioma"),
    8: _even("osiem", "ośmiu", "ośmioma"),
    9: _even("dziewięć", "dziewięciu", "dziewięcioma"),
    10: _even("dziesięć", "dziesięciu", "dziesięcioma"),
    11: _even("jedenaście", "jedenastu", "jedenastoma"),
    12: _even("dwanaście", "dwunastu", "dwunastoma"),
    13: _even("trzynaście", "trzynastu", "trzynastoma"),
    14: _even("czternaście", "czternastu", "czternastoma"),
    15: _even("piętnaście", "piętnastu", "piętnastoma"),
    16: _even("szesnaście", "szesnastu", "szesnastoma"),
    17: _even("siedemnaście", "siedemnastu", "siedemnastoma"),
    18: _even("osiemnaście", "osiemnastu", "osiemnastoma"),
    19: _even("dziewiętnaście", "dziewiętnastu", "dziewiętnastoma"),
}
TENS: dict[int, Forms] = {
    2: _even("dwadzieścia", "dwudziestu", "dwudziestoma"),
    3: _even("trzydzieści", "trzydziestu", "trzydziestoma"),
    4: _even("czterdzieści", "czterdziestu", "czterdziestoma"),
    5: _even("pięćdziesiąt", "pięćdziesięciu", "pięćdziesięcioma"),
    6: _even("sześćdziesiąt", "sześćdziesięciu", "sześćdziesięcioma"),
    7: _even("siedemdziesiąt", "siedemdziesięciu", "siedemdziesięcioma"),
    8: _even("osiemdziesiąt", "osiemdziesięciu", "osiemdziesięcioma"),
    9: _even("dziewięćdziesiąt", "dziewięćdziesięciu", "dziewięćdziesięcioma"),
}
HUNDREDS: dict[int, Forms] = {
    1: _even("sto", "stu"),
    2: _even("dwieście", "dwustu"),
    3: _even("trzysta", "trzystu"),
    4: _even("czterysta", "czterystu"),
    5: _even("pięćset", "pięciuset"),
    6: _even("sześćset", "sześciuset"),
    7: _even("siedemset", "siedmiuset"),
    8: _even("osiemset", "ośmiuset"),
    9: _even("dziewięćset", "dziewięciuset"),
}
THOUSAND = Noun(
    Gender.MASCULINE,
    ("tysiąc", "tysiąca", "tysiącowi", "tysiąc", "tysiącem", "tysiącu"),
    ("tysiące", "tysięcy", "tysiącom", "tysiące", "tysiącami", "tysiącach"),
)

MILLION = Noun(
    Gender.MASCULINE,
    ("milion", "miliona", "milionowi", "milion", "milionem", "milionie"),
    ("miliony", "milionów", "milionom", "miliony", "milionami", "milionach"),
)


def category(number: int) -> Plural:
    """The CLDR plural category."""
    if number == 1:
        return Plural.ONE
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return Plural.FEW
    return Plural.MANY


def cardinal(number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE, person: bool = False) -> str:
    """`number` (0 to 999,999,999) in words; `person` for what counts men: dwóch, pięciu, tysiąc pięciu."""
    check(number)
    words = []
    millions, below = divmod(number, 1_000_000)
    thousands, rest = divmod(below, 1000)
    for count, group in ((millions, MILLION), (thousands, THOUSAND)):
        if count == 1:
            words.append(group.one(case))
        elif count:
            words.append(f"{_below_thousand(count, Gender.MASCULINE, case)} {_form(group, count, case)}")
    if rest or not number:
        if person and number > 1 and case in (Case.NOMINATIVE, Case.ACCUSATIVE):
            case = Case.GENITIVE
        words.append(_below_thousand(rest, gender, case, person=person, alone=number < 1000))
    return " ".join(words)


def counted(number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
    """`number` and the noun that it governs: dwie minuty, pięć minut, około dwóch minut (genitive)."""
    if number == 1 and noun.animate and case is Case.ACCUSATIVE:
        return f"{ONE[noun.gender][ORDER[Case.GENITIVE]]} {noun.one(case)}"
    return f"{cardinal(number, noun.gender, case, noun.person)} {_form(noun, number, case)}"


def _below_thousand(number: int, gender: Gender, case: Case, *, person: bool = False, alone: bool = True) -> str:
    index = ORDER[case]
    if number == 0:
        return ZERO[index]
    if number == 1 and alone:
        return ONE[gender][ORDER[Case.GENITIVE] if person and case is Case.ACCUSATIVE else index]
    words = []
    hundreds, rest = divmod(number, 100)
    if hundreds:
        words.append(HUNDREDS[hundreds][index])
    if rest >= 20:
        words.append(TENS[rest // 10][index])
        rest %= 10
    if rest == 1:
        words.append("jeden")  # after another numeral it keeps this form in every gender and case
    elif rest == 2:
        words.append(TWO[gender][index])
    elif rest:
        words.append(UNITS[rest][index])
    return " ".join(words)


def _form(noun: Noun, number: int, case: Case) -> str:
    if number == 1:
        return noun.one(case)
    if number == 0 or number % 1000 == 0:
        return noun.several(
            Case.GENITIVE
        )  # zero and tysiąc are nouns themselves: they govern the genitive in every case
    if case not in (Case.NOMINATIVE, Case.ACCUSATIVE):
        return noun.several(case)
    if category(number) is Plural.FEW and not noun.person:
        return noun.several(case)
    return noun.several(Case.GENITIVE)
