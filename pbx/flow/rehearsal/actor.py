"""The caller of a rehearsal: hears prompts, presses keys, hangs up, as the script's steps say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pbx.call.take import HANG_S
from pbx.call.testing import FakeCaller
from pbx.flow.rehearsal.script import SPOKEN, Step
from pbx.flow.rehearsal.speaking import WORD_S
from pbx.language.words import cardinal

if TYPE_CHECKING:
    from pbx.config import Language
    from pbx.flow.rehearsal.ports import World

NO_PROMPT = ("music", "tone")  # what is played and not said


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt: when it began (seconds after the call did), its length, language and words."""

    at_s: float
    length_s: float
    language: str
    words: str
    clips: tuple[str, ...] = ()  # the same, as it was put together


class Missed(Exception):
    """A step waited in vain; the text says for what and what was heard instead."""


class Actor:
    """Plays one caller. `heard` are all prompts so far."""

    def __init__(self, caller: FakeCaller, world: World) -> None:
        self.heard: list[Heard] = []
        self._caller = caller
        self._world = world
        self._listened = False  # a menu listens to him
        world.on_connected, world.on_listening = self.connected, self.listens
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._connected: list[str] = []
        self._next = 0  # the first prompt that no step has waited for
        self._over = False
        self._changed = asyncio.Event()
        caller.media.on_play = self._plays

    def _plays(self, texts: Sequence[str], length_s: float) -> None:
        spoken = [text.partition(":")[::2] for text in texts]
        prompts = [(language, words) for language, words in spoken if language not in NO_PROMPT]
        if prompts:
            said = tuple(words for _, words in prompts)
            self.heard.append(Heard(self._loop.time() - self._began, length_s, prompts[0][0], " ".join(said), said))
            self._changed.set()

    def connected(self, whom: str) -> None:
        """An agent or a phone has answered."""
        self._connected.append(whom)
        self._changed.set()

    def listens(self, on: bool) -> None:
        """A menu begins or ends to listen."""
        self._listened = on
        self._changed.set()

    def over(self) -> None:
        """The call has ended: what has not come will not come."""
        self._over = True
        self._changed.set()

    async def perform(self, steps: list[Step]) -> None:
        """Does all steps. Missed when one waits in vain."""
        for number, step in enumerate(steps, 1):
            if step.after_s:
                await asyncio.sleep(step.after_s)
            await self._do(step, number)

    async def _do(self, step: Step, number: int) -> None:
        if step.hears is not None:
            await self._hear(step.hears, step.within_s, number)
        elif step.heard_out is not None:
            prompt = await self._hear(step.heard_out, step.within_s, number)
            await asyncio.sleep(max(0.0, self._began + prompt.at_s + prompt.length_s - self._loop.time()))
        elif step.press is not None:
            for index, key in enumerate(self._spoken() if step.press == SPOKEN else step.press):
                if index and step.every_s:
                    await asyncio.sleep(step.every_s)
                if self._over:
                    raise Missed(f"step {number}: the call was over when {step.press!r} was to be pressed")
                self._caller.press(key, step.method)
        elif step.says is not None:
            await self._say(step.says, step.within_s, number)
        elif step.connected is not None:
            await self._answered(step.connected, step.within_s, number)
        elif step.wait_s is not None:
            await asyncio.sleep(step.wait_s)
        elif step.hang_up:
            self._caller.hang_up()

    def _spoken(self) -> str:
        """The digits that the last prompt said one by one."""
        if not self.heard:
            return ""
        prompt = self.heard[-1]
        language = cast("Language", prompt.language)
        digits = {cardinal(number, language): str(number) for number in range(10)}
        return "".join(digits[words] for words in prompt.clips if words in digits)

    async def _hear(self, words: str, within_s: float, number: int) -> Heard:
        until, wanted = self._loop.time() + within_s, words.casefold()
        while True:
            for index in range(self._next, len(self.heard)):
                if wanted in self.heard[index].words.casefold():
                    self._next = index + 1
                    return self.heard[index]
            if not await self._change(until):
                since = [prompt.words for prompt in self.heard[self._next :]]
                instead = f"; heard instead: {'; '.join(since)}" if since else "; nothing more was said"
                raise Missed(f"step {number}: {words!r} was not heard {self._when(within_s)}{instead}")

    async def _say(self, words: str, within_s: float, number: int) -> None:
        """Speaks when a menu listens, as the media threads tell of it: the end of talk comes late."""
        until = self._loop.time() + within_s
        while not self._listened:
            if not await self._change(until):
                raise Missed(f"step {number}: nobody listened to {words!r} {self._when(within_s)}")
        self._world.spoken = (words, self._loop.time())
        media = self._caller.media
        for talks, lasts_s in ((True, len(words.split()) * WORD_S + HANG_S), (False, 0.0)):
            if media.room is not None and media.room.on_talker is not None:
                media.room.on_talker(media, talks)
            await asyncio.sleep(lasts_s)

    async def _answered(self, whom: bool | str, within_s: float, number: int) -> None:
        until = self._loop.time() + within_s
        while not (self._connected if whom is True else whom in self._connected):
            if not await self._change(until):
                who = "nobody" if whom is True else f"{whom!r} did not"
                raise Missed(f"step {number}: {who} answer{'ed' if whom is True else ''} {self._when(within_s)}")

    def _when(self, within_s: float) -> str:
        return "before the call ended" if self._over else f"within {within_s:g} s"

    async def _change(self, until: float) -> bool:
        """Waits for something new; False when `until` has come, or the end of the call."""
        if self._over or self._loop.time() >= until:
            return False
        self._changed.clear()
        timer = self._loop.call_at(until, self._changed.set)
        await self._changed.wait()
        timer.cancel()
        return True
