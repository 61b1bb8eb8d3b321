"""The recordings that run: where their files lie, how they are sealed and converted, how they end."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.engine.engine import EngineBusy
from pbx.configfile.recording_key import read_recording_key
from pbx.media.recording import SUFFIX, Recording
from pbx.media.vault import Vault

if TYPE_CHECKING:
    import asyncio

    from core.engine.engine import Engine
    from pbx.config import Media
    from pbx.media.engine import MediaEngine
    from pbx.media.session import MediaSession

BROKEN = "recording_broken"
UNCONVERTED = "recording_conversion"


@dataclass(slots=True)
class _Tape:
    """A recording and what is still to come of it."""

    recording: Recording
    sealed: bool
    converts: bool
    duration_ms: int = -1  # told by the media thread
    code: int = 0
    shut: bool = False  # the file is complete: told by the vault, or written by the media threads themselves


class Tapes:
    """Recordings of one media engine, below one folder; folders are made with mode 0700, files with 0600."""

    def __init__(self, engine: MediaEngine, config: Media, folder: str) -> None:
        """Reads the key. Raises ValueError or OSError when it cannot be used."""
        self._engine = engine
        self.folder = folder
        self._key = read_recording_key(Path(config.recordings_key_file)) if config.recordings_key_file else b""
        self._opus = config.recordings_format == "opus"
        self._vault: Vault | None = None
        self._running: dict[int, _Tape] = {}
        self._folders: set[str] = set()  # that are known to be there

    def __len__(self) -> int:
        return len(self._running)

    @property
    def key(self) -> bytes:
        """That recordings are sealed with; empty when they are not."""
        return self._key

    @property
    def core(self) -> Engine:
        """The media threads."""
        return self._engine.core

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the process that seals or converts, when the configuration asks for either."""
        if self._key or self._opus:
            self._vault = Vault(loop, self._key)

    def record(
        self,
        path: str | Path,
        left: MediaSession,
        right: MediaSession | None,
        *,
        plain: bool = False,
        converts: bool = True,
    ) -> Recording:
        """Records one or two sessions. Raises OSError naming the path when it cannot be or lies outside the folder.

        `plain`: a WAV that is to be read and removed at once; neither sealed nor converted. `converts` False: sealed as
        the others, and PCM always, because it is to be played again.
        """
        sessions = (left,) if right is None else (left, right)
        streams = [session.stream for session in sessions]

        def begin(target: str, pipe: int) -> int:
            return self.core.record(target, *streams, pipe=pipe) if pipe >= 0 else self.core.record(target, *streams)

        return self._begin(path, begin, plain, converts and not plain, *sessions)

    def record_room(self, path: str | Path, room: int) -> Recording:
        """Records the mix of a room; as `record`."""
        return self._begin(path, lambda target, pipe: self.core.record_room(target, room, pipe=pipe), False, True)

    def _begin(
        self, path: str | Path, begin: Callable[[str, int], int], plain: bool, converts: bool, *sessions: MediaSession
    ) -> Recording:
        sealed = bool(self._key) and not plain
        target = os.path.normpath(os.path.join(self.folder, path)) + (SUFFIX if sealed else "")
        if not target.startswith(self.folder + os.sep):
            raise PermissionError(errno.EACCES, f"a recording must lie in {self.folder}", target)
        folder = os.path.dirname(target)
        if folder not in self._folders:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._folders.add(folder)
        recording = Recording(self, Path(target), self._engine.loop.create_future(), *sessions)
        tape = _Tape(recording, sealed, converts, shut=not sealed)
        try:
            recording.id = self._begin_sealed(tape, begin, max(len(sessions), 1)) if sealed else begin(target, -1)
        except EngineBusy as error:
            self._engine.count_busy(error)
            raise OSError(errno.EBUSY, str(error), target) from error
        except FileNotFoundError:
            self._folders.discard(folder)  # somebody removed it; the next recording makes it again
            raise
        self._running[recording.id] = tape
        self._engine.counters.recordings += 1
        return recording

    def _begin_sealed(self, tape: _Tape, begin: Callable[[str, int], int], channels: int) -> int:
        assert self._vault is not None
        target = str(tape.recording.path)
        file = os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            pipe = self._vault.seal(file, channels, partial(self._sealed, tape))
        except OSError as error:
            os.close(file)
            raise OSError(error.errno, error.strerror, target) from error
        try:
            return begin(target, pipe)
        except BaseException:
            os.close(pipe)
            raise

    def _sealed(self, tape: _Tape, answer: dict[str, Any] | None) -> None:
        """The vault's answer; without one its process died, and the pipe has ended the recording by itself."""
        tape.shut = True
        if answer is None or not answer["ok"]:
            tape.code = tape.code or (errno.EPIPE if answer is None else errno.EIO)
        self._go_on(tape)

    def stop(self, number: int) -> None:
        """Ends a recording."""
        self._engine.insist(self.core.stop_record, number)

    def drop(self, number: int, tap: int) -> None:
        """Ends one tap of a recording."""
        self._engine.insist(partial(self.core.drop_from_record, number), tap)

    def ended(self, number: int, duration_ms: int, code: int) -> None:
        """A media thread told that a recording is over; `code` is an errno, 0 when nothing is missing."""
        tape = self._running.get(number)
        if tape is None:
            self._engine.counters.dead_events += 1
            return
        tape.duration_ms, tape.code = duration_ms, code or tape.code
        self._go_on(tape)

    def _go_on(self, tape: _Tape) -> None:
        """What comes after the end, when all who write the file have told theirs: conversion, then the end."""
        if tape.duration_ms < 0 or not tape.shut:
            return
        if tape.code == 0 and tape.duration_ms and self._opus and tape.converts and self._convert(tape):
            return
        self._finish(tape)

    def _convert(self, tape: _Tape) -> bool:
        assert self._vault is not None
        source = tape.recording.path
        target = source.with_name(source.name.split(".")[0] + ".ogg" + (SUFFIX if tape.sealed else ""))
        try:
            self._vault.convert(str(source), str(target), partial(self._converted, tape, target))
        except OSError as error:
            self._unconverted(f"{source}: {error}")
            return False
        return True

    def _converted(self, tape: _Tape, target: Path, answer: dict[str, Any] | None) -> None:
        if answer is not None and answer["ok"]:
            tape.recording.path = target
            if self._engine.has_alarm(UNCONVERTED):
                self._engine.alarm(UNCONVERTED, "recordings are converted again", False)
        else:
            self._unconverted(answer["error"] if answer is not None else "the process that converts has died")
        self._finish(tape)

    def _unconverted(self, reason: str) -> None:
        self._engine.counters.unconverted_recordings += 1
        self._engine.alarm(UNCONVERTED, f"a recording stays a WAV: {reason}", True)

    def _finish(self, tape: _Tape) -> None:
        recording = tape.recording
        self._running.pop(recording.id, None)
        error = recording.finish(tape.duration_ms / 1000, tape.code)
        if error is not None:
            self._engine.counters.failed_recordings += 1
            self._folders.discard(str(recording.path.parent))
            self._engine.alarm(BROKEN, f"{error}; free space or correct media.recordings_dir", True)
        elif self._engine.has_alarm(BROKEN):
            self._engine.alarm(BROKEN, "recordings are written again", False)

    def close(self) -> None:
        """The media threads have ended: waits for what is being sealed; what still ran is finished."""
        if self._vault is not None:
            self._vault.close()
            self._vault = None
        for tape in list(self._running.values()):
            tape.recording.finish(max(tape.duration_ms, 0) / 1000, 0)
        self._running.clear()
