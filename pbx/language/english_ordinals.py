"""English ordinals: the last word of the cardinal changes."""

from __future__ import annotations

from pbx.language.english import cardinal
from pbx.language.grammar import Case, Gender

IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def ordinal(number: int, gender: Gender = Gender.NEUTER, case: Case = Case.NOMINATIVE, *, plural: bool = False) -> str:
    """`number` (0 to 999,999,999) as an ordinal; the rest is the common signature and changes nothing."""
    del gender, case, plural
    words = cardinal(number)
    at = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[at:]
    changed = IRREGULAR.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return words[:at] + changed
