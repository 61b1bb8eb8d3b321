"""A stream goes from one media thread to another in the middle of a call."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_recorder import LOUD, read, spans
from tests.core.test_rooms import TONES, one_stream, tone_pcm
from tests.support.rtp_phone import Bench
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
