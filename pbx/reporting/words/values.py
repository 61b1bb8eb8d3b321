"""What stands in cells and is a word of ours, as people read it. CSV and JSON keep the word itself."""

from __future__ import annotations

from collections.abc import Mapping

from pbx.config import Language

COLUMNS = frozenset({"end", "tool", "kind"})  # whose cells are such words
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {"came_back": "came back", "not_a_customer": "no customer", "unkept": "no contact kept"},
    "pl": {
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
    "ru": {
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
    return _WORDS[language].get(value, value) if column in COLUMNS else value
