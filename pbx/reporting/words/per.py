"""Intervals of reports in Polish, Russian and English: how long they are, and the columns that all of them have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pbx.reporting.per.step import Step

if TYPE_CHECKING:
    from pbx.config import Language

COLUMNS: dict[Language, dict[str, str]] = {
    "pl": {
        "interval": "Przedział",
        "from": "Od",
        "to": "Do",
        "days": "Dni",
        "part": "Część",
        "block": "Blok scenariusza",
    },
    "ru": {"interval": "Интервал", "from": "С", "to": "По", "days": "Дней", "part": "Часть"},
}
_STEPS: Mapping[Language, Mapping[Step, str]] = {
    "en": {
        Step.QUARTER_HOUR: "per 15 min",
        Step.HALF_HOUR: "per 30 min",
        Step.HOUR: "per hour",
        Step.DAY: "per day",
        Step.WEEK: "per week",
        Step.MONTH: "per month",
        Step.QUARTER: "per quarter",
        Step.YEAR: "per year",
        Step.WEEKDAY: "by weekday",
        Step.HOUR_OF_DAY: "by hour of the day",
    },
    "pl": {
        Step.QUARTER_HOUR: "co 15 min",
        Step.HALF_HOUR: "co 30 min",
        Step.HOUR: "godzinowo",
        Step.DAY: "dziennie",
        Step.WEEK: "tygodniowo",
        Step.MONTH: "miesięcznie",
        Step.QUARTER: "kwartalnie",
        Step.YEAR: "rocznie",
        Step.WEEKDAY: "według dni tygodnia",
        Step.HOUR_OF_DAY: "według godzin doby",
    },
    "ru": {
        Step.QUARTER_HOUR: "по 15 мин",
        Step.HALF_HOUR: "по 30 мин",
        Step.HOUR: "по часам",
        Step.DAY: "по дням",
        Step.WEEK: "по неделям",
        Step.MONTH: "по месяцам",
        Step.QUARTER: "по кварталам",
        Step.YEAR: "по годам",
        Step.WEEKDAY: "по дням недели",
        Step.HOUR_OF_DAY: "по часам суток",
    },
}


def told(step: Step, language: Language) -> str:
    """Behind the title of a report."""
    return _STEPS[language][step]
