"""A media engine in memory with the contract of `core/engine/engine.pyi`: no threads, no sockets but the eventfd.

Tests push events with `event`, `digit`, `finish_play`; commands are kept in `commands` as (name, arguments).
"""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.engine import engine as wire


@dataclass
class FakeStats:
    """Counters as StreamStats names them."""

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


@dataclass
class FakeStream:
    """What the engine was told about one stream."""

    worker: int
    port: int
    settings: dict[str, Any] = field(default_factory=dict)
    token: int = 0  # of the running play, 0: none
    clips: list[int] = field(default_factory=list)
    partner: int = 0


class FakeEngine:
    """Streams are numbers from 1; ports come from `ports`; `busy` makes that many commands raise EngineBusy."""

    def __init__(self, workers: int = 1, ports: int = 100) -> None:
        self.workers = workers
        self.streams: dict[int, FakeStream] = {}
        self.clips: dict[int, bytes] = {}
        self.wide_clips: dict[int, bytes] = {}
        self.full_clips: dict[int, bytes] = {}
        self.commands: list[tuple[str, Any]] = []
        self.recordings: dict[int, str] = {}
        self.busy = 0
        self.started = self.stopped = 0
        self._free = list(range(20000, 20000 + 2 * ports, 2))
        self._events: list[list[tuple[int, int, int, int, int, int]]] = [[] for _ in range(workers)]
        self._descriptors = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(workers)]
        self._next = 0

    # -- the contract

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def event_fd(self, worker: int) -> int:
        return self._descriptors[worker]

    def drain(self, worker: int) -> list[tuple[int, int, int, int, int, int]]:
        events, self._events[worker] = self._events[worker], []
        if events and self._descriptors:
            os.eventfd_read(self._descriptors[worker])
        return events

    def open(self, local_ip: str, *, worker: int = -1) -> tuple[int, int]:
        if not self._free:
            raise wire.PortsExhausted(
                28, "no RTP port pair is free in 20000-20199; widen media.port_min to media.port_max"
            )
        if worker < 0:
            loads = [sum(s.worker == w for s in self.streams.values()) for w in range(self.workers)]
            worker = loads.index(min(loads))
        self._next += 1
        self.streams[self._next] = FakeStream(worker, self._free.pop(0))
        return self._next, self.streams[self._next].port

    def worker_of(self, stream: int) -> int:
        return self.streams[stream].worker

    def configure(self, stream: int, **settings: Any) -> None:
        self._command("configure", stream)
        self.streams[stream].settings = settings

    def play(self, stream: int, clips: Sequence[int], *, repeat: bool = False, gain_db: float = 0.0) -> int:
        assert 1 <= len(clips) <= 16
        assert all(clip in self.clips for clip in clips), "a clip was released before it was played"
        self._command("play", (stream, tuple(clips), repeat))
        self.finish_play(stream, 0)
        self._next += 1
        self.streams[stream].token = self._next
        self.streams[stream].clips = list(clips)
        return self._next

    def stop_play(self, stream: int) -> None:
        self._command("stop_play", stream)
        self.finish_play(stream, 0)

    def send_digits(self, stream: int, digits: str, *, duration_ms: int = 100) -> None:
        self._command("send_digits", (stream, digits))

    def bridge(self, stream_a: int, stream_b: int) -> None:
        if self.worker_of(stream_a) != self.worker_of(stream_b):
            raise ValueError("the streams live on different workers")
        self._command("bridge", (stream_a, stream_b))
        self.streams[stream_a].partner, self.streams[stream_b].partner = stream_b, stream_a

    def unbridge(self, stream: int) -> None:
        self._command("unbridge", stream)

    def echo(self, stream: int, on: bool) -> None:
        self._command("echo", (stream, on))

    def record(self, path: str, left: int, right: int = 0) -> int:
        self._command("record", (path, left, right))
        with wave.open(path, "wb") as file:
            file.setnchannels(2 if right else 1)
            file.setsampwidth(2)
            file.setframerate(8000)
        self._next += 1
        self.recordings[self._next] = path
        return self._next

    def stop_record(self, recording: int) -> None:
        self._command("stop_record", recording)
        self.event(wire.EV_RECORDING_ENDED, 0, recording, 1500, 0)

    def open_room(self, *, rate: int, worker: int = -1) -> int:
        self._next += 1
        self._command("open_room", (self._next, rate))
        return self._next

    def worker_of_room(self, room: int) -> int:
        return 0

    def close_room(self, room: int) -> None:
        self._command("close_room", room)

    def add_clip(self, pcm: bytes, wide: bytes = b"", full: bytes = b"") -> int:
        self._next += 1
        self.clips[self._next] = pcm
        if wide:
            self.wide_clips[self._next] = wide
        if full:
            self.full_clips[self._next] = full
        return self._next

    def release_clip(self, clip: int) -> None:
        self._command("release_clip", clip)
        del self.clips[clip]

    def close(self, stream: int) -> None:
        self._command("close", stream)
        closed = self.streams.pop(stream, None)
        if closed is not None:
            self._free.append(closed.port)
            self._events[closed.worker].append((wire.EV_STREAM_CLOSED, stream, 0, 0, 0, 0))

    def stream_stats(self, stream: int) -> FakeStats:
        if stream not in self.streams:
            raise KeyError(stream)
        return FakeStats()

    def worker_stats(self, worker: int) -> Any:
        return {"worker": worker, "streams": len(self.streams)}

    # -- what a test does with it

    def event(self, kind: int, stream: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Puts an event into the ring of the stream's worker (worker 0 for one that is closed)."""
        worker = self.streams[stream].worker if stream in self.streams else 0
        self._events[worker].append((kind, stream, a, b, c, 1))
        if self._descriptors:
            os.eventfd_write(self._descriptors[worker], 1)

    def digit(self, stream: int, digit: str, method: int = 0) -> None:
        """The far end pressed a digit."""
        self.event(wire.EV_DIGIT, stream, ord(digit), 100, method)

    def finish_play(self, stream: int, finished: int = 1) -> None:
        """The running play, if any, ends."""
        state = self.streams[stream]
        if state.token:
            token, state.token = state.token, 0
            self.event(wire.EV_PLAY_ENDED, stream, token, finished)

    def named(self, name: str) -> list[Any]:
        """The arguments of every command of that name."""
        return [arguments for command, arguments in self.commands if command == name]

    def fail_recording(self, recording: int, errno: int) -> None:
        """The disk refused the rest of a recording."""
        assert Path(self.recordings[recording]).exists()
        self.event(wire.EV_RECORDING_ENDED, 0, recording, 400, errno)

    def _command(self, name: str, arguments: Any) -> None:
        if self.busy:
            self.busy -= 1
            raise wire.EngineBusy("the command ring of media worker 0 is full")
        self.commands.append((name, arguments))
