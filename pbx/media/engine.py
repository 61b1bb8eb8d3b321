"""The media threads as Python sees them: opens sessions, hands out their events, holds clips and recordings.

Everything here runs on the event loop's thread. Events come in batches through one eventfd a worker; an event of a
stream that is no longer known is counted and dropped, since a thread may still have been speaking of it when it was
closed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine import engine as wire
from core.engine.messages import CMD_PLAY
from pbx.events import Alarm, EventBus
from pbx.media.clip import Clip, ClipCache, as_long
from pbx.media.counters import MediaCounters
from pbx.media.protection import Protection
from pbx.media.rooms import Rooms
from pbx.media.session import FarEnd, MediaSession
from pbx.media.stream_settings import stream_settings
from pbx.media.tapes import Tapes

if TYPE_CHECKING:
    from core.engine.engine import Engine, StreamStats, WorkerStats
    from pbx.config import Media
    from pbx.media.room import Room

# What the media thread finds wrong with a stream, by bit (core/stream/quality.pxd).
FAULTS = ((1, "mos"), (2, "one_way"), (4, "dead_air"), (8, "clipping"))
DIGIT_METHODS = {0: "rfc4733", 1: "inband"}
NARROW = frozenset({"PCMA", "PCMU"})  # codecs of telephone sound
CLIP_BUDGET = 24 * 1024 * 1024  # octets of encoded prompts kept in memory: 26 minutes
RETRY_S = 0.01  # until a command that must not be lost is tried again
TIDY_S = 5.0  # sockets that no new call wanted for so long are closed
log = logging.getLogger("centrala.media")


class MediaEngine:
    """Sessions, clips and recordings over one `core.engine.engine.Engine`."""

    def __init__(
        self,
        core: Engine,
        config: Media,
        *,
        bus: EventBus | None = None,
        recordings_dir: str | Path = "recordings",
        clip_budget: int = CLIP_BUDGET,
    ) -> None:
        """`recordings_dir` is used when the configuration names none."""
        self.core = core
        self.config = config
        self.counters = MediaCounters()
        self.clips = ClipCache(clip_budget)
        self.tapes = Tapes(self, config, os.path.abspath(config.recordings_dir or recordings_dir))
        self.protection = Protection(self)
        self._bus = bus or EventBus()
        self._sessions: dict[int, MediaSession] = {}
        self._moved: dict[int, MediaSession] = {}  # by their id on another media thread, until that is done with it
        self.rooms = Rooms(self)
        self._released: deque[int] = deque()
        self._owed: deque[tuple[Callable[[int], None], int]] = deque()
        self._alarms: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tidying: asyncio.TimerHandle | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop. Raises RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("the media engine is not started")
        return self._loop

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    @property
    def recordings(self) -> int:
        """How many recordings run or are still being written."""
        return len(self.tapes)

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Starts the media threads and listens to their events on `loop` (the running one by default)."""
        self._loop = loop or asyncio.get_running_loop()
        self.core.start()
        self.tapes.start(self._loop)
        for worker in range(self.core.workers):
            self._loop.add_reader(self.core.event_fd(worker), self._drain, worker)

    def stop(self) -> None:
        """Closes what is open, ends recordings, stops the threads; idempotent."""
        if self._loop is None:
            return
        self.rooms.close_all()
        for session in list(self._sessions.values()):
            session.close()
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        for worker in range(self.core.workers):
            self._loop.remove_reader(self.core.event_fd(worker))
        self.core.stop()
        self._released.clear()  # the threads that held them are gone
        for worker in range(self.core.workers):
            self._drain(worker)
        self.tapes.close()
        self._owed.clear()
        self.clips.clear()
        self._loop = None

    # -- sessions

    def open(self, near: MediaSession | None = None) -> MediaSession:
        """Opens a session: on the worker of `near` (the two will be bridged), else on the least loaded one.

        Its `local_ip` is the address that is listened on, 0.0.0.0 for all. Raises `core.engine.engine.PortsExhausted`,
        an OSError (and an alarm), when no port is left, OSError when the address is not ours.
        """
        worker = -1 if near is None else self.core.worker_of(near.stream)
        try:
            stream, port = self.core.open(self.config.listen, worker=worker)
        except wire.PortsExhausted as error:
            self.counters.ports_exhausted += 1
            self.alarm("rtp_ports_exhausted", str(error), True)
            raise
        if "rtp_ports_exhausted" in self._alarms:
            self.alarm("rtp_ports_exhausted", "RTP ports are free again", False)
        session = MediaSession(self, stream, self.config.listen, port)
        self._sessions[stream] = session
        self.counters.opened += 1
        return session

    def configure_stream(
        self,
        session: MediaSession,
        settings: FarEnd,
        signalling_ip: str,
        latch: str | None,
        *,
        secure: bool = False,
        demux: bool = False,
    ) -> None:
        """Sends the far end to the media thread. A stream that is to hear nothing (hold) has no timeout either.

        A far end without an address (hold by c=0.0.0.0, RFC 3264 section 8.4) is sent nothing.
        """
        given = stream_settings(self.config, settings, latch, digits_signalled=session.signalled_digits)
        self.core.configure(session.stream, signalling_ip=signalling_ip, secure=secure, demux=demux, **given)

    def session_of(self, stream: int) -> MediaSession | None:
        """The open session of a stream; None when there is none."""
        return self._sessions.get(stream) or self._moved.get(stream)

    def close_stream(self, stream: int) -> None:
        """Takes a stream out at once; the thread is told now, or as soon as it takes commands."""
        if self._sessions.pop(stream, None) is not None:
            self.counters.closed += 1
            self.insist(self.core.close, stream)

    def stream_stats(self, stream: int) -> StreamStats | None:
        """Counters of a stream, or None when the media threads no longer know it."""
        try:
            return self.core.stream_stats(stream)
        except KeyError:
            return None

    def worker_stats(self) -> list[WorkerStats]:
        """Counters of each media thread, for the scrape."""
        return [self.core.worker_stats(worker) for worker in range(self.core.workers)]

    # -- who hears whom

    def open_room(self, rate: int = 0, near: MediaSession | None = None) -> Room:
        """Opens a conference, on the media thread of `near` or on the least loaded one.

        `rate` in Hz; 0: the widest that calls may have.

        Raises `core.engine.engine.EngineBusy` when the thread has all the rooms that it can have.
        """
        return self.rooms.open(rate or max(self.clip_rates, default=8000), near)

    def gather(self, session: MediaSession, stream: int) -> None:
        """Moves `session` to the media thread of `stream`, if it is on another."""
        self.move(session, self.core.worker_of(stream))

    def move(self, session: MediaSession, worker: int) -> None:
        """Moves a session and those who listen to it to another media thread: socket, sequence and play go with it.

        A bridge that it has ends. Nothing happens when it is there. Raises `core.engine.engine.EngineBusy`.
        """
        if self.core.worker_of(session.stream) == worker:
            return
        for one in (session, *session.supervisors):
            old, one.stream = one.stream, self.core.move(one.stream, worker)
            self._moved[old] = self._sessions.pop(old)
            self._sessions[one.stream] = one
        for one in session.supervisors:
            one.supervise_again()

    def stop_overlay(self, stream: int) -> None:
        """For `insist`."""
        self.core.stop_play(stream, mix=True)

    def stop_supervision(self, stream: int) -> None:
        """For `insist`."""
        self.core.supervise(stream, 0, 0)

    # -- clips

    @property
    def clip_rates(self) -> tuple[int, ...]:
        """At which rates beside 8 kHz calls may hear a clip, Hz: as their codecs carry."""
        codecs = set(self.config.codecs)
        if codecs <= NARROW:
            return ()
        return (16000, 48000) if "opus" in codecs and self.config.opus_rate == 48000 else (16000,)

    def clip(self, pcm: bytes, key: str, *, pinned: bool = False, wide: Mapping[int, bytes] | None = None) -> Clip:
        """The clip of that key, registered from `pcm` (8 kHz mono s16le) unless it is known; `pinned` ones stay.

        `wide` is the same sound at 16 and 48 kHz, for codecs that carry it; one that is not as long is not used.

        Raises ValueError for an empty sound or half a sample, MemoryError when the media threads can hold no more.
        """
        known = self.clips.find(key)
        if known is not None:
            return known
        if not pcm or len(pcm) % 2:
            raise ValueError(f"{len(pcm)} octets are no 16-bit sound for clip {key!r}")
        wider = [as_long((wide or {}).get(rate, b""), rate // 8000 * len(pcm)) for rate in (16000, 48000)]
        self._release_clips()
        try:
            number = self.core.add_clip(pcm, *wider)
        except MemoryError:  # no slot or no memory: what is not in use gives way, for the next one at least
            self.clips.shrink()
            self._release_clips()
            raise
        clip = Clip(number, key, len(pcm) // 2, self._released, octets=len(pcm) + sum(map(len, wider)))
        self.clips.put(clip, pinned=pinned)
        return clip

    def _release_clips(self) -> None:
        while self._released:
            self.insist(self.core.release_clip, self._released.popleft())

    # -- commands that must not be lost

    def insist(self, command: Callable[[int], None], argument: int) -> None:
        """Gives a command that ends something; when the ring is full it is given again until it is taken."""
        if self._owed:
            self._owed.append((command, argument))
            return
        try:
            command(argument)
        except wire.EngineBusy as error:
            self.count_busy(error)
            self._owed.append((command, argument))
            if self._loop is not None:
                self._loop.call_later(RETRY_S, self._pay)

    def _pay(self) -> None:
        while self._owed and self._loop is not None:
            command, argument = self._owed[0]
            try:
                command(argument)
            except wire.EngineBusy as error:
                self.count_busy(error)
                self._loop.call_later(RETRY_S, self._pay)
                return
            except (KeyError, ValueError):
                log.debug("a command to a stream that is gone was dropped")
            self._owed.popleft()
        if "media_busy" in self._alarms:
            self.alarm("media_busy", "the media threads take commands again", False)

    def count_busy(self, error: Exception) -> None:
        """Notes that a media thread took no command."""
        self.counters.busy += 1
        if "media_busy" not in self._alarms:
            self.alarm("media_busy", f"{error}; use more media workers or fewer calls", True)

    def has_alarm(self, name: str) -> bool:
        """Whether that alarm is on."""
        return name in self._alarms

    def alarm(self, name: str, text: str, active: bool) -> None:
        """Publishes an alarm when its state changes; the first text of a state is the one that is shown."""
        if active != (name in self._alarms):
            (self._alarms.add if active else self._alarms.discard)(name)
            (log.warning if active else log.info)("%s: %s", name, text)
            self._bus.publish(Alarm(name, text, active, time.time()))

    # -- events

    def _drain(self, worker: int) -> None:
        for event in self.core.drain(worker):
            try:
                self._dispatch(*event)
            except Exception:  # one call's handler must not cost the other calls their events
                self.counters.handler_errors += 1
                log.exception("the handler of a media event failed")
        if self.protection.paths:
            self.protection.deliver(self.core.datagrams(worker))
        if self._released:
            self._release_clips()

    def _tidy_later(self) -> None:
        """The sockets of ended streams are kept for new ones, but not for long."""
        if self._loop is not None:
            self._tidying = self._loop.call_later(TIDY_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        if self.core.tidy(TIDY_S):
            self._tidy_later()

    def _dispatch(self, kind: int, stream: int, a: int, b: int, c: int, _at: int) -> None:
        self.counters.events += 1
        if kind == wire.EV_RECORDING_ENDED:
            self.tapes.ended(a, b, c)
            return
        if kind == wire.EV_ROOM_PLAY_ENDED:
            self.rooms.play_ended(c, a, bool(b))
            return
        if kind in (wire.EV_CLIP_RELEASED, wire.EV_STREAM_CLOSED, wire.EV_ROOM_CLOSED):
            if self._tidying is None and kind == wire.EV_STREAM_CLOSED:
                self._tidy_later()
            return
        if kind == wire.EV_MOVED:
            self._moved.pop(stream, None)
            return
        if kind == wire.EV_DATAGRAM:
            return
        session = self.session_of(stream)
        if session is None:
            self.counters.dead_events += 1
        else:
            self._tell(session, kind, a, b, c)

    def _tell(self, session: MediaSession, kind: int, a: int, b: int, c: int) -> None:
        if kind == wire.EV_DIGIT:
            self.counters.digits += 1
            if session.on_digit is not None:
                session.on_digit(chr(a), DIGIT_METHODS.get(c, "inband"))
        elif kind == wire.EV_PLAY_ENDED:
            self.counters.plays += 1
            session.play_ended(a, bool(b), bool(c))
        elif kind == wire.EV_TALKER:
            session.talks(bool(a))
        elif kind == wire.EV_QUALITY:
            if session.on_quality is not None:
                session.on_quality(tuple(name for bit, name in FAULTS if a & bit), b / 1000)
        elif kind == wire.EV_MEDIA_TIMEOUT:
            self.counters.timeouts += 1
            if session.on_timeout is not None:
                session.on_timeout(a / 1000)
        elif kind == wire.EV_COMMAND_FAILED:
            self._command_failed(session, a, b)

    def _command_failed(self, session: MediaSession, command: int, code: int) -> None:
        self.counters.failed_commands += 1
        if command == CMD_PLAY:
            session.play_failed()
        name = session.tag or session.stream
        log.warning("media command %d of session %s failed: %s", command, name, os.strerror(code))
