"""The words of grammar that the three languages share: cases, genders, plural categories, and a noun's forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LIMIT = 1_000_000_000  # cardinals are known below it


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
    """A noun that is counted. `person`: counts like people do (the Polish masculine personal, the Russian animate).

    `animate`: Polish masculine that is no man but declines like one in the singular, as the names of currencies do:
    jednego złotego, dwa złote. `few`: what Russian says after 2 to 4 where it is no genitive singular: два злотых.
    """

    gender: Gender
    singular: Forms
    plural: Forms
    person: bool = False
    animate: bool = False
    few: str = ""

    def one(self, case: Case) -> str:
        return self.singular[ORDER[case]]

    def several(self, case: Case) -> str:
        return self.plural[ORDER[case]]


ORDER = {case: index for index, case in enumerate(Case)}


def check(number: int) -> None:
    """ValueError for a number whose words are not known."""
    if not 0 <= number < LIMIT:
        raise ValueError(f"numbers from 0 to {LIMIT - 1:,} can be said, not {number}")


def noun(
    gender: str, singular: str, plural: str, *, person: bool = False, animate: bool = False, few: str = ""
) -> Noun:
    """A noun written compactly: gender by its first letter, six forms in the order of Case, one form if it has one."""
    genders = {"m": Gender.MASCULINE, "f": Gender.FEMININE, "n": Gender.NEUTER}
    return Noun(genders[gender], _forms(singular), _forms(plural), person, animate, few)


def _forms(text: str) -> Forms:
    words = text.split()
    if len(words) == 1:
        words *= 6
    nominative, genitive, dative, accusative, instrumental, locative = words
    return (nominative, genitive, dative, accusative, instrumental, locative)
