"""What the sheets of staffing say to people, in Polish, Russian and English; for other programs they are English.

English column titles stand in the code of each sheet; `pl` and `ru` hold the others by sheet and column.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pbx.config import Language
from pbx.reporting.page.texts import WEEKDAYS as SHORT
from pbx.reporting.sheet import Column
from pbx.staffing.words import en, pl, ru

WEEKDAYS: Mapping[Language, Sequence[str]] = {
    "pl": ("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
TEXTS: Mapping[Language, Mapping[str, str]] = {"pl": pl.TEXTS, "ru": ru.TEXTS, "en": en.TEXTS}
COLUMNS: Mapping[Language, Mapping[str, str]] = {"pl": pl.COLUMNS, "ru": ru.COLUMNS, "en": {}}
_POINTS = str.maketrans({",": "\u00a0", ".": ","})


class _Numbers(string.Formatter):
    """Fractions have a comma where the language writes one."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text: str = super().format_field(value, format_spec)
        return text.translate(_POINTS) if isinstance(value, float) else text


class Say:
    """Texts by key in one language."""

    def __init__(self, language: Language = "en") -> None:
        self.language = language
        self._texts, self._columns = TEXTS[language], COLUMNS[language]
        self._format = string.Formatter() if language == "en" else _Numbers()

    def __call__(self, key: str, **values: object) -> str:
        return self._format.vformat(self._texts[key], (), values)

    def columns(self, sheet: str, columns: Sequence[Column]) -> Sequence[Column]:
        """With their titles in the language: "need.from" where the sheet has its own, otherwise "from"."""
        told = self._columns
        if self.language == "en":
            return columns
        return [replace(one, title=told.get(f"{sheet}.{one.name}") or told[one.name]) for one in columns]

    def weekday(self, day: date) -> str:
        return WEEKDAYS[self.language][day.weekday()]

    def short(self, day: date) -> str:
        return SHORT[self.language][day.weekday()]


ENGLISH = Say()
