"""Listening by phone: the messages of a box, new ones first, and what may be done with each."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pbx.config_voicemail import Voicemail as Box
from pbx.contact.item import Attempt, End, WrongState
from pbx.events import Kind
from pbx.voicemail import phrases, texts
from pbx.voicemail.greetings import Greetings
from pbx.voicemail.message import Message
from pbx.voicemail.shelf import Shelf
from pbx.voicemail.studio import Studio

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.contact.book import ContactBook

log = logging.getLogger("centrala.voicemail")

STEPS = 1000  # keys that one call may press: nobody stays for ever
PATIENCE = 3  # menus without a key
MENU_S = 6.0
SKIP = "#"  # during number, caller and time: straight to the message
RING_S = 30.0


class Listening:
    """One session of one box."""

    def __init__(self, call: Call, box: Box, shelf: Shelf, studio: Studio, greetings: Greetings) -> None:
        self._call = call
        self._box = box
        self._shelf = shelf
        self._studio = studio
        self._greetings = greetings
        self._services = call.services
        self._played: set[str] = set()  # in this session, to the end or to a key

    async def run(self) -> None:
        """From the count of messages to the end."""
        call, box = self._call, self._box
        count = self._shelf.count(box.name)
        call.emit(Kind.VOICEMAIL_OPENED, box=box.name, new=count.new, old=count.old)
        await call.say(phrases.box_says(*count) if count.new or count.old else texts.EMPTY)
        messages = [each.id for each in self._shelf.messages(box.name)]
        at, key, silent = 0, "1", 0
        for _ in range(STEPS):
            if key == "0":
                await self._greetings.menu(call, box)
            elif key == "*" or silent >= PATIENCE:
                await call.say(texts.GOODBYE)
                return
            elif key == "2" and at + 1 >= len(messages):
                await call.say(texts.NO_MORE)
            elif key in ("2", "4"):
                at, key = (at + 1 if key == "2" else max(at - 1, 0)), "1"
            if messages:
                key = await self._one(messages[at], at + 1, key)
            else:
                key = ""
            if not key:
                key = await self._menu()
            silent = 0 if key else silent + 1

    async def _menu(self) -> str:
        call = self._call
        clip = await call.services.prompts.get(texts.MENU[call.language], call.language)
        return await call.collect(timeout_s=MENU_S, terminator="", prompt=[clip])

    async def _one(self, message_id: str, number: int, key: str) -> str:
        """Does what `key` says with the message; returns a key that was pressed meanwhile."""
        message = self._shelf.find(self._box.name, message_id)
        if message is None:  # erased meanwhile, by command or because its time was over
            return ""
        if key == "1":
            return await self._play(message, number)
        if key == "7":
            await self._delete(message)
        elif key == "8":
            await self._call_back(message)
        elif key == "9":
            await self._shelf.change(message, saved=True, deleted=0.0)
            await self._call.say(texts.KEPT)
            return "2"
        return ""

    async def _play(self, message: Message, number: int) -> str:
        call, services = self._call, self._services
        head = phrases.head(number, message.caller, message.at, services.clock.unix(), services.config.server.timezone)
        key = await call.say(head, interruptible=True)
        if key and key != SKIP:
            return key
        clip = await self._studio.clip(message.file)
        if clip is None:
            await call.say(texts.UNREADABLE)
            return ""
        key = await call.play([clip], interruptible=True)
        await self._heard(message)
        return key

    async def _heard(self, message: Message) -> None:
        self._played.add(message.id)
        if message.heard:
            return
        now = self._services.clock.unix()
        message = await self._shelf.change(message, heard=now)
        by = self._who()
        self._call.emit(
            Kind.VOICEMAIL_HEARD, box=message.box, message=message.id, by=by, age_s=round(now - message.at, 1)
        )
        if self._box.done_when == "heard":
            await self._close(message, End.CANCELLED, "heard")

    async def _delete(self, message: Message) -> None:
        deleted = 0.0 if message.deleted else self._services.clock.unix()
        await self._shelf.change(message, deleted=deleted)
        kind = Kind.VOICEMAIL_DELETED if deleted else Kind.VOICEMAIL_RESTORED
        self._call.emit(kind, box=message.box, message=message.id, by=self._who())
        await self._call.say(texts.DELETED if deleted else texts.RESTORED)

    async def _call_back(self, message: Message) -> None:
        """Only from a phone of ours: who knows a PIN from outside must not make calls at our expense."""
        call = self._call
        if not call.extension or not message.caller:
            await call.say(texts.NO_CALL_BACK)
            return
        at = self._services.clock.unix()
        result = await call.dial(message.caller, timeout_s=RING_S)
        told = {"box": message.box, "message": message.id, "answered": result.answered, "talk_s": result.talk_s}
        call.emit(Kind.VOICEMAIL_CALLED_BACK, **told, by=self._who())
        if not result.answered:
            await call.say(texts.NO_CALL_BACK)
        reached = result.answered and result.talk_s >= self._services.config.contacts.reached_talk_s
        outcome = "reached" if reached else "short_talk" if result.answered else result.cause
        attempt = Attempt(at, call.id, outcome, self._services.clock.unix(), f"agent:{call.extension}")
        await self._contact(
            message, lambda book: book.note_attempt(message.contact, attempt, End.REACHED if reached else "")
        )

    async def _close(self, message: Message, end: End, reason: str) -> None:
        await self._contact(message, lambda book: book.close(message.contact, end, self._who(), reason))

    async def _contact(self, message: Message, step: Any) -> None:
        book: ContactBook | None = self._services.contacts
        if book is None or not message.contact:
            return
        try:
            await step(book)
        except WrongState:  # the customer rang again, or somebody else called: it has its end
            log.info("message %s: its contact %s is closed already", message.id, message.contact)
        except Exception:
            log.exception("message %s: its contact %s was not changed", message.id, message.contact)

    def _who(self) -> str:
        return f"agent:{self._call.extension}" if self._call.extension else f"phone:{self._call.caller}"
