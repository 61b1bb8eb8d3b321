"""A recording of one or two streams, from start to the moment when all of it is on disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path


class Recording:
    """Runs until `stop`, or until the recorded streams are closed; `ended` gives its length in seconds.

    A full disk or a vanished folder ends the recording early: `ended` raises the OSError then, and an alarm is
    published. The call goes on.
    """

    __slots__ = ("_stop", "ended", "id", "path")

    def __init__(self, recording: int, path: Path, ended: asyncio.Future[float], stop: Callable[[int], None]) -> None:
        self.id = recording
        self.path = path
        self.ended = ended
        self._stop: Callable[[int], None] | None = stop

    @property
    def active(self) -> bool:
        """Whether it goes on; False from the call of `stop` on."""
        return self._stop is not None and not self.ended.done()

    def stop(self) -> asyncio.Future[float]:
        """Ends the recording at once; the future gives its length in seconds when all is on disk. Repeatable."""
        stop, self._stop = self._stop, None
        if stop is not None and not self.ended.done():
            stop(self.id)
        return self.ended

    def finish(self, duration_s: float, errno: int) -> OSError | None:
        """Called by the media engine when the file is closed; `errno` 0 means that nothing is missing."""
        self._stop = None
        error = OSError(errno, os.strerror(errno), str(self.path)) if errno else None
        if not self.ended.done():
            if error is None:
                self.ended.set_result(duration_s)
            else:
                self.ended.set_exception(error)
                self.ended.exception()  # seen: nobody has to wait for it
        return error
