"""Leaving a message: greeting, tone, recording, and "saved" only when it is on disk. A hang-up ends it as `#` does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from pbx.call.take import CannotRecord, Take
from pbx.config_voicemail import Voicemail as Box
from pbx.contact.item import ItemKind, OpenRequest
from pbx.events import CallEvent, Kind
from pbx.ids import new_id
from pbx.voicemail import sounds, texts
from pbx.voicemail.greetings import Greetings
from pbx.voicemail.message import Message
from pbx.voicemail.shelf import Shelf

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services

log = logging.getLogger("centrala.voicemail")

LISTEN_KEY = "*"  # during the greeting: the owner wants to hear his messages
RECORDED, EMPTY, OWNER = "recorded", "empty", "owner"


class Deposit:
    """`leave` is what a caller goes through; `recover` what is done with messages that a crash cut off."""

    def __init__(
        self, services: Services, shelf: Shelf, greetings: Greetings, key: bytes, left: Callable[[Message], None]
    ) -> None:
        """`left(message)` is called for each that is durable."""
        self._left = left
        self._services = services
        self._shelf = shelf
        self._greetings = greetings
        self._key = key
        self._saving: set[asyncio.Task[Any]] = set()

    async def leave(self, call: Call, box: Box, *, greeting: list[Any] | None = None, max_s: float = 0.0) -> str:
        """RECORDED when a message is on disk, EMPTY when there is none, OWNER when `*` was pressed in the greeting.

        `greeting` (clips) and `max_s` go before the box's own.
        """
        await call.answer()
        if not self._shelf.room(box.name, box.max_messages):
            call.emit(Kind.VOICEMAIL_REFUSED, owner=f"box {box.name}", why="full")
            await call.say(texts.FULL)
            return EMPTY
        clips, which = await self._greetings.clips(call, box) if greeting is None else (greeting, "block")
        if await call.play(clips, interruptible=True) == LISTEN_KEY and box.pin:
            return OWNER
        call.clear_digits()
        await call.play([self._services.prompts.tone("beep")])
        message = self._message(call, box)
        try:
            await self._shelf.begin(message)
        except RuntimeError as error:  # what the store raises
            return await self._refuse(call, box, str(error))
        call.emit(Kind.VOICEMAIL_STARTED, box=box.name, message=message.id, greeting=which)
        return await self._record(call, box, message, max_s or box.max_s)

    async def _record(self, call: Call, box: Box, message: Message, max_s: float) -> str:
        take = Take(call, message.file)
        try:
            take.begin()
        except CannotRecord as error:
            await self._done(self._shelf.erase(message))
            return await self._refuse(call, box, str(error))
        ended_by = "hangup"
        try:
            ended_by = await take.listen(max_s=max_s, silence_s=box.silence_s)
        finally:
            take.pause()
            spoken = take.talk_s >= box.min_s
            # Told now, before the end of the call: who left a message here has not been lost.
            outcome = RECORDED if spoken else EMPTY
            told = {"box": box.name, "message": message.id, "outcome": outcome, "queue": box.queue}
            talk_s = round(take.talk_s, 2)
            call.emit(Kind.VOICEMAIL_RECORDED, **told, talk_s=talk_s, ended_by="key" if ended_by == "#" else ended_by)
            saving = self._task(self._save(box, message, take, spoken))
        kept = await asyncio.shield(saving)
        if not spoken:
            await call.say(texts.NOTHING_HEARD)
            return EMPTY
        await call.say(texts.SAVED if kept else texts.NOT_SAVED)
        return RECORDED if kept else EMPTY

    async def _save(self, box: Box, message: Message, take: Take, spoken: bool) -> bool:
        """Whether the message is durable now. What fails here is taken up at the next start."""
        try:
            path, file, duration_s = await take.finish()
            if not spoken:
                await self._shelf.erase(message)
                return False
            await asyncio.to_thread(sounds.fsync, path)
            kept = await self._shelf.keep(message, file=file, duration_s=duration_s)
        except (OSError, RuntimeError) as error:
            log.error("message %s in box %s could not be saved: %s", message.id, box.name, error)
            self._tell(message, Kind.VOICEMAIL_FAILED, box=box.name, message=message.id, reason=str(error)[:200])
            return False
        self._tell(message, Kind.VOICEMAIL_LEFT, box=box.name, message=message.id, duration_s=kept.duration_s)
        await self.answerable(box, kept)
        self._left(self._shelf.find(box.name, message.id) or kept)
        return True

    async def answerable(self, box: Box, message: Message) -> None:
        """Somebody owes the caller an answer: the message becomes a contact of the box's queue."""
        book = self._services.contacts
        if not box.queue or book is None or message.contact or not message.is_new:
            return
        queue = next(entry for entry in self._services.config.queue if entry.name == box.queue)
        deadline_s = box.deadline_s or queue.missed_deadline_s or self._services.config.contacts.missed_deadline_s
        request = OpenRequest(
            kind=ItemKind.VOICEMAIL,
            number=message.caller,
            queue=box.queue,
            name=message.caller_name,
            since=message.at,
            promise=message.at + deadline_s,
            language=message.language,
            owner=queue.missed_owner or f"queue:{box.queue}",
            source={"box": box.name, "voicemail": message.id},
            origin_call=message.call_id,
            key=f"voicemail:{message.id}",
            reason="voicemail",
        )
        try:
            item, _ = await book.open(request)
            await self._shelf.change(message, contact=item.id)
        except Exception:  # the message is safe; its contact is opened again at the next start
            log.exception("message %s became no contact of queue %s", message.id, box.queue)

    async def recover(self, message: Message, boxes: dict[str, Box]) -> bool:
        """A message whose recording a crash cut off: kept when anything was said in it. Whether it was kept."""
        box = boxes.get(message.box)
        min_s = box.min_s if box is not None else 0.0
        for name in (f"{message.file}.sealed", message.file):
            path = self._shelf.folder / name
            if not await asyncio.to_thread(path.is_file):
                continue
            try:
                pcm = await asyncio.to_thread(sounds.read, path, self._key)
                spoken_s = await asyncio.to_thread(sounds.speech_s, pcm)
            except sounds.SoundError as error:  # kept as it is: people may still make something of it
                log.error("a message that was being recorded: %s", error)
                pcm, spoken_s = b"", min_s
            if spoken_s >= min_s:
                duration_s = len(pcm) / 2 / sounds.RATE
                kept = await self._shelf.keep(message, file=name, duration_s=duration_s, recovered=True)
                told = {"box": message.box, "message": message.id, "duration_s": kept.duration_s, "recovered": True}
                self._tell(kept, Kind.VOICEMAIL_LEFT, **told)
                return True
        await self._shelf.erase(message)
        return False

    async def settle(self) -> None:
        """Waits for what is being saved."""
        while self._saving:
            await asyncio.wait(tuple(self._saving))

    async def _refuse(self, call: Call, box: Box, why: str) -> str:
        log.error("call %s: box %s takes no message: %s", call.id, box.name, why)
        call.emit(Kind.VOICEMAIL_FAILED, box=box.name, message="", reason=why[:200])
        await call.say(texts.NOT_SAVED)
        return EMPTY

    def _message(self, call: Call, box: Box) -> Message:
        now = self._services.clock.unix()
        message = new_id(now)
        hidden = call.setup.withheld
        return Message(
            id=message,
            box=box.name,
            caller="" if hidden else call.caller,
            caller_name="" if hidden else call.caller_name,
            call_id=call.id,
            at=now,
            file=f"voicemail/{box.name}/{message}.wav",
            language=call.language,
        )

    def _tell(self, about: Message, kind: Kind, /, **data: Any) -> None:
        """Into the journey of the call that left the message, which may be over."""
        self._services.bus.publish(CallEvent(kind, about.call_id, "a", self._services.clock.unix(), data))

    async def _done(self, step: Coroutine[Any, Any, None]) -> None:
        try:
            await step
        except (OSError, RuntimeError) as error:
            log.error("%s", error)

    def _task(self, work: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
        task = asyncio.get_running_loop().create_task(work)
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)
        return task
