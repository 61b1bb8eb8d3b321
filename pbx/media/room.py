"""A conference: sessions that hear each other, announcements to all, a recording of all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.media.playback import Playback

if TYPE_CHECKING:
    from pbx.media.clip import Clip
    from pbx.media.engine import MediaEngine
    from pbx.media.recording import Recording
    from pbx.media.session import MediaSession

MAX_MEMBERS = 512


class Room:
    """Everybody in it hears everybody else, mixed by one media thread; a session of another thread is moved there.

    Who does not talk is left out of the mix, so that a hundred quiet lines do not add up to noise; `on_talker` tells
    who begins and ends to talk. After `close` the methods that begin something raise RuntimeError.
    """

    __slots__ = ("__weakref__", "_engine", "_members", "_playback", "closed", "number", "on_talker", "rate", "worker")

    def __init__(self, engine: MediaEngine, number: int, worker: int, rate: int) -> None:
        self._engine = engine
        self._members: dict[MediaSession, tuple[bool, bool]] = {}  # (muted, deaf)
        self._playback = Playback(engine, self._submit)
        self.closed = False
        self.number = number
        self.worker = worker
        self.rate = rate
        self.on_talker: Callable[[MediaSession, bool], None] | None = None  # (who, begins or ends to talk)

    @property
    def members(self) -> tuple[MediaSession, ...]:
        """Who is in it, in the order of joining."""
        return tuple(self._members)

    def join(self, session: MediaSession, *, muted: bool = False, deaf: bool = False) -> None:
        """Puts a session into the room; its bridge, its other room and its listening end.

        `muted`: is not heard. `deaf`: hears silence. Raises RuntimeError when the room or the session is closed,
        ValueError when the room is full.
        """
        self._alive()
        if session not in self._members and len(self._members) >= MAX_MEMBERS:
            raise ValueError(f"a room has {MAX_MEMBERS} members at most")
        session.enter(self)
        self._members[session] = (muted, deaf)
        self._engine.core.join_room(self.number, session.stream, muted=muted, deaf=deaf)

    def leave(self, session: MediaSession) -> None:
        """Takes a session out; nothing happens when it is not in."""
        if session in self._members:
            session.left_room()
            self._engine.insist(self._engine.core.leave_room, session.stream)

    def mute(self, session: MediaSession, on: bool) -> None:
        """Lets a member be heard or not. Raises KeyError for a session that is no member."""
        self._change(session, on, self._members[session][1])

    def deafen(self, session: MediaSession, on: bool) -> None:
        """Lets a member hear silence or the room. Raises KeyError for a session that is no member."""
        self._change(session, self._members[session][0], on)

    def gain(self, session: MediaSession, gain_db: float) -> None:
        """Makes a member louder or softer for the others, -60..20 dB. It stays with the session."""
        session.gain(gain_db)

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> asyncio.Future[bool]:
        """Plays to all members, over their talk; the future gives True at the end, False when stopped or replaced."""
        self._alive()
        return self._playback.play(clips, repeat)

    def stop_play(self) -> None:
        """Ends what is played; its future gives False."""
        if self._playback.active and not self.closed:
            self._playback.settle(False)
            self._engine.insist(self._engine.core.stop_room_play, self.number)

    def record(self, path: str | Path) -> Recording:
        """Records what a silent member would hear into a WAV below the recordings folder. Raises OSError."""
        self._alive()
        return self._engine.tapes.record_room(path, self.number)

    def close(self) -> None:
        """Ends the room; its members stay open, alone. A second call does nothing."""
        if self.closed:
            return
        self.closed = True
        self._playback.settle(False)
        self.on_talker = None
        for session in tuple(self._members):
            session.left_room()
        self._engine.rooms.close(self.number)

    # -- called by the engine and by sessions

    def forget(self, session: MediaSession) -> None:
        """The session is no member any more."""
        self._members.pop(session, None)

    def talker(self, session: MediaSession, talks: bool) -> None:
        """A media thread told that a member begins or ends to talk."""
        if session in self._members and self.on_talker is not None:
            self.on_talker(session, talks)

    def play_ended(self, token: int, finished: bool) -> None:
        """A media thread told the end of an announcement."""
        self._playback.ended(token, finished, not self.closed)

    def _change(self, session: MediaSession, muted: bool, deaf: bool) -> None:
        self._alive()
        self._members[session] = (muted, deaf)
        self._engine.core.join_room(self.number, session.stream, muted=muted, deaf=deaf)

    def _submit(self, clips: list[int], repeat: bool) -> int:
        return self._engine.core.play_in_room(self.number, clips, repeat=repeat)

    def _alive(self) -> None:
        if self.closed:
            raise RuntimeError(f"media room {self.number} is closed")
