"""What filters make of a variable's value: a number, an amount, a date, a time of day."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from pbx.config_base import Language
from pbx.language.grammar import LIMIT

Arguments = tuple[str, ...]
DECIMALS = 3  # that are said of a broken number


class FilterError(ValueError):
    """An argument that a filter does not know, or a value that it cannot say."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(f"{text}; {remedy}")
        self.text = text
        self.remedy = remedy


class Formatter(Protocol):
    """Says a value in a language; `written` is for the eye. Raises FilterError for a value that does not fit."""

    def __call__(self, value: object, language: Language, written: bool, /) -> str: ...


def shown(value: object) -> str:
    """A value for an error message."""
    return repr(value)[:40]


def decimal_of(value: object) -> Decimal:
    """A number, from a number or from text with a point or a comma. Raises FilterError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise FilterError(f"{shown(value)} is not a number", "give a number")
    try:
        number = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        raise FilterError(f"{shown(value)} is not a number", "give a number") from None
    if not number.is_finite() or abs(number) >= LIMIT:
        raise FilterError(f"{shown(value)} is too large to be said", f"numbers up to {LIMIT - 1:,} can be said")
    rounded = round(number, DECIMALS)
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded.normalize()


def whole(value: object) -> int:
    """A whole number. Raises FilterError."""
    number = decimal_of(value)
    if number != int(number):
        raise FilterError(f"{shown(value)} is not a whole number", "give a whole number, or round it before")
    return int(number)


def date_of(value: object) -> date:
    """A day, from a date or from text as 2026-11-22, with or without a time. Raises FilterError."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        raise FilterError(f"{shown(value)} is not a date", "give it as 2026-11-22") from None


def time_of(value: object) -> time:
    """A time of day, from a time or from text as 14:30, with or without a date. Raises FilterError."""
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    text = str(value).strip()
    try:
        return time.fromisoformat(text.rjust(5, "0")) if len(text) < 9 else datetime.fromisoformat(text).time()
    except ValueError:
        raise FilterError(f"{shown(value)} is not a time of day", "give it as 14:30") from None


def words_of(arguments: Arguments, *known: type[StrEnum] | tuple[str, ...]) -> set[str]:
    """The arguments, each one of `known`. Raises FilterError."""
    allowed = [str(word) for words in known for word in words]
    for argument in arguments:
        if argument not in allowed:
            raise FilterError(f"{argument!r} is not known here", f"use {', '.join(allowed) or 'no argument'}")
    return set(arguments)
