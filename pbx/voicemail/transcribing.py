"""What was said in messages, as text: one after the other, behind the callers' backs, and again while the recognizer is
away. A message is there without its text; the text comes when it comes.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.config_voicemail import Voicemail as Box
from pbx.events import CallEvent, Kind
from pbx.voicemail import sounds
from pbx.voicemail.message import Message
from pbx.voicemail.shelf import Shelf
from pbx.web.recognizer import NotRecognized, Recognizer, wav

if TYPE_CHECKING:
    from pbx.call.services import Services

log = logging.getLogger("centrala.voicemail")

FIRST_S, LONGEST_S = 30.0, 3600.0  # between two attempts; doubled each time
GIVE_UP_S = 86_400.0  # after the message


class Transcribing:
    """`recognizer` None: no text is made. All methods belong to the event loop's thread."""

    def __init__(
        self, services: Services, shelf: Shelf, boxes: Mapping[str, Box], key: bytes, recognizer: Recognizer | None
    ) -> None:
        self._services = services
        self._shelf = shelf
        self._boxes = boxes
        self._key = key
        self._recognizer = recognizer
        self._due: list[tuple[float, int, str, str, float]] = []  # loop's time, order, box, message, next pause
        self._count = 0
        self._work: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self.failures = 0

    @property
    def waiting(self) -> int:
        return len(self._due)

    def left(self, message: Message) -> None:
        """A message is there; its text is made when its box wants one."""
        box = self._boxes.get(message.box)
        if self._recognizer is None or box is None or not box.transcribe or message.transcript:
            return
        if self._services.clock.unix() - message.at > GIVE_UP_S:
            return
        self._later(0.0, message.box, message.id, FIRST_S)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._working())

    async def stop(self) -> None:
        """What is not done is taken up at the next start."""
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.wait([self._work])
        self._work = None

    def _later(self, pause_s: float, box: str, message: str, next_s: float) -> None:
        self._count += 1
        at = asyncio.get_running_loop().time() + pause_s
        heapq.heappush(self._due, (at, self._count, box, message, next_s))
        self._more.set()

    async def _working(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due:
            self._more.clear()
            left_s = self._due[0][0] - loop.time()
            if left_s > 0:
                with_more = asyncio.ensure_future(self._more.wait())
                await asyncio.wait([with_more], timeout=left_s)
                with_more.cancel()
                continue
            _, _, box, message, pause_s = heapq.heappop(self._due)
            found = self._shelf.find(box, message)
            if found is not None and not found.transcript:
                await self._one(found, pause_s)

    async def _one(self, message: Message, pause_s: float) -> None:
        assert self._recognizer is not None
        began = asyncio.get_running_loop().time()
        try:
            path = Path(self._shelf.folder) / message.file
            pcm = await asyncio.to_thread(sounds.read, path, self._key)
            text = await self._recognizer.recognize(wav(pcm, sounds.RATE), message.language)
            await self._shelf.change(message, transcript=text or "-")
        except NotRecognized as error:
            self._failed(message, str(error), pause_s if error.again else 0.0)
        except (sounds.SoundError, OSError) as error:
            self._failed(message, str(error), 0.0)
        except RuntimeError as error:  # what the store raises
            self._failed(message, str(error), pause_s)
        except KeyError:  # erased meanwhile
            return
        else:
            took = asyncio.get_running_loop().time() - began
            self._tell(message, ok=True, characters=len(text), took_s=round(took, 2))

    def _failed(self, message: Message, why: str, pause_s: float) -> None:
        self.failures += 1
        old = self._services.clock.unix() + pause_s - message.at > GIVE_UP_S
        log.warning("message %s in box %s has no text yet: %s", message.id, message.box, why)
        if not pause_s or old:
            self._tell(message, ok=False, reason=why[:200])
            return
        self._later(pause_s, message.box, message.id, min(2 * pause_s, LONGEST_S))

    def _tell(self, about: Message, **data: object) -> None:
        """Into the journey of the call that left the message. What was said stays in the box."""
        told = {"box": about.box, "message": about.id, **data}
        now = self._services.clock.unix()
        self._services.bus.publish(CallEvent(Kind.VOICEMAIL_TRANSCRIBED, about.call_id, "a", now, told))
