"""Times of day, weekdays and dates in words.

`at` and `on` bring the preposition along: o czternastej trzydzieści, во вторник, at two thirty p.m.
"""

from __future__ import annotations

from datetime import date, time

from pbx.config_base import Language
from pbx.language import english, polish, russian
from pbx.language.english_ordinals import ordinal as english_ordinal
from pbx.language.grammar import ORDER, Case, Forms, Gender, Noun, noun
from pbx.language.nouns import NOUNS, Counted
from pbx.language.polish_ordinals import ordinal as polish_ordinal
from pbx.language.russian_ordinals import ordinal as russian_ordinal


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


POLISH_MIDNIGHT: Forms = ("północ", "północy", "północy", "północ", "północą", "północy")
RUSSIAN_MIDNIGHT: Forms = ("полночь", "полуночи", "полуночи", "полночь", "полуночью", "полуночи")

MONTHS: dict[Language, tuple[str, ...]] = {  # as they stand after the day
    "pl": _words("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"),
    "ru": _words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
    "en": _words("January February March April May June July August September October November December"),
}
_SAME = "-"
WEEKDAYS: dict[Language, tuple[Noun, ...]] = {
    "pl": (
        noun("m", "poniedziałek poniedziałku poniedziałkowi poniedziałek poniedziałkiem poniedziałku", _SAME),
        noun("m", "wtorek wtorku wtorkowi wtorek wtorkiem wtorku", _SAME),
        noun("f", "środa środy środzie środę środą środzie", _SAME),
        noun("m", "czwartek czwartku czwartkowi czwartek czwartkiem czwartku", _SAME),
        noun("m", "piątek piątku piątkowi piątek piątkiem piątku", _SAME),
        noun("f", "sobota soboty sobocie sobotę sobotą sobocie", _SAME),
        noun("f", "niedziela niedzieli niedzieli niedzielę niedzielą niedzieli", _SAME),
    ),
    "ru": (
        noun("m", "понедельник понедельника понедельнику понедельник понедельником понедельнике", _SAME),
        noun("m", "вторник вторника вторнику вторник вторником вторнике", _SAME),
        noun("f", "среда среды среде среду средой среде", _SAME),
        noun("m", "четверг четверга четвергу четверг четвергом четверге", _SAME),
        noun("f", "пятница пятницы пятнице пятницу пятницей пятнице", _SAME),
        noun("f", "суббота субботы субботе субботу субботой субботе", _SAME),
        noun("n", "воскресенье воскресенья воскресенью воскресенье воскресеньем воскресенье", _SAME),
    ),
    "en": tuple(noun("n", name, _SAME) for name in _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")),
}


def time_words(moment: time, language: Language, case: Case = Case.NOMINATIVE, *, at: bool = False) -> str:
    """A time of day to the minute; `at` answers "when?" and brings the preposition."""
    hour, minute = moment.hour, moment.minute
    if language == "pl":
        return f"o {_polish_time(hour, minute, Case.LOCATIVE)}" if at else _polish_time(hour, minute, case)
    if language == "ru":
        return f"в {_russian_time(hour, minute, Case.ACCUSATIVE)}" if at else _russian_time(hour, minute, case)
    return f"at {_english_time(hour, minute)}" if at else _english_time(hour, minute)


def weekday_words(day: int, language: Language, case: Case = Case.NOMINATIVE, *, on: bool = False) -> str:
    """A weekday, 0 is Monday; `on` answers "when?"."""
    name = WEEKDAYS[language][day]
    if not on:
        return name.one(case)
    preposition = {"pl": "we" if day == 1 else "w", "ru": "во" if day == 1 else "в", "en": "on"}[language]
    return f"{preposition} {name.one(Case.ACCUSATIVE)}"


def date_words(
    day: date,
    language: Language,
    case: Case = Case.GENITIVE,
    *,
    on: bool = False,
    year: bool = False,
    weekday: bool = False,
) -> str:
    """A date. The genitive answers "when?", and stands after od, do, с and до."""
    month = MONTHS[language][day.month - 1]
    if language == "pl":
        words = f"{polish_ordinal(day.day, Gender.MASCULINE, case)} {month}"
        words += f" {polish_ordinal(day.year, Gender.MASCULINE, Case.GENITIVE)} roku" if year else ""
    elif language == "ru":
        words = f"{russian_ordinal(day.day, Gender.NEUTER, case)} {month}"
        words += f" {russian_ordinal(day.year, Gender.MASCULINE, Case.GENITIVE)} года" if year else ""
    else:
        words = f"{'on ' if on and not weekday else ''}the {english_ordinal(day.day)} of {month}"
        words += f", {english_year(day.year)}" if year else ""
    return f"{weekday_words(day.weekday(), language, case, on=on)}, {words}" if weekday else words


def english_year(year: int) -> str:
    """1999 as nineteen ninety-nine, 1905 as nineteen oh five, 2005 as two thousand and five."""
    century, rest = divmod(year, 100)
    if year < 1100 or (century == 20 and rest < 10):
        return english.cardinal(year)
    if not rest:
        return f"{english.cardinal(century)} hundred"
    return f"{english.cardinal(century)} {'oh ' if rest < 10 else ''}{english.cardinal(rest)}"


def _polish_time(hour: int, minute: int, case: Case) -> str:
    if not hour:
        return f"zero {_two_figures(minute, 'zero')}" if minute else POLISH_MIDNIGHT[ORDER[case]]
    words = polish_ordinal(hour, Gender.FEMININE, case)
    return f"{words} {_two_figures(minute, 'zero')}" if minute else words


def _two_figures(minute: int, zero: str) -> str:
    return f"{zero} {polish.cardinal(minute)}" if minute < 10 else polish.cardinal(minute)


def _russian_time(hour: int, minute: int, case: Case) -> str:
    if not minute:
        if not hour:
            return RUSSIAN_MIDNIGHT[ORDER[case]]
        return russian.counted(hour, NOUNS["ru"][Counted.HOUR], case)
    minutes = russian.cardinal(minute, Gender.FEMININE, case)  # of minutes, which are not named
    zero = f"{russian.ZERO[ORDER[case]]} " if minute < 10 else ""
    return f"{russian.cardinal(hour, Gender.MASCULINE, case)} {zero}{minutes}"


def _english_time(hour: int, minute: int) -> str:
    if not minute and hour in (0, 12):
        return "noon" if hour else "midnight"
    words = english.cardinal(hour % 12 or 12)
    if minute:
        words += f" {'oh ' if minute < 10 else ''}{english.cardinal(minute)}"
    return f"{words} {'p.m.' if hour >= 12 else 'a.m.'}"
