"""One RTP stream as a call sees it: where it is, whom it hears, what it plays and records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.engine.engine import EngineBusy

if TYPE_CHECKING:
    from core.engine.engine import StreamStats
    from pbx.media.clip import Clip
    from pbx.media.engine import MediaEngine
    from pbx.media.recording import Recording

CLIPS_PER_PLAY = 16  # what one command to a media thread holds
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


class MediaSession:
    """One stream of a media thread. Every method returns at once: the work is done by the thread.

    After `close` the methods that begin something raise RuntimeError, those that end something do nothing. A
    command may raise `EngineBusy` when the thread is hopelessly behind; `play` and the methods that end something
    never do.
    """

    __slots__ = (
        "__weakref__",
        "_clips",
        "_engine",
        "_playing",
        "_rest",
        "_token",
        "closed",
        "local_ip",
        "local_port",
        "on_digit",
        "on_timeout",
        "stream",
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
        self._token = -1
        self._playing: asyncio.Future[bool] | None = None
        self._clips: Sequence[Clip] = ()  # held so that their ids stay alive while they are played
        self._rest: Sequence[Clip] = ()  # what did not fit into one command

    def configure(self, settings: FarEnd, *, signalling_ip: str = "", latch: str | None = None) -> None:
        """Sets or changes the far end after an offer and answer; may be called again (re-INVITE, hold).

        `signalling_ip` is where the SIP messages come from: a phone behind NAT sends its audio from there. `latch` is
        "signalled", "any" or "strict"; None takes the configured one. Raises ValueError for an address that is none.
        """
        self._alive()
        self._engine.configure_stream(self.stream, settings, signalling_ip, latch)

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> asyncio.Future[bool]:
        """Plays clips one after the other; the future gives True at their end, False when stopped or replaced.

        With `repeat` they go round until `stop_play` (at most 16 clips). While something is played, a bridge partner
        is not heard. When the thread takes no command the future gives False at once: a caller rather misses a prompt
        than the call.
        """
        self._alive()
        if repeat and len(clips) > CLIPS_PER_PLAY:
            raise ValueError(f"{len(clips)} clips cannot be repeated together; at most {CLIPS_PER_PLAY} can")
        self._settle(False)
        playing: asyncio.Future[bool] = self._engine.loop.create_future()
        if not clips:
            playing.set_result(True)
            return playing
        self._playing = playing
        self._start(clips, repeat)
        return playing

    @property
    def is_playing(self) -> bool:
        """Whether clips are played now."""
        return self._playing is not None

    def stop_play(self) -> None:
        """Ends what is played; its future gives False. Nothing happens when nothing is played."""
        if self._playing is not None:
            self._settle(False)
            self._engine.insist(self._engine.core.stop_play, self.stream)

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

    def bridge(self, other: MediaSession) -> None:
        """Lets the two hear each other; a bridge that either has ends. Both must live on one worker (ValueError)."""
        self._alive()
        other._alive()
        self._engine.core.bridge(self.stream, other.stream)

    def unbridge(self) -> None:
        """Ends the bridge, if there is one."""
        if not self.closed:
            self._engine.insist(self._engine.core.unbridge, self.stream)

    def record(self, path: str | Path, other: MediaSession | None = None) -> Recording:
        """Records what this stream hears (left) and what `other` hears (right) into a WAV below the recordings folder.

        Raises OSError naming the path when it lies outside that folder or cannot be written.
        """
        self._alive()
        if other is not None:
            other._alive()
        return self._engine.record(path, self.stream, other.stream if other is not None else 0)

    def stats(self) -> StreamStats | None:
        """The stream's counters now; None when it is closed."""
        return None if self.closed else self._engine.stream_stats(self.stream)

    def close(self) -> StreamStats | None:
        """Ends the stream and gives its last counters; a second call does nothing and gives None."""
        if self.closed:
            return None
        stats = self._engine.stream_stats(self.stream)
        self.closed = True
        self._settle(False)
        self.on_digit = self.on_timeout = None
        self._engine.close_stream(self.stream)
        return stats

    def play_ended(self, token: int, finished: bool) -> None:
        """Called by the engine: the play of that token ended. What was replaced in the meantime is passed over."""
        if token != self._token or self._playing is None:
            return
        if finished and self._rest and not self.closed:
            self._start(self._rest, False)
        else:
            self._settle(finished)

    def play_failed(self) -> None:
        """Called by the engine: a media thread refused the command of the present play."""
        self._settle(False)

    def _start(self, clips: Sequence[Clip], repeat: bool) -> None:
        self._clips, self._rest = clips[:CLIPS_PER_PLAY], clips[CLIPS_PER_PLAY:]
        try:
            self._token = self._engine.core.play(self.stream, [clip.id for clip in self._clips], repeat=repeat)
        except EngineBusy as error:
            self._engine.count_busy(error)
            self._settle(False)

    def _settle(self, finished: bool) -> None:
        playing, self._playing = self._playing, None
        self._clips = self._rest = ()
        self._token = -1
        if playing is not None and not playing.done():
            playing.set_result(finished)

    def _alive(self) -> None:
        if self.closed:
            raise RuntimeError(f"media session {self.tag or self.stream} is closed")
