"""The sentences that waiting callers hear, in three languages: the place, and the wait as a range of whole minutes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pbx.config import Language
from pbx.config import Queue as QueueConfig
from pbx.language.grammar import Case, Gender
from pbx.language.nouns import Counted
from pbx.language.words import cardinal, counted, duration

EXACT_MINUTES = 10  # above it, minutes are rounded to 5, from an hour on to 15
PRELOADED_POSITIONS = 20
PRELOADED_MINUTES = 4

_POSITION: dict[Language, str] = {
    "pl": "Numer w kolejce: {}.",
    "ru": "Ваш номер в очереди: {}.",
    "en": "You are number {} in the queue.",
}
_BETWEEN: dict[Language, str] = {
    "pl": "Przewidywany czas oczekiwania: od {} do {}.",
    "ru": "Примерное время ожидания: от {} до {}.",
    "en": "The expected wait is between {} and {}.",
}
_UP_TO: dict[Language, str] = {
    "pl": "Przewidywany czas oczekiwania: do {}.",
    "ru": "Примерное время ожидания: до {}.",
    "en": "The expected wait is up to {}.",
}
_SOON: dict[Language, str] = {
    "pl": "Przewidywany czas oczekiwania: poniżej minuty.",
    "ru": "Примерное время ожидания: меньше минуты.",
    "en": "The expected wait is less than a minute.",
}


@dataclass(frozen=True, slots=True)
class Minutes:
    """A range as it is spoken; (0, 1) is "less than a minute", (0, 4) "up to four minutes"."""

    low: int
    high: int


def position_text(position: int, language: Language) -> str:
    """The place in the queue, 1 for the head."""
    return _POSITION[language].format(cardinal(position, language))


def spoken_range(low_s: float, high_s: float) -> Minutes:
    """The range to say: never narrower than the seconds, so that rounding makes no promise falser.

    The upper end is rounded up and the lower one down, to whole minutes up to 10, then to 5, from an hour on to 15.
    """
    high = max(_rounded(high_s, math.ceil), 1)
    return Minutes(min(_rounded(low_s, math.floor), high - 1), high)


def _rounded(seconds: float, to: Callable[[float], int]) -> int:
    minutes = seconds / 60
    step = 1 if minutes <= EXACT_MINUTES else 5 if minutes <= 60 else 15
    return int(to(round(minutes / step, 6))) * step


def wait_text(minutes: Minutes, language: Language) -> str:
    """The expected wait. After od, do, от and до stands the genitive."""
    low, high = minutes.low, minutes.high
    if high <= 1:
        return _SOON[language]
    end = _genitive(high, language)
    if low <= 0:
        return _UP_TO[language].format(end)
    if high < 60:  # both ends are minutes: the word is said once
        begin = cardinal(low, language, gender=Gender.FEMININE, case=Case.GENITIVE)
    else:
        begin = _genitive(low, language)
    return _BETWEEN[language].format(begin, end)


def _genitive(minutes: int, language: Language) -> str:
    if minutes < 60:
        return counted(minutes, Counted.MINUTE, language, Case.GENITIVE)
    return duration(minutes * 60, language, Case.GENITIVE)


def texts_to_preload(config: QueueConfig, language: Language) -> list[str]:
    """What callers of this queue will hear most; anything else is rendered when it comes up."""
    texts = []
    if config.announce_position:
        texts += [position_text(position, language) for position in range(1, PRELOADED_POSITIONS + 1)]
    if config.announce_wait:
        pairs = [(low, high) for high in range(1, PRELOADED_MINUTES + 1) for low in range(high)]
        texts += [wait_text(Minutes(low, high), language) for low, high in pairs]
    for comfort in config.comfort:
        if language in comfort.text:
            texts.append(comfort.text[language])
    return texts
