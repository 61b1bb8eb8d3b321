"""Announcements that people record by phone, and flows play by name while they are valid."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.config import Config
from pbx.config_voicemail import Announcement
from pbx.events import Kind
from pbx.ids import new_id
from pbx.voicemail import texts

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.voicemail.pins import Pins
    from pbx.voicemail.studio import Studio

log = logging.getLogger("centrala.voicemail")

ROOM = "announcements"


class Announcements:
    """`services.extra["announcements"]`. Recorded ones by name: {"file", "at", "by"}."""

    def __init__(self, studio: Studio, pins: Pins) -> None:
        services = self._services = studio.services
        self._studio = studio
        self._pins = pins
        self._zone = ZoneInfo(services.config.server.timezone)
        self.configure(services.config)
        self.recorded: dict[str, dict[str, Any]] = dict(services.keeper.load(ROOM))

    def configure(self, config: Config) -> None:
        """From now on these; what is recorded stays recorded."""
        self.configured: dict[str, Announcement] = {entry.name: entry for entry in config.announcement}
        self._codes = {entry.code: entry for entry in config.announcement if entry.code}

    def application(self, code: str) -> Application | None:
        """What is behind the feature code: recording the announcement of `code`."""
        entry = self._codes.get(code)
        if entry is None:
            return None

        async def record(call: Call) -> None:
            await self._record(call, entry)

        return record

    def is_valid(self, name: str) -> bool:
        """Whether the announcement is to be heard at this moment."""
        entry = self.configured[name]
        now = datetime.fromtimestamp(self._services.clock.unix(), self._zone)
        if entry.valid_from is not None and now < self._there(entry.valid_from):
            return False
        if entry.valid_until is not None and now >= self._there(entry.valid_until):
            return False
        return not entry.hours or self._services.dialplan.hours.state(entry.hours) in entry.when

    async def clips(self, call: Call, name: str) -> list[Any]:
        """What a flow plays: the recording, else the text; nothing when it is not valid now."""
        entry = self.configured.get(name)
        if entry is None or not self.is_valid(name):
            return []
        kept = self.recorded.get(name)
        clip = await self._studio.clip(kept["file"]) if kept is not None else None
        if clip is not None:
            return [clip]
        text = entry.text
        if not text:
            return []
        language = call.language if call.language in text else next(iter(text))
        return [await self._services.prompts.get(text[language], language)]

    async def _record(self, call: Call, entry: Announcement) -> None:
        await call.answer()
        if not await self._pins.asked(call, f"announcement {entry.name}", entry.pin):
            await call.say(texts.GOODBYE)
            return
        name = f"voicemail/announcements/{new_id(self._services.clock.unix())}.wav"
        file = await self._studio.record(call, name, max_s=entry.max_s)
        if not file:
            return
        before = self.recorded.get(entry.name)
        kept = {"file": file, "at": self._services.clock.unix(), "by": call.extension or call.caller}
        if not await self._studio.keep(call, ROOM, entry.name, kept, before):
            self._studio.remove(file)
            return
        self.recorded[entry.name] = kept
        if before is not None:
            self._studio.remove(before["file"])
        call.emit(Kind.ANNOUNCEMENT_RECORDED, announcement=entry.name, by=kept["by"])
        await call.say(texts.ACCEPTED)

    def _there(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)
