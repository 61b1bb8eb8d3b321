"""What a waiting caller is told, and when: the place in the queue, the expected wait, words of comfort. Over the music,
never in the way.

Texts are rendered while music plays and spoken only when ready. They are overlaid on the music, which is turned down
meanwhile; `stop` ends them in the turn in which it is called, so that a bridge never waits for the end of a sentence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.config import Language
from pbx.config import Queue as QueueConfig
from pbx.config_queue import Comfort
from pbx.events import Kind
from pbx.queue.phrases import Minutes, position_text, spoken_range, wait_text
from pbx.queue.promise import Promise, Silence

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger("centrala.queue")

LEAD_S = 3.0  # rendering starts so long before the announcement is due
PAUSE_S = 1.0  # between two announcements, at least


@dataclass(frozen=True, slots=True)
class _News:
    """What can be told at one moment."""

    position: int  # 0: nothing to say of it
    minutes: Minutes | None
    promise: Promise | None
    silent: str  # why there is no wait to say, "" where there is one or none is wanted


class Announcer:
    """Speaks to one waiting caller. `place` gives the position, `outlook` the wait or why none can be promised."""

    __slots__ = ("_call", "_comforted", "_config", "_high", "_outlook", "_place", "_position", "_speaking", "_task")

    def __init__(
        self, call: Call, config: QueueConfig, place: Callable[[], int], outlook: Callable[[], Promise | Silence]
    ) -> None:
        self._call = call
        self._config = config
        self._place = place
        self._outlook = outlook
        self._high = 0  # minutes promised last; what is said never rises above it
        self._position = 0  # said last
        self._comforted = 0
        self._speaking: Any = None  # the stream on which something is being said
        self._task: asyncio.Task[Any] | None = None

    @property
    def wanted(self) -> bool:
        """Whether this queue has anything to say."""
        return self._tells or bool(self._config.comfort)

    @property
    def _tells(self) -> bool:
        return self._config.announce_position or self._config.announce_wait

    def start(self) -> None:
        """Begins, as a task of the call."""
        self._task = self._call.spawn(self.run())

    def configure(self, config: QueueConfig) -> None:
        """The queue speaks otherwise from now on: as to a caller who has just come, but what was promised stands."""
        self._config = config
        if self._task is not None:
            self.stop()
            if self.wanted:
                self.start()

    def stop(self) -> None:
        """Ends it, and what is being said at this moment."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self.hush()

    def hush(self) -> None:
        """Ends what is being said; the next announcement comes in its time."""
        stream, self._speaking = self._speaking, None
        if stream is not None and not stream.closed:
            stream.stop_play(mix=True)

    async def run(self) -> None:
        """Place and wait after `announce_first_s`, then every `announce_every_s` (0: no more); comfort every
        `comfort_every_s`; until cancelled.

        Times run from the beginning of one to the beginning of the next. Speech that fails costs the caller nothing
        but the announcement.
        """
        loop, config = asyncio.get_running_loop(), self._config
        began = loop.time()
        never = float("inf")
        news = began + config.announce_first_s if self._tells else never
        comfort = began + config.comfort_every_s if config.comfort else never
        while min(news, comfort) < never:
            due = min(news, comfort)
            try:
                await (self._tell(due) if news <= comfort else self._comfort(due))
            except Exception:
                log.exception("call %s: announcement of queue %s failed", self._call.id, config.name)
            soonest = loop.time() + PAUSE_S
            if news <= comfort:
                news = due + config.announce_every_s if config.announce_every_s else never
            else:
                comfort = due + config.comfort_every_s
            news, comfort = max(news, soonest), max(comfort, soonest)

    # -- the place and the wait ------------------------------------------------------------------------------------

    async def _tell(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, due - LEAD_S - loop.time()))
        await self._render(self._news())
        await asyncio.sleep(max(0.0, due - loop.time()))
        news = self._news()
        clips = await self._render(news)  # rendered already, unless the numbers have changed meanwhile
        if not clips:
            return
        told: dict[str, Any] = {"position": news.position}
        if news.promise is not None and news.minutes is not None:
            self._high = news.minutes.high
            told.update(
                low_s=news.minutes.low * 60,
                high_s=news.minutes.high * 60,
                quantile=news.promise.quantile,
                expected_s=round(news.promise.mean_s, 1),
            )
        elif news.silent:
            told["silent"] = news.silent
        self._position = news.position or self._position
        self._call.emit(Kind.QUEUE_ANNOUNCED, queue=self._config.name, **told)
        await self._speak(clips)

    def _news(self) -> _News:
        position = self._place()
        if not position:  # served already
            return _News(0, None, None, "")
        promise, minutes, silent = self._wait_now() if self._config.announce_wait else (None, None, "")
        if self._position and position > self._position:
            position = 0  # somebody came in ahead: no number is better than a growing one
        return _News(position if self._config.announce_position else 0, minutes, promise, silent)

    def _wait_now(self) -> tuple[Promise | None, Minutes | None, str]:
        found = self._outlook()
        if isinstance(found, Silence):
            return None, None, str(found.value)
        minutes = spoken_range(found.low_s, found.high_s)
        if self._high and minutes.high > self._high:
            return None, None, Silence.RISEN.value
        return found, minutes, ""

    async def _render(self, news: _News) -> list[Any]:
        language: Language = self._call.language  # type: ignore[assignment]
        texts = []
        if news.position:
            texts.append(position_text(news.position, language))
        if news.minutes is not None:
            texts.append(wait_text(news.minutes, language))
        prompts = self._call.services.prompts
        return [await prompts.get(text, language) for text in texts]

    # -- comfort ---------------------------------------------------------------------------------------------------

    async def _comfort(self, due: float) -> None:
        loop, entries = asyncio.get_running_loop(), self._config.comfort
        entry = entries[self._comforted % len(entries)]
        await asyncio.sleep(max(0.0, due - LEAD_S - loop.time()))
        clip = await self._clip(entry)
        await asyncio.sleep(max(0.0, due - loop.time()))
        number = self._comforted % len(entries) + 1
        self._comforted += 1
        if clip is None or not self._place():
            return
        self._call.emit(Kind.QUEUE_COMFORTED, queue=self._config.name, message=number)
        await self._speak([clip])

    async def _clip(self, entry: Comfort) -> Any:
        """The message in the caller's language, else in the server's; None when there is none."""
        services = self._call.services
        if entry.sound:
            return services.prompts.music(entry.sound)
        for language in (self._call.language, services.config.server.language):
            text = entry.text.get(language)  # type: ignore[call-overload]
            if text:
                return await services.prompts.get(text, language)
        return None

    async def _speak(self, clips: list[Any]) -> None:
        """Over the music, to the end. A stream that is not there (its far end moved) hears the next one."""
        stream: Any = self._call.a.media
        if stream is None or stream.closed:
            return
        self._speaking = stream
        await asyncio.shield(stream.play(clips, mix=True, duck_db=self._config.announcement_duck_db))
        self._speaking = None
