"""Stand-ins for the streams, rooms and recordings of a call: no packet, no thread."""

# ruff: noqa: ARG002  (fakes take what the real ones take)
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any


@dataclass(slots=True, frozen=True)
class FakeClip:
    """A clip known by what it says."""

    text: str
    duration_s: float


@dataclass(slots=True)
class FakeCounters:
    """What a closed stream reports."""

    rx_packets: int = 50
    tx_packets: int = 49
    lost_packets: int = 1
    jitter_ms: float = 2.5
    mos: float = 4.1
    worst_mos: float = 3.9
    bursts: int = 0
    round_trip_ms: float = 12.0
    level_dbm0: float | None = -18.0
    remote_lost_share: float = 0.0


class FakeRecording:
    """Counts its seconds."""

    def __init__(self, path: str) -> None:
        self.path = self.relative_path = path
        self.paused = False
        self.active = True
        self.taps: list[tuple[str, Any, int]] = []  # ("add", "drop", and what is "heard", stream, channel)
        self._began = asyncio.get_running_loop().time()

    def add(self, session: Any, channel: int, *, heard: bool = False) -> None:
        self.taps.append(("add heard" if heard else "add", session, channel))

    def drop(self, session: Any, *, heard: bool = False) -> None:
        self.taps.append(("drop heard" if heard else "drop", session, -1))

    def pause(self, on: bool) -> None:
        self.paused = on

    async def stop(self) -> float:
        self.active = False
        return asyncio.get_running_loop().time() - self._began


class FakeMediaSession:
    """A stream that plays into a list."""

    ports = cycle(range(20000, 65536, 2))

    def __init__(self, near: FakeMediaSession | None = None) -> None:
        self.local_ip = "127.0.0.1"
        self.local_port = next(self.ports)
        self.closed = False
        self.tag = ""
        self.worker: int = near.worker if near is not None else 0
        self.on_digit: Callable[[str, str], None] | None = None
        self.on_timeout: Callable[[float], None] | None = None
        self.on_quality: Callable[[tuple[str, ...], float], None] | None = None
        self.on_secured: Callable[[str, str], None] | None = None
        self.on_insecure: Callable[[str], None] | None = None
        self.signalled_digits = False
        self.suite = ""
        self.security: Any = None
        self.settings: Any = None
        self.configured = 0
        self.partner: FakeMediaSession | None = None
        self.played: list[tuple[float, str]] = []
        self.on_play: Callable[[Sequence[str], float], None] | None = None  # told texts and seconds of what begins
        self.playing: list[str] = []
        self.over: list[str] = []  # played over the rest at this moment
        self.announced: list[tuple[float, str]] = []  # (loop seconds, text) of all that was played over the rest
        self.ducked_db = 0.0
        self._over: asyncio.Future[bool] | None = None
        self.overlaid: list[str] = []  # played over the talk
        self.sent_digits = ""
        self.echoing = False
        self.recordings: list[FakeRecording] = []
        self.record_fails: OSError | None = None
        self.room: FakeRoom | None = None
        self.supervises: tuple[str, FakeMediaSession] | None = None  # ("listen", whom)
        self._future: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def configure(self, settings: Any, *, signalling_ip: str, latch: Any = None) -> None:
        self._alive()
        self.settings = settings
        self.configured += 1

    def play(
        self, clips: Sequence[Any], *, repeat: bool = False, mix: bool = False, duck_db: float = 0.0
    ) -> asyncio.Future[bool]:
        self._alive()
        if mix:  # over the rest, which goes on
            return self._play_over(clips, duck_db)
        self.stop_play()
        loop = asyncio.get_running_loop()
        self.playing = [clip.text for clip in clips]
        self.played.extend((loop.time(), text) for text in self.playing)
        self._future = future = loop.create_future()
        if self.on_play is not None:
            self.on_play(self.playing, sum(clip.duration_s for clip in clips))
        if not repeat:
            self._timer = loop.call_later(sum(clip.duration_s for clip in clips), self._played, True)
        return future

    @property
    def is_playing(self) -> bool:
        return self._future is not None

    def _play_over(self, clips: Sequence[Any], duck_db: float) -> asyncio.Future[bool]:
        self.stop_play(mix=True)
        loop = asyncio.get_running_loop()
        self.over = [clip.text for clip in clips]
        self.overlaid.extend(self.over)
        self.announced.extend((loop.time(), text) for text in self.over)
        self.ducked_db = duck_db
        self._over = future = loop.create_future()
        loop.call_later(sum(clip.duration_s for clip in clips), self._over_ended, future, True)
        return future

    def _over_ended(self, future: asyncio.Future[bool], finished: bool) -> None:
        if self._over is future:
            self._over, self.over = None, []
        if not future.done():
            future.set_result(finished)

    def stop_play(self, *, mix: bool = False) -> None:
        if mix:
            if self._over is not None:
                self._over_ended(self._over, False)
            return
        if self._future is not None:
            self._played(False)

    def _played(self, finished: bool) -> None:
        future, self._future = self._future, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.playing = []
        if future is not None and not future.done():
            future.set_result(finished)

    def send_digits(self, digits: str) -> None:
        self._alive()
        self.sent_digits += digits

    def echo(self, on: bool) -> None:
        self._alive()
        self.echoing = on

    def bridge(self, other: FakeMediaSession) -> None:
        self._alive()
        other._alive()
        assert self.worker == other.worker, "bridged streams must share a worker"
        for stream in (self, other):
            if stream.partner is not None:
                stream.partner.partner = None
        self.partner, other.partner = other, self

    def listen(self, other: FakeMediaSession) -> None:
        self._supervise("listen", other)

    def whisper(self, other: FakeMediaSession) -> None:
        self._supervise("whisper", other)

    def barge(self, other: FakeMediaSession) -> None:
        self._supervise("barge", other)

    def stop_listening(self) -> None:
        self.supervises = None

    def _supervise(self, mode: str, other: FakeMediaSession) -> None:
        self._alive()
        other._alive()
        self.supervises = mode, other

    def unbridge(self) -> None:
        if self.partner is not None:
            self.partner.partner = None
            self.partner = None

    def record(
        self, path: str, other: FakeMediaSession | None, *, plain: bool = False, converts: bool = True
    ) -> FakeRecording:
        self._alive()
        if self.record_fails is not None:
            raise self.record_fails
        recording = FakeRecording(path)
        self.recordings.append(recording)
        return recording

    def close(self) -> FakeCounters | None:
        if self.closed:
            return None
        self.stop_play()
        self.stop_play(mix=True)
        self.unbridge()
        if self.room is not None:
            self.room.leave(self)
        self.supervises = None
        self.closed = True
        return FakeCounters()

    def digit(self, digit: str, method: str = "rfc4733") -> None:
        """The far end pressed `digit`."""
        assert self.on_digit is not None
        self.on_digit(digit, method)

    def _alive(self) -> None:
        assert not self.closed, "the stream is closed"


class FakeRoom:
    """A conference: `members` are (muted, deaf) by stream; `played` what all of them heard."""

    def __init__(self) -> None:
        self.members: dict[FakeMediaSession, tuple[bool, bool]] = {}
        self.played: list[str] = []
        self.on_talker: Callable[[FakeMediaSession, bool], None] | None = None
        self.recordings: list[FakeRecording] = []
        self.closed = False

    def join(self, session: FakeMediaSession, *, muted: bool = False, deaf: bool = False) -> None:
        assert not self.closed
        session._alive()
        session.unbridge()
        if session.room is not None and session.room is not self:
            session.room.leave(session)
        session.room = self
        self.members[session] = (muted, deaf)

    def leave(self, session: FakeMediaSession) -> None:
        if self.members.pop(session, None) is not None:
            session.room = None

    def mute(self, session: FakeMediaSession, on: bool) -> None:
        self.members[session] = (on, self.members[session][1])

    def play(self, clips: Sequence[Any], *, repeat: bool = False) -> asyncio.Future[bool]:
        assert not self.closed
        self.played.extend(clip.text for clip in clips)
        playing: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        playing.set_result(True)
        return playing

    def record(self, path: str) -> FakeRecording:
        recording = FakeRecording(path)
        self.recordings.append(recording)
        return recording

    def close(self) -> None:
        self.closed = True
        for session in tuple(self.members):
            self.leave(session)


class FakeMedia:
    """Opens FakeMediaSessions; `open_streams` must be empty when all calls are over. `fail` is raised by the next
    open.
    """

    def __init__(self) -> None:
        self.sessions: list[FakeMediaSession] = []
        self.rooms: list[FakeRoom] = []
        self.fail: Exception | None = None
        self.protection: Any = None

    def open(self, near: FakeMediaSession | None = None) -> FakeMediaSession:
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error
        session = FakeMediaSession(near)
        self.sessions.append(session)
        return session

    def open_room(self, *, near: FakeMediaSession | None = None) -> FakeRoom:
        self.rooms.append(FakeRoom())
        return self.rooms[-1]

    def clip(self, pcm: bytes, key: str) -> FakeClip:
        return FakeClip(key, len(pcm) / 16000)

    @property
    def open_streams(self) -> list[FakeMediaSession]:
        return [session for session in self.sessions if not session.closed]
