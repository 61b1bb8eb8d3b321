"""One RTP stream as a call sees it: where it is, whom it hears, what it plays and records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pbx.media.playback import Playback

if TYPE_CHECKING:
    from core.engine.engine import StreamStats
    from pbx.media.clip import Clip
    from pbx.media.engine import MediaEngine
    from pbx.media.recording import Recording
    from pbx.media.room import Room
    from pbx.media.webrtc.path import SecurePath
    from pbx.sdp.security import MediaSecurity, Security

LISTEN, WHISPER, BARGE = 1, 2, 3  # how a supervisor is heard: by none, by the supervised party, by both
log = logging.getLogger("centrala.media")


class FarEnd(Protocol):
    """What an offer and its answer say of the other side; `pbx.sdp` makes it. `send` and `receive` are our view."""

    @property
    def remote_ip(self) -> str: ...
    @property
    def remote_port(self) -> int: ...
    @property
    def remote_rtcp_port(self) -> int: ...
    @property
    def rtcp_mux(self) -> bool: ...
    @property
    def codec(self) -> int: ...
    @property
    def payload_type(self) -> int: ...
    @property
    def event_payload_type(self) -> int: ...
    @property
    def ptime_ms(self) -> int: ...
    @property
    def send(self) -> bool: ...
    @property
    def receive(self) -> bool: ...
    @property
    def heard_payload_type(self) -> int: ...
    @property
    def heard_event_type(self) -> int: ...
    @property
    def cn_payload_type(self) -> int: ...
    @property
    def parameters(self) -> str: ...
    @property
    def security(self) -> Security | None: ...


class MediaSession:
    """One stream of a media thread. Every method returns at once: the work is done by the thread.

    After `close` the methods that begin something raise RuntimeError, those that end something do nothing. A
    command may raise `EngineBusy` when the thread is hopelessly behind; `play` and the methods that end something
    never do.
    """

    __slots__ = (
        "__weakref__",
        "_engine",
        "_how",
        "_over",
        "_playback",
        "_room",
        "_supervised",
        "_supervisors",
        "closed",
        "local_ip",
        "local_port",
        "on_digit",
        "on_insecure",
        "on_quality",
        "on_secured",
        "on_timeout",
        "path",
        "security",
        "signalled_digits",
        "stream",
        "suite",
        "tag",
    )

    def __init__(self, engine: MediaEngine, stream: int, local_ip: str, local_port: int) -> None:
        self._engine = engine
        self.stream = stream
        self.local_ip = local_ip
        self.local_port = local_port
        self.closed = False
        self.tag = ""  # free for the call layer: who this is, for logs
        self.on_digit: Callable[[str, str], None] | None = None  # (digit, "rfc4733" or "inband")
        self.on_timeout: Callable[[float], None] | None = None  # (seconds without a packet)
        self.on_quality: Callable[[tuple[str, ...], float], None] | None = None  # (faults, MOS of five seconds or 0)
        self.on_secured: Callable[[str, str], None] | None = None  # ("sdes" or "dtls", suite)
        self.on_insecure: Callable[[str], None] | None = None  # (why there will be no media)
        self.security: MediaSecurity | None = None  # the call layer's: what we offer and have offered; None: plain RTP
        self.signalled_digits = False  # the call layer's: digits for the far end go by SIP INFO, never in RTP
        self.suite = ""  # of SRTP, "" while there are no keys
        self.path: SecurePath | None = None  # with DTLS
        self._playback = Playback(engine, self._submit)
        self._over: Playback | None = None  # made at the first play with `mix`
        self._room: Room | None = None
        self._supervised: MediaSession | None = None  # whom this session listens to, and how
        self._how = 0
        self._supervisors: tuple[MediaSession, ...] = ()

    def configure(self, settings: FarEnd, *, signalling_ip: str = "", latch: str | None = None) -> None:
        """Sets or changes the far end after an offer and answer; may be called again (re-INVITE, hold).

        `signalling_ip` is where the SIP messages come from: a phone behind NAT sends its audio from there. `latch` is
        "signalled", "any" or "strict"; None takes the configured one. Raises ValueError for an address that is none.
        """
        self._alive()
        if settings.security is None:
            self._engine.configure_stream(self, settings, signalling_ip, latch)
        else:
            self._engine.protection.configure(self, settings.security, settings, signalling_ip, latch)

    def play(
        self, clips: Sequence[Clip], *, repeat: bool = False, mix: bool = False, duck_db: float = 0.0
    ) -> asyncio.Future[bool]:
        """Plays clips one after the other; the future gives True at their end, False when stopped or replaced.

        With `repeat` they go round until `stop_play` (at most 16 clips). While something is played, a bridge partner
        is not heard. With `mix` they are played over whatever else is heard (partner, room, music of an earlier play),
        which is turned down by `duck_db` (-60..0) meanwhile and goes on; one such play replaces another. When the
        thread takes no command the future gives False at once: a caller rather misses a prompt than the call.
        """
        self._alive()
        if not mix:
            return self._playback.play(clips, repeat)
        if not -60.0 <= duck_db <= 0.0:
            raise ValueError(f"duck_db is {duck_db}, it must be -60..0")
        if self._over is not None:
            self._over.settle(False)

        def submit(ids: list[int], again: bool) -> int:
            return self._engine.core.play(self.stream, ids, repeat=again, mix=True, duck_db=duck_db)

        self._over = Playback(self._engine, submit)
        return self._over.play(clips, repeat)

    @property
    def is_playing(self) -> bool:
        """Whether clips are played now."""
        return self._playback.active

    def stop_play(self, *, mix: bool = False) -> None:
        """Ends what is played (with `mix`: over the rest); its future gives False. Nothing happens when nothing is."""
        playback = self._over if mix else self._playback
        if playback is not None and playback.active:
            playback.settle(False)
            self._engine.insist(self._engine.stop_overlay if mix else self._engine.core.stop_play, self.stream)

    def send_digits(self, digits: str) -> None:
        """Sends DTMF to the far end, as RFC 4733 events or as tones. Raises ValueError for anything but 0-9 * # A-D."""
        self._alive()
        if not digits or any(digit not in "0123456789*#ABCD" for digit in digits):
            raise ValueError(f"{digits!r} is not a string of DTMF digits (0-9 * # A-D)")
        self._engine.core.send_digits(self.stream, digits)

    def echo(self, on: bool) -> None:
        """Sends back what is heard, or stops doing so."""
        self._alive()
        self._engine.core.echo(self.stream, on)

    def gain(self, gain_db: float) -> None:
        """Makes what this stream says louder or softer for all that hear it, -60..20 dB."""
        self._alive()
        self._engine.core.gain(self.stream, gain_db)

    def bridge(self, other: MediaSession) -> None:
        """Lets the two hear each other; a bridge, a room or a listening that either has ends."""
        self._alive()
        other._alive()
        if other is self:
            raise ValueError("a session is not bridged with itself; use echo")
        self._alone()
        other._alone()
        engine = self._engine
        engine.gather(other, self.stream)
        engine.core.bridge(self.stream, other.stream)

    def unbridge(self) -> None:
        """Ends the bridge, if there is one."""
        if not self.closed:
            self._engine.insist(self._engine.core.unbridge, self.stream)

    def listen(self, other: MediaSession) -> None:
        """Hears both parties of `other`'s bridge, or `other`'s room, and is heard by none; until `stop_listening`.

        It goes on through hold and transfer, as long as `other` is open. A bridge or room of this session ends. Raises
        ValueError when `other` listens to somebody itself.
        """
        self._supervise(other, LISTEN)

    def whisper(self, other: MediaSession) -> None:
        """Like `listen`, and heard by `other` only."""
        self._supervise(other, WHISPER)

    def barge(self, other: MediaSession) -> None:
        """Like `listen`, and heard by both parties."""
        self._supervise(other, BARGE)

    def stop_listening(self) -> None:
        """Ends `listen`, `whisper` or `barge`; nothing happens when there is none."""
        if self._drop_supervision() and not self.closed:
            self._engine.insist(self._engine.stop_supervision, self.stream)

    def record(
        self, path: str | Path, other: MediaSession | None = None, *, plain: bool = False, converts: bool = True
    ) -> Recording:
        """Records what this stream hears (left) and what `other` hears (right) into a WAV below the recordings folder.
        `plain` and `converts` are those of `pbx.media.tapes`.

        Raises OSError naming the path when it lies outside that folder or cannot be written.
        """
        self._alive()
        if other is not None:
            other._alive()
        return self._engine.tapes.record(path, self, other, plain=plain, converts=converts)

    def stats(self) -> StreamStats | None:
        """The stream's counters now; None when it is closed."""
        return None if self.closed else self._engine.stream_stats(self.stream)

    def close(self) -> StreamStats | None:
        """Ends the stream and gives its last counters; a second call does nothing and gives None."""
        if self.closed:
            return None
        stats = self._engine.stream_stats(self.stream)
        self.closed = True
        self._playback.close()
        if self._over is not None:
            self._over.close()
        self._alone()
        if self._supervisors:
            for supervisor in self._supervisors:
                supervisor._drop_supervision()
        self.on_digit = self.on_timeout = self.on_quality = self.on_secured = self.on_insecure = None
        if self.path is not None:
            self._engine.protection.close(self)
        self._engine.close_stream(self.stream)
        return stats

    # -- called by the engine and by rooms

    def play_ended(self, token: int, finished: bool, over: bool = False) -> None:
        """The play of that token ended. What was replaced in the meantime is passed over."""
        playback = self._over if over else self._playback
        if playback is not None:
            playback.ended(token, finished, not self.closed)

    def play_failed(self) -> None:
        """A media thread refused the command of the present play."""
        self._playback.settle(False)

    def enter(self, room: Room) -> None:
        """Becomes a member, on the room's media thread."""
        self._alive()
        if self._room is not room:
            self._alone()
            self._room = room
        self._engine.move(self, room.worker)

    def left_room(self) -> None:
        """Is no member any more."""
        room, self._room = self._room, None
        if room is not None:
            room.forget(self)

    def talks(self, begins: bool) -> None:
        """A media thread told that this member of a room begins or ends to talk."""
        if self._room is not None:
            self._room.talker(self, begins)

    @property
    def supervisors(self) -> tuple[MediaSession, ...]:
        """Who listens to this session."""
        return self._supervisors

    def supervise_again(self) -> None:
        """After both were moved to another media thread."""
        if self._supervised is not None:
            self._engine.core.supervise(self.stream, self._supervised.stream, self._how)

    def _supervise(self, other: MediaSession, how: int) -> None:
        self._alive()
        other._alive()
        if other is self or other._supervised is not None or self._supervisors:
            raise ValueError("a session does not listen to itself, to one that listens, or while it is listened to")
        if self._supervised is not other:
            self._alone()
            self._engine.gather(self, other.stream)
        self._engine.core.supervise(self.stream, other.stream, how)
        if self._supervised is not other:
            other._supervisors += (self,)
        self._supervised, self._how = other, how

    def _drop_supervision(self) -> bool:
        other, self._supervised = self._supervised, None
        if other is None:
            return False
        other._supervisors = tuple(one for one in other._supervisors if one is not self)
        return True

    def _alone(self) -> None:
        """Another bridge, room or supervision begins; the media thread ends the old one by itself."""
        if self._room is not None:
            self.left_room()
        if self._supervised is not None:
            self._drop_supervision()

    def _submit(self, clips: list[int], repeat: bool) -> int:
        return self._engine.core.play(self.stream, clips, repeat=repeat)

    def _alive(self) -> None:
        if self.closed:
            raise RuntimeError(f"media session {self.tag or self.stream} is closed")
