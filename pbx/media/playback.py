"""Clips that a stream or a room plays: one future from the first clip to the end of the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.engine.engine import EngineBusy

if TYPE_CHECKING:
    from pbx.media.clip import Clip
    from pbx.media.engine import MediaEngine

CLIPS_PER_PLAY = 16  # what one command to a media thread holds


def _closed(_clips: list[int], _repeat: bool) -> int:
    raise RuntimeError("a closed playback plays nothing")


class Playback:
    """What is being played by one player of the media threads; a new play replaces the one before.

    `submit` gives clip ids and `repeat` to the thread and returns the play's token.
    """

    __slots__ = ("_clips", "_engine", "_playing", "_rest", "_submit", "token")

    def __init__(self, engine: MediaEngine, submit: Callable[[list[int], bool], int]) -> None:
        self._engine = engine
        self._submit = submit
        self.token = -1
        self._playing: asyncio.Future[bool] | None = None
        self._clips: Sequence[Clip] = ()  # held so that their ids stay alive while they are played
        self._rest: Sequence[Clip] = ()  # what did not fit into one command

    @property
    def active(self) -> bool:
        """Whether something is played, as far as Python was told."""
        return self._playing is not None

    def play(self, clips: Sequence[Clip], repeat: bool) -> asyncio.Future[bool]:
        """Starts; the future gives True at the end, False when stopped, replaced or refused by a busy thread."""
        if repeat and len(clips) > CLIPS_PER_PLAY:
            raise ValueError(f"{len(clips)} clips cannot be repeated together; at most {CLIPS_PER_PLAY} can")
        self.settle(False)
        playing: asyncio.Future[bool] = self._engine.loop.create_future()
        if not clips:
            playing.set_result(True)
            return playing
        self._playing = playing
        self._start(clips, repeat)
        return playing

    def ended(self, token: int, finished: bool, go_on: bool) -> None:
        """The media thread told the end of a play; one that was replaced in the meantime is passed over."""
        if token != self.token or self._playing is None:
            return
        if finished and self._rest and go_on:
            self._start(self._rest, False)
        else:
            self.settle(finished)

    def settle(self, finished: bool) -> None:
        """Gives the future its result and lets go of the clips."""
        playing, self._playing = self._playing, None
        self._clips = self._rest = ()
        self.token = -1
        if playing is not None and not playing.done():
            playing.set_result(finished)

    def close(self) -> None:
        """Nothing is played any more. Who submits is let go of: he holds this, and cycles are collected late."""
        if self._playing is not None:
            self.settle(False)
        self._submit = _closed

    def _start(self, clips: Sequence[Clip], repeat: bool) -> None:
        self._clips, self._rest = clips[:CLIPS_PER_PLAY], clips[CLIPS_PER_PLAY:]
        try:
            self.token = self._submit([clip.id for clip in self._clips], repeat)
        except EngineBusy as error:
            self._engine.count_busy(error)
            self.settle(False)
