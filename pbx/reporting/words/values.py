"""What stands in cells and is a word of ours, as people read it. CSV and JSON keep the word itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.config import Language


ALL = "all"  # the name of the row of all together
_ALL: Mapping[Language, str] = {"en": ALL, "pl": "razem", "ru": "вместе"}
COLUMNS = frozenset({"end", "tool", "kind", "interval", "part"})  # whose cells are such words


def _weekdays(names: str) -> dict[str, str]:
    """As intervals of `per` weekday are called."""
    return {str(number): name for number, name in enumerate(names.split(), 1)}


_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {"came_back": "came back", "not_a_customer": "no customer", "unkept": "no contact kept"}
    | _weekdays("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "pl": _weekdays("poniedziałek wtorek środa czwartek piątek sobota niedziela")
    | {
        "running": "trwa",
        "cut": "niepełny",
        "reached": "dodzwoniono się",
        "came_back": "zadzwonił znów",
        "lost": "stracony",
        "not_a_customer": "nie klient",
        "open": "otwarte",
        "unkept": "bez kontaktu",
        "call": "połączenie",
        "callback": "oddzwonienie",
        "abandoned": "zrezygnował",
        "missed": "nieodebrane",
    },
    "ru": _weekdays("понедельник вторник среда четверг пятница суббота воскресенье")
    | {
        "running": "идёт",
        "cut": "неполный",
        "reached": "дозвонились",
        "came_back": "перезвонил сам",
        "lost": "потерян",
        "not_a_customer": "не клиент",
        "open": "открыто",
        "unkept": "без контакта",
        "call": "звонок",
        "callback": "обратный звонок",
        "abandoned": "не дождался",
        "missed": "пропущено",
    },
}


def word(column: str, value: str, language: Language) -> str:
    """The cell as it is shown."""
    if value == ALL:
        return _ALL[language]
    return _WORDS[language].get(value, value) if column in COLUMNS else value
