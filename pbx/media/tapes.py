"""The recordings that run: where their files lie, what becomes of them at the end."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.engine import EngineBusy
from pbx.media.recording import Recording

if TYPE_CHECKING:
    from core.engine.engine import Engine
    from pbx.media.engine import MediaEngine
    from pbx.media.session import MediaSession


class Tapes:
    """Recordings of one media engine, below one folder; folders are made with mode 0700, files with 0600."""

    def __init__(self, engine: MediaEngine, folder: str) -> None:
        self._engine = engine
        self.folder = folder
        self._running: dict[int, Recording] = {}
        self._folders: set[str] = set()  # that are known to be there

    def __len__(self) -> int:
        return len(self._running)

    @property
    def core(self) -> Engine:
        """The media threads."""
        return self._engine.core

    def record(self, path: str | Path, left: MediaSession, right: MediaSession | None) -> Recording:
        """Records one or two sessions. Raises OSError naming the path when it cannot be or lies outside the folder."""
        sessions = (left,) if right is None else (left, right)
        streams = [session.stream for session in sessions]
        return self._begin(path, lambda target: self.core.record(target, *streams), *sessions)

    def record_room(self, path: str | Path, room: int) -> Recording:
        """Records the mix of a room; as `record`."""
        return self._begin(path, lambda target: self.core.record_room(target, room))

    def _begin(self, path: str | Path, begin: Callable[[str], int], *sessions: MediaSession) -> Recording:
        target = os.path.normpath(os.path.join(self.folder, path))
        if not target.startswith(self.folder + os.sep):
            raise PermissionError(errno.EACCES, f"a recording must lie in {self.folder}", target)
        folder = os.path.dirname(target)
        if folder not in self._folders:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._folders.add(folder)
        try:
            number = begin(target)
        except EngineBusy as error:
            self._engine.count_busy(error)
            raise OSError(errno.EBUSY, str(error), target) from error
        except FileNotFoundError:
            self._folders.discard(folder)  # somebody removed it; the next recording makes it again
            raise
        recording = Recording(self, number, Path(target), self._engine.loop.create_future(), *sessions)
        self._running[number] = recording
        self._engine.counters.recordings += 1
        return recording

    def stop(self, number: int) -> None:
        """Ends a recording."""
        self._engine.insist(self.core.stop_record, number)

    def drop(self, number: int, tap: int) -> None:
        """Ends one tap of a recording."""
        self._engine.insist(partial(self.core.drop_from_record, number), tap)

    def ended(self, number: int, duration_ms: int, code: int) -> None:
        """A media thread told that a recording is over and on disk; `code` is an errno, 0 when nothing is missing."""
        recording = self._running.pop(number, None)
        if recording is None:
            self._engine.counters.dead_events += 1
            return
        error = recording.finish(duration_ms / 1000, code)
        if error is not None:
            self._engine.counters.failed_recordings += 1
            self._folders.discard(str(recording.path.parent))
            text = f"{error}; free space or correct media.recordings_dir"
            self._engine.alarm("recording_broken", text, True)
        elif self._engine.has_alarm("recording_broken"):
            self._engine.alarm("recording_broken", "recordings are written again", False)

    def close(self) -> None:
        """The media threads have ended: what still ran is finished."""
        for recording in list(self._running.values()):
            recording.finish(0.0, 0)
        self._running.clear()
