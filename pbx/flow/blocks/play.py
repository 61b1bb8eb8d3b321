"""Plays a sound file of the music folder once, or an announcement that was recorded by phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.flow.run import Run


class Play(Block):
    """An announcement that is not valid at this hour is passed over."""

    kind: Literal["play"]
    sound: str = ""  # a file of media.music_dir, without its ending
    announcement: str = ""  # an [[announcement]]
    early: bool = False
    next: str = ""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if bool(self.sound) == bool(self.announcement):
            raise ValueError("name either a sound or an announcement")
        return self

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def references(self) -> list[Reference]:
        if self.announcement:
            return [Reference("announcement", self.announcement, "announcement")]
        return [Reference("sound", self.sound, "sound")]

    async def run(self, run: Run) -> str:
        call = run.call
        if not self.early:
            await call.answer()
        clips = await self._clips(run)
        if clips:
            await call.play(clips)
        return "next"

    async def _clips(self, run: Run) -> list[Any]:
        services = run.call.services
        if self.announcement:
            found: list[Any] = await services.extra["announcements"].clips(run.call, self.announcement)
            return found
        try:
            return [services.prompts.music(self.sound)]
        except KeyError as error:  # the file was taken away after the check: the caller goes on without it
            run.failed(str(error.args[0]))
            return []
