"""What reports are called and what stands above their columns, in Polish, Russian and English.

English column titles and notes stand in the code of each report; `pl` and `ru` hold the others by the column's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.reporting.sheet import Column, Sheet
from pbx.reporting.words import calls, en, money, per, pl, ru, tracking

if TYPE_CHECKING:
    from pbx.config import Language

_TITLES: Mapping[Language, Mapping[str, str]] = {
    "pl": pl.TITLES | calls.TITLES["pl"] | money.TITLES["pl"] | tracking.TITLES["pl"],
    "ru": ru.TITLES | calls.TITLES["ru"] | money.TITLES["ru"] | tracking.TITLES["ru"],
    "en": en.TITLES | calls.TITLES["en"] | money.TITLES["en"] | tracking.TITLES["en"],
}
_COLUMNS: Mapping[Language, Mapping[str, str]] = {
    "pl": {**per.COLUMNS["pl"], **calls.COLUMNS["pl"]} | money.COLUMNS["pl"] | tracking.COLUMNS["pl"] | pl.COLUMNS,
    "ru": {**per.COLUMNS["ru"], **calls.COLUMNS["ru"]} | money.COLUMNS["ru"] | tracking.COLUMNS["ru"] | ru.COLUMNS,
}
_NOTES: Mapping[Language, Mapping[str, str]] = {
    "pl": calls.NOTES["pl"] | money.NOTES["pl"] | tracking.NOTES["pl"] | pl.NOTES,
    "ru": calls.NOTES["ru"] | money.NOTES["ru"] | tracking.NOTES["ru"] | ru.NOTES,
}
_SECONDS = re.compile(r"(\d) s\b")


def titles(language: Language) -> Mapping[str, str]:
    """Titles of reports by their names."""
    return _TITLES[language]


def translate(sheet: Sheet, name: str, language: Language) -> Sheet:
    """The sheet of report `name` with title, columns and notes in the language; its figures are what they were."""
    if language == "en":
        return sheet
    _, _, period = sheet.title.partition(", ")
    return replace(
        sheet,
        title=", ".join(filter(None, (titles(language)[name], period.replace(" to ", " – ")))),
        columns=[column_in(column, language, name) for column in sheet.columns],
        notes=_NOTES[language].get(name, "") if sheet.notes else "",
        remarks=_SECONDS.sub(r"\1 с", sheet.remarks) if language == "ru" else sheet.remarks,
    )


def column_in(column: Column, language: Language, report: str = "") -> Column:
    """The column with its title in the language: that of its report, where it has one of its own ("pools.short")."""
    if language == "en":
        return column
    told = _COLUMNS[language]
    return replace(column, title=told.get(f"{report}.{column.name}") or told[column.name])
