"""Sentences with figures in them: how many messages there are, who left one, and when."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.config import Language
from pbx.language.calendar import date_words, time_words
from pbx.language.grammar import Case, Gender, Plural
from pbx.language.words import cardinal, plural_category

LANGUAGES: tuple[Language, ...] = ("pl", "ru", "en")
Forms = dict[Language, dict[Plural, str]]

_NEW: Forms = {
    "pl": {Plural.ONE: "nową wiadomość", Plural.FEW: "nowe wiadomości", Plural.MANY: "nowych wiadomości"},
    "ru": {Plural.ONE: "новое сообщение", Plural.FEW: "новых сообщения", Plural.MANY: "новых сообщений"},
    "en": {Plural.ONE: "new message", Plural.OTHER: "new messages"},
}
_OLD: Forms = {
    "pl": {
        Plural.ONE: "odsłuchaną wiadomość",
        Plural.FEW: "odsłuchane wiadomości",
        Plural.MANY: "odsłuchanych wiadomości",
    },
    "ru": {
        Plural.ONE: "прослушанное сообщение",
        Plural.FEW: "прослушанных сообщения",
        Plural.MANY: "прослушанных сообщений",
    },
    "en": {Plural.ONE: "old message", Plural.OTHER: "old messages"},
}
_GENDER: dict[Language, Gender] = {"pl": Gender.FEMININE, "ru": Gender.NEUTER, "en": Gender.NEUTER}
_CASE: dict[Language, Case] = {"pl": Case.ACCUSATIVE, "ru": Case.NOMINATIVE, "en": Case.NOMINATIVE}
_YOU_HAVE = {"pl": "Masz {what}.", "ru": "У вас {what}.", "en": "You have {what}."}
_AND = {"pl": " i ", "ru": " и ", "en": " and "}
_HEAD = {
    "pl": "Wiadomość {number}. Od: {caller}. {when}.",
    "ru": "Сообщение {number}. От: {caller}. {when}.",
    "en": "Message {number}. From {caller}. {when}.",
}
_UNKNOWN = {"pl": "numer nieznany", "ru": "номер неизвестен", "en": "an unknown number"}
_DAYS = {"pl": ("dzisiaj", "wczoraj"), "ru": ("сегодня", "вчера"), "en": ("today", "yesterday")}


def box_says(new: int, old: int) -> dict[str, str]:
    """ "You have two new messages and one old message." Either figure may be 0, not both."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        parts = [_messages(count, forms, language) for count, forms in ((new, _NEW), (old, _OLD)) if count]
        found[language] = _YOU_HAVE[language].format(what=_AND[language].join(parts))
    return found


def head(number: int, caller: str, at: float, now: float, zone: str) -> dict[str, str]:
    """Which message it is, who left it (digit by digit) and when, on the clock of `zone`."""
    spelled = " ".join(caller.replace("+", "00"))
    return {
        language: _HEAD[language].format(
            number=cardinal(number, language),
            caller=spelled or _UNKNOWN[language],
            when=_when(at, now, ZoneInfo(zone), language),
        )
        for language in LANGUAGES
    }


def _messages(count: int, forms: Forms, language: Language) -> str:
    number = cardinal(count, language, gender=_GENDER[language], case=_CASE[language])
    return f"{number} {forms[language][plural_category(count, language)]}"


def _when(at: float, now: float, zone: ZoneInfo, language: Language) -> str:
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone).date()
    days = (today - then.date()).days
    day = _DAYS[language][days] if 0 <= days < 2 else date_words(then.date(), language, on=True)
    return f"{day[0].upper()}{day[1:]} {time_words(then.time(), language, at=True)}"
