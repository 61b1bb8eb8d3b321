"""What a waiting caller is told, and when: the place in the queue and the expected wait, never rising, never in the
way.

Texts are rendered while music plays and played only when ready; the bridge cancels whatever is being said.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pbx.config import Language
from pbx.config import Queue as QueueConfig
from pbx.events import Kind
from pbx.language.grammar import Case
from pbx.language.nouns import Counted
from pbx.language.words import cardinal, counted, duration

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger("centrala.queue")

LEAD_S = 3.0  # rendering starts so long before the announcement is due
PAUSE_S = 1.0  # between two announcements, at least
EXACT_MINUTES = 10  # above it, minutes are rounded to 5, from an hour on to 15
PRELOADED_POSITIONS = 20

_POSITION: dict[Language, str] = {
    "pl": "Numer w kolejce: {}.",
    "ru": "Ваш номер в очереди: {}.",
    "en": "You are number {} in the queue.",
}
_WAIT: dict[Language, str] = {
    "pl": "Przewidywany czas oczekiwania: około {}.",
    "ru": "Примерное время ожидания: около {}.",
    "en": "The expected wait is about {}.",
}
_SOON: dict[Language, str] = {
    "pl": "Przewidywany czas oczekiwania: poniżej minuty.",
    "ru": "Примерное время ожидания: меньше минуты.",
    "en": "The expected wait is less than a minute.",
}


def position_text(position: int, language: Language) -> str:
    """The place in the queue, 1 for the head."""
    return _POSITION[language].format(cardinal(position, language))


def wait_text(minutes: int, language: Language) -> str:
    """The expected wait; 0 is "less than a minute". After około and около stands the genitive."""
    if minutes == 0:
        return _SOON[language]
    if minutes < 60:
        return _WAIT[language].format(counted(minutes, Counted.MINUTE, language, Case.GENITIVE))
    return _WAIT[language].format(duration(minutes * 60, language, Case.GENITIVE))


def spoken_minutes(wait_s: float) -> int:
    """Whole minutes to say: to the nearest up to 10, then 5, and 15 from an hour on; 0 below three quarters of a
    minute.
    """
    if wait_s < 45:
        return 0
    minutes = max(1, int(wait_s / 60 + 0.5))
    if minutes <= EXACT_MINUTES:
        return minutes
    step = 5 if minutes < 60 else 15
    return (minutes + step // 2) // step * step


def texts_to_preload(config: QueueConfig, language: Language) -> list[str]:
    """What callers of this queue will hear most."""
    texts = []
    if config.announce_position:
        texts += [position_text(position, language) for position in range(1, PRELOADED_POSITIONS + 1)]
    if config.announce_wait:
        texts += [wait_text(minutes, language) for minutes in (*range(EXACT_MINUTES + 1), 15, 20, 25, 30)]
    return texts


class Announcer:
    """Speaks to one waiting caller, as a task beside the wait. `place` gives the position, `wait` the estimate in
    seconds.
    """

    __slots__ = ("_call", "_config", "_place", "_spoken", "_wait")

    def __init__(
        self, call: Call, config: QueueConfig, place: Callable[[], int], wait: Callable[[], float | None]
    ) -> None:
        self._call = call
        self._config = config
        self._place = place
        self._wait = wait
        self._spoken: int | None = None  # minutes said last; never exceeded afterwards

    @property
    def wanted(self) -> bool:
        return self._config.announce_position or self._config.announce_wait

    async def run(self) -> None:
        """Announces after `announce_first_s`, then every `announce_every_s` (0: no more), until cancelled.

        Times run from the beginning of one announcement to the beginning of the next. Speech that fails costs the
        caller
        nothing but the announcement.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + self._config.announce_first_s
        while True:
            try:
                await self._announce_at(due)
            except Exception:
                log.exception("call %s: announcement of queue %s failed", self._call.id, self._config.name)
            if not self._config.announce_every_s:
                return
            due = max(due + self._config.announce_every_s, loop.time() + PAUSE_S)

    async def _announce_at(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, due - LEAD_S - loop.time()))
        await self._render(*self._numbers())
        await asyncio.sleep(max(0.0, due - loop.time()))
        position, minutes = self._numbers()
        clips = await self._render(position, minutes)  # rendered already, unless the numbers have changed meanwhile
        if not clips:
            return
        if minutes is not None:
            self._spoken = minutes
        wait_s = None if minutes is None else minutes * 60
        self._call.emit(Kind.QUEUE_ANNOUNCED, queue=self._config.name, position=position, wait_s=wait_s)
        await self._call.play(clips)

    def _numbers(self) -> tuple[int, int | None]:
        """Position (0: served already) and minutes (None: nobody knows)."""
        wait_s = self._wait() if self._config.announce_wait else None
        if wait_s is None:
            return self._place(), None
        minutes = spoken_minutes(wait_s)
        return self._place(), minutes if self._spoken is None else min(minutes, self._spoken)

    async def _render(self, position: int, minutes: int | None) -> list[Any]:
        language: Language = self._call.language  # type: ignore[assignment]
        texts = []
        if self._config.announce_position and position > 0:
            texts.append(position_text(position, language))
        if minutes is not None and position > 0:
            texts.append(wait_text(minutes, language))
        prompts = self._call.services.prompts
        return [await prompts.get(text, language) for text in texts]
