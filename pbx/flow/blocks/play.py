"""Plays a sound file of the music folder once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.flow.run import Run

log = logging.getLogger("centrala.flow")


class Play(Block):
    kind: Literal["play"]
    sound: str  # a file of media.music_dir, without its ending
    early: bool = False
    next: str = ""

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def references(self) -> list[Reference]:
        return [Reference("sound", self.sound, "sound")]

    async def run(self, run: Run) -> str:
        call = run.call
        if not self.early:
            await call.answer()
        try:
            clip = call.services.prompts.music(self.sound)
        except KeyError as error:  # the file was taken away after the check: the caller goes on without it
            log.error("call %s: %s", call.id, error.args[0])
            return "next"
        await call.play([clip])
        return "next"
