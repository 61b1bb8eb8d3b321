"""Who wants no messages: a list that outlives the process, and the words that lead onto it and off it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.config_sms import Sms

ROOM = "sms_optout"


class OptOuts:
    """By E.164 number. What `add` and `remove` did is on disk when they return."""

    def __init__(self, clock: Clock, keeper: Keeper) -> None:
        self._clock = clock
        self._keeper = keeper
        self._numbers: dict[str, dict[str, Any]] = dict(keeper.load(ROOM))
        self._unwritten: set[str] = set()  # on the list, and not yet on disk

    def __contains__(self, number: object) -> bool:
        return number in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def rows(self, limit: int) -> list[dict[str, Any]]:
        """The latest first."""
        ordered = sorted(self._numbers.items(), key=lambda entry: -float(entry[1].get("since", 0.0)))
        return [{"number": number, **row} for number, row in ordered[:limit]]

    async def add(self, number: str, by: str) -> bool:
        """False when it is there already."""
        if number in self._numbers and number not in self._unwritten:
            return False
        row = {"since": round(self._clock.unix(), 3), "by": by[:100]}
        self._numbers[number] = row  # at once: nothing more goes out, whatever the disk says
        self._unwritten.add(number)
        await self._keeper.keep(ROOM, number, row)
        self._unwritten.discard(number)
        return True

    async def remove(self, number: str) -> bool:
        """False when it is not there."""
        if number not in self._numbers:
            return False
        await self._keeper.keep(ROOM, number, None)
        self._numbers.pop(number, None)
        self._unwritten.discard(number)
        return True


class Words:
    """Reads a reply: "stop", "start" or "text". A word counts when it is the whole reply, or its first word and the
    rest says as much ("STOP please"); marks around it and upper case make no difference.
    """

    def __init__(self, settings: Sms) -> None:
        self._stop = _plain(settings.stop_words)
        self._start = _plain(settings.start_words)

    def what(self, text: str) -> str:
        words = [word for word in (_bare(each) for each in text.split()) if word]
        if not words or len(words) > 3:
            return "text"
        if words[0] in self._stop:
            return "stop"
        return "start" if words[0] in self._start and len(words) == 1 else "text"


def language_of(text: str) -> str:
    """A guess for the answer to a single word: Cyrillic is Russian, Polish by its words, "" for no guess."""
    bare = _bare(text.split()[0]) if text.split() else ""
    if any("CYRILLIC" in unicodedata.name(mark, "") for mark in bare):
        return "ru"
    return "pl" if bare.startswith(("REZYGN", "WYPISZ", "WZN")) else ""


def _bare(word: str) -> str:
    marks = [mark for mark in unicodedata.normalize("NFC", word).upper() if mark.isalnum()]
    return "".join(marks)


def _plain(words: Sequence[str]) -> frozenset[str]:
    return frozenset(_bare(word) for word in words)
