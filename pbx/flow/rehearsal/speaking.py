"""What a caller of a rehearsal says to a menu: the real listening, silences and limits, and a recognizer that errs only
where the script says so.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from pbx.config_speech import Recognizer as Settings
from pbx.flow.hearing import Hearing
from pbx.web.recognizer import NotRecognized, Recognizer

if TYPE_CHECKING:
    from pathlib import Path

    from pbx.call.call import Call
    from pbx.flow.hearing import Heard
    from pbx.flow.rehearsal.ports import World
    from pbx.web.client import Web

WORD_S = 0.35  # that a word takes
RECOGNIZED_S = 0.5  # that the recognizer takes


class ScriptedHearing(Hearing):
    """`services.extra["hearing"]`: no sound is read, and what was said is known."""

    def __init__(self, world: World, web: Web, settings: Settings) -> None:
        super().__init__(Recognizer(web, settings), b"")
        self._world = world

    async def listen(self, call: Call, *, timeout_s: float, longest_s: float) -> Heard:
        """See Hearing.listen."""
        world = self._world
        world.spoken = ("", 0.0)
        listening = asyncio.ensure_future(super().listen(call, timeout_s=timeout_s, longest_s=longest_s))
        asyncio.get_running_loop().call_soon(world.on_listening, True)  # when the recording has begun
        try:
            return await listening
        finally:
            listening.cancel()
            world.on_listening(False)

    async def _understand(self, call: Call, sound: Path) -> str:
        del sound
        words, began = self._world.spoken
        heard = math.ceil((call.loop.time() - began) / WORD_S)
        await asyncio.sleep(RECOGNIZED_S)
        if self._world.script.recognizer == "fails":
            raise NotRecognized("the script says that the recognizer does not answer", again=True)
        return " ".join(words.split()[:heard])

    async def _forget(self, sound: Path) -> None:
        """There is no file."""
