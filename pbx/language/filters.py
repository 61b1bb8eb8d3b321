"""The filters of templates: how a value is said. Arguments are read once, when the template is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal

from pbx.config_base import Language
from pbx.language import calendar, spelling
from pbx.language.currencies import CODES
from pbx.language.decimals import BROKEN_CASES, MINUS, counted_decimal, decimal_words
from pbx.language.english_ordinals import ordinal as english_ordinal
from pbx.language.grammar import Case, Gender, Noun
from pbx.language.money import money, money_written
from pbx.language.nouns import BY_WORD, NOUNS, Counted, own_noun
from pbx.language.polish_ordinals import ordinal as polish_ordinal
from pbx.language.russian_ordinals import ordinal as russian_ordinal
from pbx.language.values import (
    Arguments,
    FilterError,
    Formatter,
    date_of,
    decimal_of,
    shown,
    time_of,
    whole,
    words_of,
)
from pbx.language.words import GRAMMARS, cardinal, duration

__all__ = ["FILTERS", "FilterError", "Formatter", "plain"]

Maker = Callable[[Arguments], Formatter]

ORDINALS = {"pl": polish_ordinal, "ru": russian_ordinal, "en": english_ordinal}
YES_NO: dict[Language, tuple[str, str]] = {"pl": ("tak", "nie"), "ru": ("да", "нет"), "en": ("yes", "no")}
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plain(value: object, language: Language, written: bool, /) -> str:
    """A value without a filter: texts as they are, numbers in words, yes and no, lists one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return YES_NO[language][0 if value else 1]
    if isinstance(value, (int, float, Decimal)):
        return _number(())(value, language, written)
    if isinstance(value, list):
        return ", ".join(plain(entry, language, written) for entry in value)
    raise FilterError(f"a {type(value).__name__} cannot be said", "name a value inside of it")


def _case(words: Iterable[str], default: Case = Case.NOMINATIVE) -> Case:
    return next((case for case in Case if case in words), default)


def _figures(number: Decimal, language: Language) -> str:
    return f"{number:f}" if language == "en" else f"{number:f}".replace(".", ",")


def _signed(number: Decimal, language: Language, words: str) -> str:
    return f"{MINUS[language]} {words}" if number < 0 else words


def _number(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, Gender)
    case = _case(words)
    gender = next((gender for gender in Gender if gender in words), Gender.MASCULINE)

    def said(value: object, language: Language, written: bool, /) -> str:
        number = decimal_of(value)
        if written:
            return _figures(number, language)
        size = abs(number)
        spoken = (
            cardinal(int(size), language, gender=gender, case=case)
            if size == int(size)
            else decimal_words(size, language)
        )
        return _signed(number, language, spoken)

    return said


def _ordinal(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, Gender, ("plural",))
    case = _case(words)
    gender = next((gender for gender in Gender if gender in words), Gender.MASCULINE)

    def said(value: object, language: Language, written: bool, /) -> str:
        number = whole(value)
        if number < 0:
            raise FilterError(f"{number} has no ordinal", "give a number from 0")
        spoken = ORDINALS[language](number, gender, case, plural="plural" in words)
        if not written:
            return spoken
        return f"{number}{_ordinal_ending(number, language, spoken)}"

    return said


def _ordinal_ending(number: int, language: Language, spoken: str) -> str:
    if language == "en":
        return "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    if language == "pl":
        return "."
    return f"-{spoken[-1]}" if spoken[-2] in "аеёиоуыэюяь" else f"-{spoken[-2:]}"  # 5-й, but 5-го


def _noun(arguments: Arguments) -> Callable[[Language], Noun]:
    """The noun that `count` names, and whether it is known in all cases."""
    name = arguments[0] if arguments else ""
    if "/" in name:
        forms = [form.strip() for form in name.split("/")]
        if not 2 <= len(forms) <= 3 or not all(forms):
            raise FilterError(
                f"{name!r} is not a noun in its forms", "write those after 1, 2 and 5: paczka/paczki/paczek"
            )
        words = words_of(arguments[1:], Gender)
        gender = next((gender for gender in Gender if gender in words), Gender.MASCULINE)
        own = own_noun(forms, gender)
        return lambda _: own
    if name not in BY_WORD:
        raise FilterError(
            f"count does not know {name!r}" if name else "count says what is counted",
            f"use one of {', '.join(Counted)}, or the forms after 1, 2 and 5: count:paczka/paczki/paczek,feminine",
        )
    key = BY_WORD[name]
    return lambda language: NOUNS[language][key]


def _count(arguments: Arguments) -> Formatter:
    noun_in = _noun(arguments)
    own = "/" in arguments[0]
    case = Case.NOMINATIVE if own else _case(words_of(arguments[1:], Case))

    def said(value: object, language: Language, written: bool, /) -> str:
        number, noun = decimal_of(value), noun_in(language)
        size = abs(number)
        if size == int(size):
            spoken = GRAMMARS[language].counted(int(size), noun, case)
        elif case in BROKEN_CASES:
            spoken = counted_decimal(size, noun, language, case)
        else:
            raise FilterError(f"{shown(value)} is broken and is not said in the {case}", "round it before")
        if written:
            return f"{_figures(number, language)} {spoken.rpartition(' ')[2]}"
        return _signed(number, language, spoken)

    return said


def _percent(arguments: Arguments) -> Formatter:
    counting = _count(("percent", *arguments))

    def said(value: object, language: Language, written: bool, /) -> str:
        return f"{_figures(decimal_of(value), language)}%" if written else counting(value, language, written)

    return said


def _money(arguments: Arguments) -> Formatter:
    if not arguments or arguments[0] not in CODES:
        raise FilterError("money needs its currency", f"write money: and one of {', '.join(CODES)}")
    code = arguments[0]
    case = _case(words_of(arguments[1:], Case))

    def said(value: object, language: Language, written: bool, /) -> str:
        amount = decimal_of(value)
        return money_written(amount, code, language) if written else money(amount, code, language, case)

    return said


def _duration(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, ("minutes",))
    case = _case(words)
    in_minutes = _count(("minute", case.value))

    def said(value: object, language: Language, written: bool, /) -> str:
        seconds = decimal_of(value)
        if seconds < 0:
            raise FilterError(f"{shown(value)} is negative", "give seconds from 0")
        if "minutes" in words:  # begun ones are whole ones: nobody likes to be told zero minutes
            minutes = max(1, math.ceil(seconds / 60))
            return in_minutes(minutes, language, written)
        whole_s = int(seconds)
        if written:
            return f"{whole_s // 3600}:{whole_s // 60 % 60:02d}:{whole_s % 60:02d}"
        return duration(whole_s, language, case)

    return said


def _time(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, ("at",))
    case = _case(words)

    def said(value: object, language: Language, written: bool, /) -> str:
        moment = time_of(value)
        if written:
            return f"{moment.hour}:{moment.minute:02d}"
        return calendar.time_words(moment, language, case, at="at" in words)

    return said


def _date(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, ("on", "year", "weekday"))
    # A weekday alone stands in the nominative, a date mostly in the genitive.
    case = _case(words, Case.NOMINATIVE if "weekday" in words and "on" not in words else Case.GENITIVE)

    def said(value: object, language: Language, written: bool, /) -> str:
        day = date_of(value)
        if written:
            month = calendar.MONTHS[language][day.month - 1]
            return f"{day.day} {month} {day.year}" if language == "en" else f"{day.day}.{day.month:02d}.{day.year}"
        return calendar.date_words(
            day, language, case, on="on" in words, year="year" in words, weekday="weekday" in words
        )

    return said


def _weekday(arguments: Arguments) -> Formatter:
    words = words_of(arguments, Case, ("on",))
    case = _case(words)

    def said(value: object, language: Language, written: bool, /) -> str:
        del written
        return calendar.weekday_words(_weekday_of(value), language, case, on="on" in words)

    return said


def _weekday_of(value: object) -> int:
    """0 for Monday, from 1 to 7, an English name, or a date."""
    text = str(value).strip().lower()
    if text in WEEKDAY_NAMES:
        return WEEKDAY_NAMES.index(text)
    if text in tuple("1234567"):
        return int(text) - 1
    return date_of(value).weekday()


def _digits(arguments: Arguments) -> Formatter:
    words = words_of(arguments, ("numbers",))

    def said(value: object, language: Language, written: bool, /) -> str:
        text = str(value)
        if not any(sign in "0123456789" for sign in text):
            raise FilterError(f"{shown(value)} has no digits", "give a number")
        if written:
            return text
        return spelling.digits_words(text, language, as_numbers="numbers" in words)

    return said


def _spell(arguments: Arguments) -> Formatter:
    words_of(arguments)

    def said(value: object, language: Language, written: bool, /) -> str:
        return str(value) if written else spelling.spelled(str(value), language)

    return said


FILTERS: dict[str, Maker] = {
    "number": _number,
    "ordinal": _ordinal,
    "count": _count,
    "percent": _percent,
    "money": _money,
    "duration": _duration,
    "time": _time,
    "date": _date,
    "weekday": _weekday,
    "digits": _digits,
    "spell": _spell,
}
