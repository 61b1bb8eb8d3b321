"""One piece of sound that a caller speaks: recorded until `#`, silence, the longest time, or the end of the call.

The caller stands in a conference of his own meanwhile: it is there that the media threads tell when somebody begins
and ends to talk.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pbx.call.call import Call
    from pbx.call.ports import Recording

log = logging.getLogger("centrala.call")

GLANCE_S = 0.25  # how often silence is looked at
HANG_S = 0.5  # the media threads tell the end of talk so much later (core/signal/mixer: TALK_FRAMES)


class CannotRecord(Exception):
    """There is no recording: the disk or the media threads refuse. The operator was told by an alarm."""


class Take:
    """`begin`, then `listen` (may be cancelled), then `finish` in any case. `talk_s` counts speech so far."""

    def __init__(self, call: Call, path: str) -> None:
        self._call = call
        self._loop = call.loop
        self._path = path
        self._recording: Recording | None = None
        self._room: Any = None
        self._talking_since: float | None = None
        self._quiet_since = self._loop.time()
        self._talked_s = 0.0
        self.began = self._loop.time()

    def begin(self) -> None:
        """Starts to record. Raises CannotRecord."""
        call, media = self._call, self._call.a.media
        if media is None:
            raise CannotRecord("the call has no stream")
        recorder = call.services.recorder
        recorder.stop(call)  # a stream has one recording; a later talk that is to be recorded has another file
        self._recording = recorder.begin(lambda path: media.record(path, None, converts=False), self._path)
        if self._recording is None:
            raise CannotRecord("the recording could not be started")
        self.began = self._quiet_since = self._loop.time()
        try:
            self._room = call.services.media.open_room(near=media)
            self._room.on_talker = self._talks
            self._room.join(media)
        except (RuntimeError, ValueError) as error:  # busy: without it nothing is cut short
            log.warning("call %s: silence is not noticed: %s", call.id, error)
            self._leave()
            self._talking_since = self.began

    @property
    def talk_s(self) -> float:
        """Seconds of talk so far."""
        running = self._loop.time() - self._talking_since if self._talking_since is not None else 0.0
        return self._talked_s + running

    @property
    def quiet_s(self) -> float:
        """Seconds since the caller talked last; 0 while he does."""
        return 0.0 if self._talking_since is not None else self._loop.time() - self._quiet_since

    async def listen(self, *, max_s: float, silence_s: float, stops: str = "#") -> str:
        """Until a key of `stops` (returned), "silence" or "max"."""
        end = self.began + max_s
        while True:
            now = self._loop.time()
            if now >= end:
                return "max"
            if silence_s and self.quiet_s >= silence_s:
                return "silence"
            digit = await self._call.digit(min(GLANCE_S, end - now))
            if digit and digit in stops:
                return digit

    def pause(self) -> None:
        """Nothing is judged any more: how much was said is what `talk_s` says from now on."""
        if self._talking_since is not None:
            self._talked_s, self._talking_since = self.talk_s, None
        self._leave()

    async def finish(self) -> tuple[Path, str, float]:
        """Ends it: the file, its name below the recordings folder, its length in seconds. Raises OSError."""
        self.pause()
        assert self._recording is not None
        duration_s = await self._recording.stop()
        return self._recording.path, self._recording.relative_path, duration_s

    def _talks(self, _who: Any, begins: bool) -> None:
        now = self._loop.time()
        if begins:
            self._talking_since = now
        elif self._talking_since is not None:
            self._talked_s += max(0.0, now - self._talking_since - HANG_S)
            self._talking_since, self._quiet_since = None, now - HANG_S

    def _leave(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.close()
