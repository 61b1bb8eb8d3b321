"""Voicemail put together: boxes, lamps, what a crash left, retention; and the applications that reach it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.config import Config
from pbx.config_voicemail import Voicemail as Box
from pbx.configfile.recording_key import read_recording_key
from pbx.voicemail import texts
from pbx.voicemail.announcements import Announcements
from pbx.voicemail.deposit import OWNER, Deposit
from pbx.voicemail.greetings import Greetings
from pbx.voicemail.listening import Listening
from pbx.voicemail.message import Message, MessageState, MessageStore
from pbx.voicemail.pins import Pins
from pbx.voicemail.shelf import Shelf
from pbx.voicemail.studio import Studio
from pbx.voicemail.transcribing import Transcribing
from pbx.web.recognizer import Recognizer

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.services import Services

log = logging.getLogger("centrala.voicemail")

SWEEP_S = 3600.0
MAX_BOX_DIGITS = 20


class Voicemail:
    """Sets `services.extra["voicemail"]` and `["announcements"]`. Built after the contacts and before the first call;
    stopped after the last call and before the store.
    """

    def __init__(self, services: Services, store: MessageStore, folder: Path) -> None:
        """`folder` is that of the recordings. Raises ValueError or OSError when the key cannot be used."""
        config = services.config
        name = config.media.recordings_key_file
        key = read_recording_key(Path(name)) if name else b""
        self.services = services
        self.boxes: dict[str, Box] = {}
        self._started = False
        self.shelf = Shelf(store, folder, self._changed)
        self.pins = Pins(services)
        self.studio = Studio(services, folder, key)
        self.greetings = Greetings(self.studio)
        self.announcements = Announcements(self.studio, self.pins)
        web = services.extra.get("web")
        recognizer = Recognizer(web, config.speech.recognizer) if config.speech.recognizer.url and web else None
        self.transcribing = Transcribing(services, self.shelf, self.boxes, key, recognizer)
        self.deposit = Deposit(services, self.shelf, self.greetings, key, self.transcribing.left)
        self._lamps: dict[str, list[str]] = {}
        self.configure(config)
        services.followers.rebuild(self.configure, "voicemail", "announcement")
        self._sweep: asyncio.Task[None] | None = None
        services.extra["voicemail"] = self
        services.extra["announcements"] = self.announcements
        services.applications.register("voicemail", self._leaving)
        services.applications.register("mailbox", self._opening, keep=False)
        services.applications.register("announcement", self.announcements.application, keep=False)

    def configure(self, config: Config) -> None:
        """From now on these boxes and announcements. The messages of a box that is no more are kept until they are too
        old, and are there when it comes again."""
        self.boxes.clear()
        self.boxes.update({box.name: box for box in config.voicemail})
        self._own = {box.extension: box for box in reversed(config.voicemail) if box.extension}
        self.announcements.configure(config)
        before, self._lamps = self._lamps, _lamps(config)
        if self._started:
            known = self.services.dialplan.extensions
            for extension in {*before, *self._lamps}:
                if extension in known:
                    self._light(extension)
            self._begin_sweeping()

    def _begin_sweeping(self) -> None:
        if self.boxes and self._sweep is None:
            self._sweep = asyncio.get_running_loop().create_task(self._sweeping())

    async def start(self) -> None:
        """Takes up what an earlier process left, and lights the lamps."""
        for message in self.shelf.load():
            try:
                if message.state is MessageState.ERASED:
                    await self.shelf.erase(message)
                elif await self.deposit.recover(message, self.boxes):
                    log.warning("box %s: a message that was being recorded is kept", message.box)
            except (OSError, RuntimeError) as error:
                log.error("message %s: %s", message.id, error)
        for box in self.boxes.values():
            for message in self.shelf.messages(box.name):
                await self.deposit.answerable(box, message)
                self.transcribing.left(message)
        await asyncio.to_thread(self.studio.tidy)
        for extension in self._lamps:
            self._light(extension)
        self._started = True
        self._begin_sweeping()

    async def stop(self) -> None:
        """Waits until what was said to be saved is."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        await self.deposit.settle()
        await self.transcribing.stop()

    def texts(self) -> list[tuple[str, str]]:
        """(text, language) of what is said often, for preloading."""
        if not self.boxes and not self.announcements.configured:
            return []
        config = self.services.config
        spoken = sorted({config.server.language, *(flow.language for flow in config.flow if flow.language)})
        kept = [box.greeting for box in self.boxes.values()] + [box.closed_greeting for box in self.boxes.values()]
        kept += [entry.text for entry in self.announcements.configured.values()]
        own = [(words, language) for text in kept for language, words in text.items()]
        return [*own, *((text[language], language) for text in texts.PRELOADED for language in spoken)]

    # -- what calls do ---------------------------------------------------------------------------------------------

    async def leave(self, call: Call, box: str, *, greeting: list[Any] | None = None, max_s: float = 0.0) -> str:
        """For flows: "recorded" or "empty"."""
        outcome = await self.deposit.leave(call, self.boxes[box], greeting=greeting, max_s=max_s)
        if outcome == OWNER:
            await self.listen(call, self.boxes[box])
            return "empty"
        return outcome

    async def listen(self, call: Call, box: Box) -> None:
        """For the owner: asks for the PIN where it has to."""
        await call.answer()
        own = bool(box.extension) and call.extension == box.extension
        open_to_him = own and (not box.ask_own_phone or not box.pin)
        if not open_to_him and not await self.pins.asked(call, f"box {box.name}", box.pin):
            await call.say(texts.GOODBYE)
            return
        await Listening(call, box, self.shelf, self.studio, self.greetings).run()

    def _leaving(self, name: str) -> Application | None:
        if name and name not in self.boxes:
            return None

        async def voicemail(call: Call) -> None:
            forwarded = str(call.variables.pop("forward.from", ""))
            box = self.boxes.get(name) if name else self._own.get(forwarded or call.extension)
            if box is None:
                await self._asked(call)
            elif not forwarded and box.extension and call.extension == box.extension:
                await self.listen(call, box)
            else:
                await self.leave(call, box.name)
            call.variables.pop("forward.reason", None)

        return voicemail

    def _opening(self, name: str) -> Application | None:
        if name and name not in self.boxes:
            return None

        async def mailbox(call: Call) -> None:
            box = self.boxes.get(name) if name else self._own.get(call.extension)
            if box is None:
                await self._asked(call)
            else:
                await self.listen(call, box)

        return mailbox

    async def _asked(self, call: Call) -> None:
        """Whoever has no box of his own says which one he means."""
        await call.answer()
        clip = await call.services.prompts.get(texts.ASK_BOX[call.language], call.language)
        name = await call.collect(maximum=MAX_BOX_DIGITS, timeout_s=10.0, between_s=5.0, prompt=[clip])
        box = self.boxes.get(name)
        if box is None or not box.pin:
            await call.say(texts.NO_BOX)
            return
        await self.listen(call, box)

    # -- lamps and time --------------------------------------------------------------------------------------------

    def _changed(self, box: str) -> None:
        for extension, names in self._lamps.items():
            if box in names:
                self._light(extension)

    def _light(self, extension: str) -> None:
        waiting = self.services.message_waiting
        if waiting is None:
            return
        counts = [self.shelf.count(name) for name in self._lamps.get(extension, ())]
        try:
            waiting.set(extension, sum(count.new for count in counts), sum(count.old for count in counts))
        except KeyError:  # the configuration was checked: an extension that is gone
            log.warning("no lamp of extension %s", extension)

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await self.sweep()

    async def sweep(self) -> int:
        """Erases what is older than its time; how many messages that were."""
        erased = 0
        for name in self.shelf.boxes():
            box = self.boxes.get(name)
            if box is None:  # no longer configured: its messages stay until somebody erases them by command
                continue
            try:
                erased += await self.shelf.prune(name, self.services.clock.unix(), box.keep_days, box.keep_new_days)
            except (OSError, RuntimeError) as error:
                log.error("box %s: old messages were not erased: %s", name, error)
        return erased

    # -- for people ------------------------------------------------------------------------------------------------

    def list(self, box: str) -> Sequence[Message]:
        """The messages of a box, those that may be taken back included. KeyError when there is no such box."""
        if box not in self.boxes and box not in self.shelf.boxes():
            raise KeyError(f"there is no box {box!r}; boxes: {', '.join(self.boxes) or 'none'}")
        return self.shelf.everything(box)


def _lamps(config: Config) -> dict[str, list[str]]:
    """Extension to the boxes that its phones show."""
    found: dict[str, list[str]] = {}
    for box in config.voicemail:
        for extension in dict.fromkeys([box.extension, *box.lamps]):
            if extension:
                found.setdefault(extension, []).append(box.name)
    return found
