"""What a caller says in answer to a menu: recorded for some seconds, made text by the recognizer, and forgotten."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.take import CannotRecord, Take
from pbx.ids import new_id
from pbx.media.sealing import SealError
from pbx.media.stored_sound import open_sound
from pbx.web.recognizer import NotRecognized, Recognizer

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger("centrala.flow")

GLANCE_S = 0.1
QUIET_S = 0.8  # of silence end what is said
ANSWER_S = 5.0  # a caller waits so long for the recognizer
WORD = re.compile(r"\w+")


class Heard(NamedTuple):
    """A key that was pressed meanwhile, else what was said; `why` when that is not known."""

    key: str = ""
    text: str = ""
    why: str = ""


class Hearing:
    """`services.extra["hearing"]` where there is a recognizer. `key` opens sealed recordings."""

    def __init__(self, recognizer: Recognizer, key: bytes) -> None:
        self._recognizer = recognizer
        self._key = key

    async def listen(self, call: Call, *, timeout_s: float, longest_s: float) -> Heard:
        """Listens until a key, until `QUIET_S` after what is said, or until nothing was said for `timeout_s`."""
        name = f"heard/{new_id(call.services.clock.unix())}.wav"
        take = Take(call, name)
        try:
            take.begin()
        except CannotRecord as error:
            return Heard(why=str(error))
        path: Path | None = None
        try:
            key = await _until_quiet(call, take, timeout_s, longest_s)
            spoken = take.talk_s > 0
            path, _, _ = await take.finish()
            if key or not spoken:
                return Heard(key)
            return Heard(text=await self._understand(call, path))
        except (NotRecognized, OSError, SealError) as error:
            return Heard(why=str(error))
        finally:
            file = path if path is not None else (await asyncio.shield(take.finish()))[0]  # the caller hung up
            await self._forget(file)

    async def _understand(self, call: Call, sound: Path) -> str:
        wav = await asyncio.to_thread(_read, sound, self._key)
        return await self._recognizer.recognize(wav, call.language, timeout_s=ANSWER_S)

    async def _forget(self, sound: Path) -> None:
        await asyncio.to_thread(sound.unlink, missing_ok=True)


def key_of(text: str, words: Mapping[str, Sequence[str]]) -> str:
    """The key whose words are said in `text`, the longest that fit; "" for none."""
    said = _plain(text)
    plain = ((_plain(phrase), key) for key, phrases in words.items() for phrase in phrases)
    found = [(len(phrase), key) for phrase, key in plain if f" {phrase} " in f" {said} "]
    return max(found, default=(0, ""))[1]


async def _until_quiet(call: Call, take: Take, timeout_s: float, longest_s: float) -> str:
    loop, began = call.loop, call.loop.time()
    while True:
        now = loop.time()
        enough_s = QUIET_S if take.talk_s else timeout_s
        if now - began >= longest_s + timeout_s or take.quiet_s >= enough_s or take.talk_s >= longest_s:
            return ""
        if digit := await call.digit(GLANCE_S):
            return digit


def _read(path: Path, key: bytes) -> bytes:
    sound = open_sound(path, key)
    try:
        return sound.read(0, sound.size)
    finally:
        sound.close()


def _plain(text: str) -> str:
    return " ".join(WORD.findall(text.casefold()))
