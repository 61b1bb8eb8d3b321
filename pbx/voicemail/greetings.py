"""What callers hear before the tone: greetings that the owner recorded, else texts; and how they are recorded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pbx.config_voicemail import Voicemail as Box
from pbx.events import Kind
from pbx.ids import new_id
from pbx.voicemail import texts

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.voicemail.studio import Studio

log = logging.getLogger("centrala.voicemail")

ROOM = "voicemail_greetings"
KINDS = {"1": "personal", "2": "busy", "3": "absence"}
SWITCH = "4"
MAX_S = 60.0
ROUNDS = 20  # of the menu, so that nobody stays for ever


class Greetings:
    """Recorded ones by "box/kind": {"file", "at", "on"}."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._services = studio.services
        self._recorded: dict[str, dict[str, Any]] = dict(self._services.keeper.load(ROOM))

    def names(self, box: str) -> list[str]:
        """The greetings that were recorded for a box."""
        return sorted(key.partition("/")[2] for key in self._recorded if key.startswith(f"{box}/"))

    async def clips(self, call: Call, box: Box) -> tuple[list[Any], str]:
        """What the caller hears, and which greeting that is."""
        shut = bool(box.hours) and self._services.dialplan.hours.state(box.hours) != "open"
        for kind in self._wanted(call, box, shut):
            kept = self._recorded.get(f"{box.name}/{kind}")
            clip = await self._studio.clip(kept["file"]) if kept is not None else None
            if clip is not None:
                return [clip], kind
        text = (shut and box.closed_greeting) or box.greeting or texts.GREETING
        language = call.language if call.language in text else next(iter(text))
        return [await self._services.prompts.get(text[language], language)], "text"  # type: ignore[index]

    def _wanted(self, call: Call, box: Box, shut: bool) -> list[str]:
        absent = shut or self._recorded.get(f"{box.name}/absence", {}).get("on", False)
        if absent and f"{box.name}/absence" not in self._recorded:
            return [] if shut and box.closed_greeting else ["personal"]
        busy = call.variables.get("forward.reason") == "busy"
        return ["absence"] if absent else ["busy", "personal"] if busy else ["personal"]

    async def menu(self, call: Call, box: Box) -> None:
        """The owner records and switches greetings."""
        for _ in range(ROUNDS):
            clip = await call.services.prompts.get(texts.GREETINGS[call.language], call.language)
            key = await call.collect(timeout_s=8.0, terminator="", prompt=[clip])
            if key in KINDS:
                await self._record(call, box, KINDS[key])
            elif key == SWITCH:
                await self._switch(call, box)
            elif key in ("*", ""):
                return

    async def _record(self, call: Call, box: Box, kind: str) -> None:
        name = f"voicemail/greetings/{box.name}/{kind}-{new_id(self._services.clock.unix())}.wav"
        file = await self._studio.record(call, name, max_s=MAX_S)
        if file:
            await self._keep(call, box, kind, {"file": file, "at": self._services.clock.unix(), "on": True})

    async def _switch(self, call: Call, box: Box) -> None:
        kept = self._recorded.get(f"{box.name}/absence")
        if kept is None:
            await self._record(call, box, "absence")
            return
        on = not kept["on"]
        if await self._keep(call, box, "absence", {**kept, "on": on}, say=False):
            await call.say(texts.ABSENCE_ON if on else texts.ABSENCE_OFF)

    async def _keep(self, call: Call, box: Box, kind: str, value: dict[str, Any], *, say: bool = True) -> bool:
        """Durable before it is told."""
        key = f"{box.name}/{kind}"
        before = self._recorded.get(key)
        if not await self._studio.keep(call, ROOM, key, value, before):
            return False
        self._recorded[key] = value
        if before is not None and before["file"] != value["file"]:
            self._studio.remove(before["file"])
        call.emit(Kind.VOICEMAIL_GREETING, box=box.name, greeting=kind, on=value["on"])
        if say:
            await call.say(texts.ACCEPTED)
        return True
