"""Sentences with figures in them: how many messages there are, who left one, and when."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.config import Language
from pbx.language.grammar import Case, Gender, Plural
from pbx.language.nouns import Counted
from pbx.language.words import cardinal, counted, plural_category

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
_DAY: Forms = {
    "pl": {Plural.ONE: "dzień", Plural.FEW: "dni", Plural.MANY: "dni"},
    "ru": {Plural.ONE: "день", Plural.FEW: "дня", Plural.MANY: "дней"},
    "en": {Plural.ONE: "day", Plural.OTHER: "days"},
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
_DAYS = {
    "pl": ("Dzisiaj", "Wczoraj", "{days} temu"),
    "ru": ("Сегодня", "Вчера", "{days} назад"),
    "en": ("Today", "Yesterday", "{days} ago"),
}
_HOURS_PL = (
    *("zero", "pierwsza", "druga", "trzecia", "czwarta", "piąta", "szósta", "siódma", "ósma", "dziewiąta"),
    *("dziesiąta", "jedenasta", "dwunasta", "trzynasta", "czternasta", "piętnasta", "szesnasta", "siedemnasta"),
    *("osiemnasta", "dziewiętnasta", "dwudziesta", "dwudziesta pierwsza", "dwudziesta druga", "dwudziesta trzecia"),
)


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
    then = datetime.fromtimestamp(at, zone)
    days = max(0, (datetime.fromtimestamp(now, zone).date() - then.date()).days)
    today, yesterday, ago = _DAYS[language]
    if days > 1:
        noun = _DAY[language][plural_category(days, language)]
        day = ago.format(days=f"{cardinal(days, language)} {noun}").capitalize()
    else:
        day = yesterday if days else today
    return f"{day}, {_clock(then.hour, then.minute, language)}"


def _clock(hour: int, minute: int, language: Language) -> str:
    if language == "ru":
        return f"{counted(hour, Counted.HOUR, 'ru')} {counted(minute, Counted.MINUTE, 'ru')}"
    if language == "pl":
        spoken = _HOURS_PL[hour]
        tail = "" if not minute else cardinal(minute, "pl") if minute >= 10 else f"zero {cardinal(minute, 'pl')}"
        return f"godzina {spoken} {tail or 'zero zero'}"
    tail = "hundred hours" if not minute else cardinal(minute, "en") if minute >= 10 else f"oh {cardinal(minute, 'en')}"
    return f"{cardinal(hour, 'en')} {tail}"
