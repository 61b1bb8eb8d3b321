"""The nouns that announcements count, found by an English key or by their own first form in any language."""

from __future__ import annotations

from enum import StrEnum

from pbx.config_base import Language
from pbx.language.english_nouns import ENGLISH
from pbx.language.grammar import Case, Forms, Gender, Noun
from pbx.language.polish_nouns import POLISH
from pbx.language.russian_nouns import RUSSIAN


class Counted(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    PERSON = "person"
    CUSTOMER = "customer"
    AGENT = "agent"
    CALL = "call"
    MESSAGE = "message"
    ORDER = "order"
    PARCEL = "parcel"
    INVOICE = "invoice"
    PRODUCT = "product"
    PIECE = "piece"
    REQUEST = "request"
    QUESTION = "question"
    ATTEMPT = "attempt"
    VISIT = "visit"
    PLACE = "place"
    POINT = "point"
    METRE = "metre"
    KILOMETRE = "kilometre"
    KILOGRAM = "kilogram"
    PERCENT = "percent"


NOUNS: dict[Language, dict[Counted, Noun]] = {
    "pl": {Counted(key): noun for key, noun in POLISH.items()},
    "ru": {Counted(key): noun for key, noun in RUSSIAN.items()},
    "en": {Counted(key): noun for key, noun in ENGLISH.items()},
}
BY_WORD: dict[str, Counted] = {
    word: key for table in NOUNS.values() for key, noun in table.items() for word in (key.value, noun.singular[0])
}


def own_noun(forms: list[str], gender: Gender) -> Noun:
    """A noun that the writer of a text gives by what stands after 1, 2 and 5: paczka, paczki, paczek.

    Two forms are enough for English. It is counted in the nominative only.
    """
    one, few, many = forms[0], forms[1], forms[-1]
    singular: Forms = (one, few, one, one, one, one)
    plural: Forms = (few, many, few, few, few, few)
    return Noun(gender, singular, plural, few=few)


def after_fraction(noun: Noun) -> str:
    """What stands after a broken number in Polish and Russian: the genitive singular (две с половиной минуты)."""
    return noun.one(Case.GENITIVE)
