"""The words of grammar that the three languages share: cases, genders, plural categories, and a noun's forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LIMIT = 1_000_000  # cardinals are known below it


class Case(StrEnum):
    NOMINATIVE = "nominative"
    GENITIVE = "genitive"
    DATIVE = "dative"
    ACCUSATIVE = "accusative"
    INSTRUMENTAL = "instrumental"
    LOCATIVE = "locative"  # the Russian prepositional


class Gender(StrEnum):
    MASCULINE = "masculine"
    FEMININE = "feminine"
    NEUTER = "neuter"


class Plural(StrEnum):
    """CLDR categories of whole numbers."""

    ONE = "one"
    FEW = "few"
    MANY = "many"
    OTHER = "other"


Forms = tuple[str, str, str, str, str, str]  # one word in the order of Case


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun that is counted. `person`: counts like people do (the Polish masculine personal, the Russian animate)."""

    gender: Gender
    singular: Forms
    plural: Forms
    person: bool = False

    def one(self, case: Case) -> str:
        return self.singular[ORDER[case]]

    def several(self, case: Case) -> str:
        return self.plural[ORDER[case]]


ORDER = {case: index for index, case in enumerate(Case)}


def check(number: int) -> None:
    """ValueError for a number whose words are not known."""
    if not 0 <= number < LIMIT:
        raise ValueError(f"numbers from 0 to {LIMIT - 1:,} can be said, not {number}")
