"""English cardinals, the British way: one hundred and one."""

from __future__ import annotations

from pbx.language.grammar import Case, Gender, Noun, Plural, check

UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def category(number: int) -> Plural:
    """The CLDR plural category."""
    return Plural.ONE if number == 1 else Plural.OTHER


def cardinal(number: int, gender: Gender = Gender.NEUTER, case: Case = Case.NOMINATIVE, person: bool = False) -> str:
    """`number` (0 to 999,999,999) in words; gender, case and person change nothing (the common signature)."""
    del gender, case, person
    check(number)
    millions, below = divmod(number, 1_000_000)
    thousands, rest = divmod(below, 1000)
    words = []
    if millions:
        words.append(f"{_below_thousand(millions)} million")
    if thousands:
        words.append(f"{_below_thousand(thousands)} thousand")
    if rest or not number:
        words.append(f"and {_below_thousand(rest)}" if words and rest < 100 else _below_thousand(rest))
    return " ".join(words)


def counted(number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
    """`number` and the noun: one minute, two minutes."""
    return f"{cardinal(number)} {noun.one(case) if number == 1 else noun.several(case)}"


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = UNITS[rest] if rest < 20 else TENS[rest // 10] + (f"-{UNITS[rest % 10]}" if rest % 10 else "")
    if not hundreds:
        return words
    return f"{UNITS[hundreds]} hundred and {words}" if rest else f"{UNITS[hundreds]} hundred"
