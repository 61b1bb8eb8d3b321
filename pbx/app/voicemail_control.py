"""Voicemail in the process: started after the contacts, and answered for on the control socket."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.voicemail_routes import voicemail_routes
from pbx.events import CallEvent, Kind
from pbx.media.sealing import SealError
from pbx.media.stored_sound import StoredSound, open_below
from pbx.metrics.voicemail import BoxNow, VoicemailMetrics, VoicemailNow
from pbx.voicemail.message import Message
from pbx.voicemail.service import Voicemail

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


async def start(app: Pbx, stack: AsyncExitStack) -> Voicemail:
    """Before the first call: what a crash left is taken up, lamps are lit; `stack` stops it. Raises ValueError or
    OSError for the key.
    """
    voicemail = Voicemail(app.calls.services, app.store.voicemail, Path(app.media.tapes.folder))
    app.metrics.add(VoicemailMetrics(app.bus, lambda: _now(voicemail)))
    await voicemail.start()
    stack.push_async_callback(voicemail.stop)
    return voicemail


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return voicemail_routes(PbxVoicemailControl(app))


def _now(voicemail: Voicemail) -> VoicemailNow:
    boxes = {name: BoxNow(*voicemail.shelf.count(name)) for name in voicemail.boxes}
    return VoicemailNow(boxes, voicemail.pins.failures, voicemail.pins.locked)


class PbxVoicemailControl:
    """Implements pbx.api.voicemail_routes.VoicemailControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _voicemail(self) -> Voicemail:
        return self._app.voicemail

    def boxes(self) -> list[dict[str, Any]]:
        shelf, found = self._voicemail.shelf, []
        for name, box in self._voicemail.boxes.items():
            new, old = shelf.count(name)
            found.append(
                {
                    "name": name,
                    "extension": box.extension,
                    "queue": box.queue,
                    "new": new,
                    "old": old,
                    "recording": shelf.recording(name),
                    "room_for": max(0, box.max_messages - len(shelf.everything(name))),
                    "greetings": self._voicemail.greetings.names(name),
                    "locked": self._voicemail.pins.is_locked(f"box {name}"),
                }
            )
        return found

    def messages(self, box: str) -> list[dict[str, Any]]:
        try:
            return [_row(message) for message in self._voicemail.list(box)]
        except KeyError as error:
            raise Refused(404, str(error.args[0])) from None

    async def change(self, box: str, message: str, fields: dict[str, bool]) -> dict[str, Any]:
        found = self._find(box, message)
        now = self._app.clock.unix()
        changes: dict[str, Any] = {}
        if "heard" in fields:
            changes["heard"] = (found.heard or now) if fields["heard"] else 0.0
        if "deleted" in fields:
            changes["deleted"] = (found.deleted or now) if fields["deleted"] else 0.0
        if "saved" in fields:
            changes["saved"] = fields["saved"]
        try:
            return _row(await self._voicemail.shelf.change(found, **changes))
        except RuntimeError as error:
            raise Refused(503, str(error)) from None

    async def erase(self, box: str, message: str) -> dict[str, Any]:
        found = self._find(box, message)
        try:
            await self._voicemail.shelf.erase(found)
        except (OSError, RuntimeError) as error:
            raise Refused(503, str(error)) from None
        return _row(found)

    async def open(self, box: str, message: str, by: str) -> tuple[StoredSound, str]:
        """The sound of a message, and a name to save it by. `by` is told in the journey of the call that left it."""
        found = self._find(box, message)
        tapes = self._app.media.tapes
        try:
            sound = await asyncio.to_thread(open_below, tapes.folder, found.file, tapes.key)
        except FileNotFoundError:
            raise Refused(404, f"the file of message {message} is gone") from None
        except SealError as error:
            raise Refused(409, str(error)) from None
        except OSError as error:
            raise Refused(503, f"message {message} cannot be read: {error.strerror}") from None
        if by:
            data = {"recording": message, "by": by, "box": box}
            now = self._app.clock.unix()
            self._app.bus.publish(CallEvent(Kind.RECORDING_LISTENED, found.call_id, "a", now, data))
        return sound, f"{message}.wav"

    def announcements(self) -> list[dict[str, Any]]:
        port = self._voicemail.announcements
        return [
            {
                "name": name,
                "code": entry.code,
                "valid": port.is_valid(name),
                "recorded_at": port.recorded.get(name, {}).get("at"),
                "recorded_by": port.recorded.get(name, {}).get("by", ""),
                "hours": entry.hours,
            }
            for name, entry in port.configured.items()
        ]

    def _find(self, box: str, message: str) -> Message:
        found = self._voicemail.shelf.find(box, message)
        if found is None:
            raise Refused(404, f"box {box} has no message {message}; `centrala voicemail list {box}` shows them")
        return found


def _row(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "box": message.box,
        "caller": message.caller,
        "caller_name": message.caller_name,
        "call_id": message.call_id,
        "at": message.at,
        "duration_s": message.duration_s,
        "heard": message.heard or None,
        "saved": message.saved,
        "deleted": message.deleted or None,
        "contact": message.contact,
        "recovered": message.recovered,
        "file": message.file,
        "transcript": message.transcript,
    }
