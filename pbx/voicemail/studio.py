"""Where greetings and announcements are recorded by phone, reviewed, and played from."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.call.take import CannotRecord, Take
from pbx.media.recording import SUFFIX
from pbx.voicemail import sounds, texts
from pbx.voicemail.sounds import SoundError

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services

log = logging.getLogger("centrala.voicemail")

LEAST_TALK_S = 0.5
SILENCE_S = 6.0
ROUNDS = 10  # of recording and listening
REVIEW = "voicemail/review"  # below the recordings folder: what nobody has accepted yet


class Studio:
    """`folder` is that of the recordings, `key` what seals them (b"" for none)."""

    def __init__(self, services: Services, folder: Path, key: bytes) -> None:
        self.services = services
        self.folder = folder
        self._key = key

    async def clip(self, file: str) -> Any:
        """A recorded sound; None, with a line in the log, when it cannot be read."""
        try:
            pcm = await asyncio.to_thread(sounds.read, self.folder / file, self._key)
            return self.services.media.clip(pcm, f"recorded:{file}") if pcm else None
        except (SoundError, ValueError, MemoryError) as error:
            log.error("%s", error)
            return None

    async def record(self, call: Call, name: str, *, max_s: float) -> str:
        """Records until the caller accepts; the file below the recordings folder, or "" when nothing is to change."""
        for _ in range(ROUNDS):
            file = await self._once(call, f"{REVIEW}/{Path(name).name}", max_s)
            if not file:
                return ""
            verdict = await self._review(call, file)
            if verdict == "1":
                return await asyncio.to_thread(self._accept, file, name)
            self.remove(file)
            if verdict != "2":
                await call.say(texts.DISCARDED)
                return ""
        return ""

    def _accept(self, file: str, name: str) -> str:
        """Moves what was reviewed to its place; the name there. A sealed file stays one."""
        accepted = name + (SUFFIX if file.endswith(SUFFIX) else "")
        path = self.folder / accepted
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / file).rename(path)
        sounds.fsync(path)
        return accepted

    async def _once(self, call: Call, name: str, max_s: float) -> str:
        await call.say(texts.SPEAK, interruptible=True)
        await call.play([self.services.prompts.tone("beep")])
        call.clear_digits()
        take = Take(call, name)
        try:
            take.begin()
        except CannotRecord:
            await call.say(texts.NOT_SAVED)
            return ""
        file = ""
        try:
            await take.listen(max_s=max_s, silence_s=SILENCE_S)
        finally:
            talk_s = take.talk_s
            ending = asyncio.ensure_future(take.finish())
            try:
                _, file, _ = await asyncio.shield(ending)
            except asyncio.CancelledError:  # hung up: nobody accepted it
                ending.add_done_callback(_remove_taken)
                raise
            except OSError:
                file = ""
        if not file:
            await call.say(texts.NOT_SAVED)
            return ""
        if talk_s < LEAST_TALK_S:
            self.remove(file)
            await call.say(texts.NOTHING_HEARD)
            return ""
        return file

    async def _review(self, call: Call, file: str) -> str:
        """ "1" to accept, "2" to record again, anything else to discard. A hang-up discards."""
        try:
            for _ in range(ROUNDS):
                clip = await self.clip(file)
                menu = await call.services.prompts.get(texts.REVIEW[call.language], call.language)
                heard = [clip, menu] if clip is not None else [menu]
                key = await call.collect(timeout_s=8.0, terminator="", prompt=heard)
                if key in ("1", "2"):
                    return key
                if key != "3":
                    return ""
        except BaseException:
            self.remove(file)
            raise
        return ""

    async def keep(self, call: Call, room: str, key: str, value: dict[str, Any], before: dict[str, Any] | None) -> bool:
        """Writes down what was recorded in place of `before`; False, said to the caller, when the store does not take
        it.
        """
        try:
            await self.services.keeper.keep(room, key, value)
        except Exception:  # whatever the store has: nobody may believe that it was done
            log.exception("call %s: a recording could not be kept", call.id)
            self.services.keeper.put(room, key, before)
            await call.say(texts.NOT_SAVED)
            return False
        return True

    def tidy(self) -> None:
        """Removes what was being recorded or reviewed when the process died. In a thread."""
        for path in (self.folder / REVIEW).glob("*.wav*"):
            path.unlink(missing_ok=True)

    def remove(self, file: str) -> None:
        """A recorded file that is needed no longer."""
        try:
            os.unlink(self.folder / file)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("%s cannot be removed: %s", file, error)


def _remove_taken(done: asyncio.Future[tuple[Path, str, float]]) -> None:
    if not done.cancelled() and done.exception() is None:
        done.result()[0].unlink(missing_ok=True)
