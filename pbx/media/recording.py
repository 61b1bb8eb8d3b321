"""A recording of streams or a room, from start to the moment when all of it is on disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.media.session import MediaSession
    from pbx.media.tapes import Tapes

LEFT, RIGHT = 0, 1  # channels
SUFFIX = ".sealed"  # of files that are encrypted


class Recording:
    """Runs until `stop`, or until what it records is closed; `ended` gives its length in seconds.

    It goes with its sessions through hold, bridges and rooms. A full disk or a vanished folder ends it early: `ended`
    raises the OSError then, and an alarm is published. The call goes on.
    """

    __slots__ = ("_stopped", "_tapes", "_taps", "ended", "id", "path", "paused")

    def __init__(self, tapes: Tapes, path: Path, ended: asyncio.Future[float], *sessions: MediaSession) -> None:
        self._tapes = tapes
        self._stopped = False
        self._taps: dict[tuple[MediaSession, bool], int] = {(one, False): tap for tap, one in enumerate(sessions)}
        self.id = 0  # given by the media threads
        self.path = path  # a conversion changes it before `ended`
        self.ended = ended
        self.paused = False

    @property
    def active(self) -> bool:
        """Whether it goes on; False from the call of `stop` on."""
        return not self._stopped and not self.ended.done()

    @property
    def relative_path(self) -> str:
        """Below the recordings folder, as it is kept in records."""
        return os.path.relpath(self.path, self._tapes.folder)

    @property
    def sessions(self) -> tuple[MediaSession, ...]:
        """Who is recorded; of a room nobody."""
        return tuple(session for session, heard in self._taps if not heard)

    def pause(self, on: bool) -> None:
        """Records silence from now on (`on`), or sound again: card data must not be kept. Nothing is cut out."""
        if self.active:
            self.paused = on
            self._tapes.core.pause_record(self.id, on)

    def add(self, session: MediaSession, channel: int = RIGHT, *, heard: bool = False) -> None:
        """Records one more session, added up with what the channel (LEFT or RIGHT) has; nothing when it is over.

        `heard`: what the session is told while it is in a room, not what it says. Raises ValueError when the recording
        had all the sessions that it can have (32) already, or has no such channel.
        """
        if self.active and (session, heard) not in self._taps:
            tap = self._tapes.core.add_to_record(self.id, session.stream, channel, heard=heard)
            self._taps[session, heard] = tap

    def drop(self, session: MediaSession, *, heard: bool = False) -> None:
        """Records that session no longer; the recording ends with the last one."""
        tap = self._taps.pop((session, heard), None)
        if tap is not None and self.active:
            self._tapes.drop(self.id, tap)

    def stop(self) -> asyncio.Future[float]:
        """Ends the recording at once; the future gives its length in seconds when all is on disk. Repeatable."""
        if self.active:
            self._stopped = True
            self._tapes.stop(self.id)
        return self.ended

    def finish(self, duration_s: float, errno: int) -> OSError | None:
        """Called by the media engine when the file is closed; `errno` 0 means that nothing is missing."""
        self._stopped = True
        self._taps.clear()
        error = OSError(errno, os.strerror(errno), str(self.path)) if errno else None
        if not self.ended.done():
            if error is None:
                self.ended.set_result(duration_s)
            else:
                self.ended.set_exception(error)
                self.ended.exception()  # seen: nobody has to wait for it
        return error
