"""A stream goes from one media thread to another in the middle of a call."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pylibsrtp import Policy, Session

from tests.core.test_recorder import LOUD, read, spans
from tests.core.test_rooms import TONES, one_stream, tone_pcm
from tests.support.codec_phone import CLOCKS, G722, OPUS, PCMA, PCMU, CodecPhone, talk, talk_until
from tests.support.rtp_phone import Bench
from tests.support.srtp_phone import keys
from tests.support.tone_phone import TonePhones

E = pytest.importorskip("core.engine.engine", reason="build the core first")


class Crew(Bench):
    """A bench over three media threads."""

    def until(self, condition: object, what: str) -> None:
        deadline = time.monotonic() + 20
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, f"never came: {what}; came: {self.events}"
            for worker in range(3):
                self.events += self.engine.drain(worker)
            time.sleep(0.005)


@pytest.fixture
def crew() -> Iterator[Crew]:
    engine = E.Engine(workers=3, port_min=27000, port_max=27999, max_streams=1024, realtime=False)
    made = Crew(engine, f"127.11.{os.getpid() % 250}.8")
    made.engine.start()
    yield made
    made.close()


@pytest.fixture
def phones(crew: Crew) -> Iterator[TonePhones]:
    made = TonePhones(crew)
    yield made
    made.close()


def on(crew: Crew, stream: int, worker: int) -> int:
    return crew.engine.move(stream, worker)


def test_packets_and_plays_go_on_and_the_far_end_sees_one_stream(crew: Crew, phones: TonePhones) -> None:
    a = phones.add(TONES[0])
    old = a
    clip = crew.engine.add_clip(tone_pcm(2400.0, 160000))
    token = crew.engine.play(a, [clip])
    phones.talk(0.3)
    for worker in (1, 2, 0, 1):
        a = on(crew, a, worker)
        assert crew.engine.worker_of(a) == worker
        phones.expect(0.3, {0: {2400.0}})
    crew.until(lambda: len([e for e in crew.events if e[0] == E.EV_MOVED]) == 4, "the ends of the old ids")
    assert next(e[1] for e in crew.events if e[0] == E.EV_MOVED) == old
    with pytest.raises(KeyError):
        crew.engine.stop_play(old)
    crew.engine.stop_play(a)
    assert crew.wait(E.EV_PLAY_ENDED, a)[0][2:4] == (token, 0)
    stats = crew.engine.stream_stats(a)
    assert stats.rx_packets == phones.said
    assert (stats.lost_packets, stats.foreign_packets) == (0, 0)
    one_stream(phones.all_packets(0), phones.late_s)
    totals = [crew.engine.worker_stats(n) for n in range(3)]
    assert [t.streams for t in totals] == [0, 1, 0]
    crew.engine.close(a)
    crew.wait(E.EV_STREAM_CLOSED, a)
    totals = [crew.engine.worker_stats(n) for n in range(3)]
    assert sum(t.rx_packets for t in totals) == phones.said


def test_streams_of_different_threads_are_bridged_by_moving_one(crew: Crew, phones: TonePhones) -> None:
    a, b = phones.add(TONES[0]), phones.add(TONES[1])
    assert crew.engine.worker_of(a) != crew.engine.worker_of(b)
    with pytest.raises(ValueError, match="different workers"):
        crew.engine.bridge(a, b)
    phones.talk(0.2)
    b = on(crew, b, crew.engine.worker_of(a))
    crew.engine.bridge(a, b)
    phones.expect(0.5, {0: {TONES[1]}, 1: {TONES[0]}})


def test_recording_goes_along(crew: Crew, tmp_path: Path) -> None:
    stream, phone = crew.call("127.11.0.1")
    path = tmp_path / "moved.wav"
    recording = crew.engine.record(str(path), stream)
    heard = 0
    for worker in (0, 1, 2, 0):
        stream = on(crew, stream, worker)
        phone.say(LOUD, count=5)
        heard += 5
        crew.until(lambda s=stream, n=heard: crew.engine.stream_stats(s).rx_packets == n, "packets")
    deadline = time.monotonic() + 0.6
    crew.until(lambda: time.monotonic() > deadline, "0.6 s")
    crew.engine.stop_record(recording)
    assert crew.wait(E.EV_RECORDING_ENDED)[0][2:5:2] == (recording, 0)
    assert sum(length for _, length in spans(read(path)[1], 0)) == 20 * 160


def test_commands_follow_the_stream_at_once(crew: Crew) -> None:
    """Many moves, plays and bridges in a row: no command is lost, none overtakes its stream."""
    calls = [crew.call(f"127.11.0.{n + 1}") for n in range(6)]
    streams = [stream for stream, _ in calls]
    clip = crew.engine.add_clip(tone_pcm(1000.0, 160000))
    for turn in range(60):
        for index in range(6):
            streams[index] = on(crew, streams[index], (turn + index) % 3)
        for index in range(6):
            crew.engine.play(streams[index], [clip])
        streams[1] = on(crew, streams[1], crew.engine.worker_of(streams[0]))
        crew.engine.bridge(streams[0], streams[1])
        crew.engine.unbridge(streams[0])
    for stream in streams:
        crew.engine.close(stream)
    crew.until(lambda: len([e for e in crew.events if e[0] == E.EV_STREAM_CLOSED]) == 6, "the ends")
    assert not [e for e in crew.events if e[0] == E.EV_COMMAND_FAILED]
    assert len([e for e in crew.events if e[0] == E.EV_PLAY_ENDED]) == 360
    crew.until(lambda: sum(crew.engine.worker_stats(n).streams for n in range(3)) == 0, "no stream")
    fresh = [crew.engine.open(crew.local_ip) for _ in range(6)]
    assert len({port for _, port in fresh}) == 6


def test_python_finds_the_whole_stream_while_it_moves(crew: Crew) -> None:
    """One media thread hands it to another amid what this one reads: counters, and the socket it sends by."""
    engine = crew.engine
    stream, phone = crew.call("127.11.0.1")
    phone.say(count=3)
    crew.until(lambda: engine.stream_stats(stream).rx_packets == 3, "packets")
    for turn in range(1000):
        old, stream = stream, on(crew, stream, (turn + 1) % 3)
        deadline = time.monotonic() + 20
        while not any(event[:2] == (E.EV_MOVED, old) for event in engine.drain(turn % 3)):
            assert engine.send_datagram(stream, b"\x16", phone.ip, phone.port)
            assert engine.stream_stats(stream).rx_packets == 3
            assert time.monotonic() < deadline


def test_stopping_in_the_middle_of_moves_leaves_no_socket() -> None:
    def sockets() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = sockets()
    for _ in range(10):
        engine = E.Engine(workers=3, port_min=28000, port_max=28099, max_streams=16, realtime=False)
        engine.start()
        streams = [engine.open("127.11.7.9")[0] for _ in range(6)]
        for worker in (1, 2, 0):
            streams = [engine.move(stream, worker) for stream in streams]
        engine.stop()
        del engine
    assert sockets() == before


def test_new_streams_go_to_the_calmest_thread(crew: Crew) -> None:
    """Open streams count, and those that are mixed count twice."""
    engine = crew.engine
    streams = [engine.open(crew.local_ip)[0] for _ in range(6)]
    workers = [engine.worker_of(stream) for stream in streams]
    assert sorted(workers) == [0, 0, 1, 1, 2, 2]
    mixed = [stream for stream, worker in zip(streams, workers, strict=True) if worker == 0]
    room = engine.open_room(worker=0)
    for stream in mixed:
        engine.join_room(room, stream)
    crew.until(lambda: engine.worker_stats(0).room_members == 2, "the room")
    engine.close(streams[workers.index(2)])
    assert [engine.worker_of(engine.open(crew.local_ip)[0]) for _ in range(4)] == [2, 1, 2, 1]


class MovingPhone(CodecPhone):
    """With SRTP where it has keys. Sends in disorder: every eighth packet comes after the next."""

    def __init__(self, crew: Crew, ip: str, codec: int, tone: float, profile: int = 0) -> None:
        super().__init__(crew, ip, codec, tone, secure=bool(profile))
        self.kept: bytes = b""
        self.said_s = 0.0
        self.late_s = 0.0  # how much longer than 20 ms it took between two packets: the machine may be busy
        if profile:
            key_in, key_out = keys(profile)
            crew.engine.protect(self.stream, profile, key_out, key_in)
            self.outbound = Session(Policy(key_out, Policy.SSRC_ANY_OUTBOUND, 0, profile))
            self.inbound = Session(Policy(key_in, Policy.SSRC_ANY_INBOUND, 0, profile))
            plain, wire = self.phone.raw, self.phone.socket
            self.phone.raw = lambda data: plain(self.outbound.protect(data))  # type: ignore[method-assign]
            self.phone.socket = Opened(wire, self.inbound)  # type: ignore[assignment]
        send = self.phone.raw

        def disorder(data: bytes) -> None:
            if self._frames % 8 == 3:
                self.kept = data
                return
            send(data)
            if self.kept:
                send(self.kept)
                self.kept = b""

        self.phone.raw = disorder  # type: ignore[method-assign]

    def say(self) -> None:
        now = time.monotonic()
        if self.said_s:
            self.late_s = max(self.late_s, now - self.said_s - 0.02)
        self.said_s = now
        super().say()


class Opened:
    """A socket whose packets are deciphered."""

    def __init__(self, plain: Any, session: Session) -> None:
        self._plain, self._session = plain, session

    def recv(self, size: int) -> bytes:
        return bytes(self._session.unprotect(self._plain.recv(size)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


@pytest.mark.parametrize(
    ("codec", "other", "profile"),
    [(OPUS, PCMA, 0), (G722, PCMU, 0), (OPUS, G722, 0), (OPUS, OPUS, 0), (PCMU, PCMA, 1), (G722, PCMA, 7)],
)
def test_coders_jitter_buffers_and_keys_go_along(crew: Crew, codec: int, other: int, profile: int) -> None:
    """Both streams of a pair move from thread to thread and are bridged again: each far end sees one stream, whose
    numbers go on and whose timestamps have no gap over 60 ms, and the tones are whole.
    """
    a = MovingPhone(crew, "127.11.8.1", codec, 700, profile)
    b = MovingPhone(crew, "127.11.8.2", other, 1200)
    b.stream = crew.engine.move(b.stream, crew.engine.worker_of(a.stream))
    crew.engine.bridge(a.stream, b.stream)
    talk([a, b], 0.8)
    for worker in (2, 0, 1):
        a.stream, b.stream = crew.engine.move(a.stream, worker), crew.engine.move(b.stream, worker)
        crew.engine.bridge(a.stream, b.stream)
        talk([a, b], 0.7)

    def whole() -> None:
        assert a.level_db(1200) == pytest.approx(0, abs=2)
        assert b.level_db(700) == pytest.approx(0, abs=2)

    talk_until([a, b], 0.5, whole)
    allowed_s = 0.08 + a.late_s + b.late_s
    if any(crew.engine.worker_stats(worker).late_ticks for worker in range(crew.engine.workers)):
        allowed_s += 0.3  # the machine stood still: after 100 ms timestamps follow the clock
    for phone in (a, b):
        assert len({p.ssrc for p in phone.heard}) == 1
        ordered = sorted(phone.heard, key=lambda p: (p.sequence - phone.heard[0].sequence + 100) & 0xFFFF)
        for before, after in itertools.pairwise(ordered):
            assert (after.sequence - before.sequence) & 0xFFFF <= 1 + 1  # what a packet's late twin left over a change
            step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            assert 0 < step <= CLOCKS[phone.codec] * allowed_s, (phone.codec, step)
    stats = crew.engine.stream_stats(a.stream)
    assert (stats.forged_packets, stats.replayed_packets, stats.lost_packets) == (0, 0, 0)
