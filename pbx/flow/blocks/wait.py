"""Waits, with music or in silence; a key may end it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from pbx.flow.block import Block, Exit, Reference
from pbx.flow.blocks.menu import single_keys

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Wait(Block):
    """Exits: "next" when the time is over, each of `keys`."""

    kind: Literal["wait"]
    seconds: float = Field(gt=0, le=600)
    music: str = ""  # a file of the music folder, "default" for the usual music; "": silence
    keys: dict[str, str] = {}
    next: str = ""

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        return single_keys(keys)

    def exits(self) -> dict[str, Exit]:
        by_key = {key: Exit(f"keys.{key}", target, required=True) for key, target in self.keys.items()}
        return {**by_key, "next": Exit("next", self.next, required=True)}

    def references(self) -> list[Reference]:
        return [Reference("sound", self.music, "music")] if self.music and self.music != "default" else []

    async def run(self, run: Run) -> str:
        call = run.call
        if self.music:
            await call.answer()
            call.start_music(self.music)
        try:
            return await self._wait(run)
        finally:
            if self.music:
                call.stop_music()

    async def _wait(self, run: Run) -> str:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        if not self.keys:
            await asyncio.sleep(self.seconds)
            return "next"
        while (left_s := end - loop.time()) > 0:
            pressed = await run.call.digit(left_s)
            if pressed in self.keys:
                return pressed
        return "next"
