"""Recordings: what is in the file, when, and what happens when the disk refuses."""

from __future__ import annotations

import errno
import os
import struct
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.rtp_phone import Bench
from tests.support.tone_phone import TonePhones

E = pytest.importorskip("core.engine.engine", reason="build the core first")

TONES = (440.0, 620.0, 850.0)
LOUD, SILENCE = b"\x00" * 160, b"\xff" * 160


@pytest.fixture
def phones(bench: Bench) -> Iterator[TonePhones]:
    made = TonePhones(bench)
    yield made
    made.close()


def read(path: Path) -> tuple[int, list[tuple[int, ...]]]:
    """(channels, frames)"""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, 2)
        data = file.readframes(file.getnframes())
        channels = file.getnchannels()
    assert path.stat().st_size >= 44 + len(data)
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    return channels, list(zip(*[iter(samples)] * channels, strict=True))


def spans(frames: list[tuple[int, ...]], channel: int) -> list[tuple[int, int]]:
    """Where a channel is loud: (first frame, frames)."""
    out: list[tuple[int, int]] = []
    for n, frame in enumerate(frames):
        if abs(frame[channel]) > 1000:
            if out and out[-1][0] + out[-1][1] == n:
                out[-1] = (out[-1][0], out[-1][1] + 1)
            else:
                out.append((n, 1))
    return out


def tones_of(frames: list[tuple[int, ...]], channel: int) -> list[float]:
    """The amplitude of each of TONES from 0.4 to 0.6 s."""
    sound = np.array([frame[channel] for frame in frames][3200:4800])
    turn = -2j * np.pi * np.arange(1600) / 8000
    return [abs(np.sum(sound * np.exp(turn * tone))) / 800 for tone in TONES]


def test_two_channels_with_silence_where_nothing_came(bench: Bench, tmp_path: Path) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    path = tmp_path / "call.wav"
    recording = bench.engine.record(str(path), a, b)
    alice.say(LOUD, count=10)
    # Packet 10..19 of alice are lost; timestamps say so.
    alice.sequence += 10
    alice.timestamp += 1600
    alice.say(LOUD, count=5)
    bob.say(LOUD, count=5)
    bench.until(lambda: bench.engine.stream_stats(b).rx_packets == 5, "bob's packets")
    deadline = time.monotonic() + 0.6
    bench.until(lambda: time.monotonic() > deadline, "0.6 s")
    bench.engine.stop_record(recording)
    event = bench.wait(E.EV_RECORDING_ENDED)[0]
    assert (event[2], event[4]) == (recording, 0)
    channels, frames = read(path)
    assert channels == 2
    assert len(frames) == pytest.approx(event[3] * 8, abs=8)
    left, right = spans(frames, 0), spans(frames, 1)
    assert [length for _, length in left] == [1600, 800]
    assert left[1][0] - left[0][0] == 3200
    assert [length for _, length in right] == [800]
    assert path.stat().st_mode & 0o777 == 0o600


def test_mono_and_the_other_law(bench: Bench, tmp_path: Path) -> None:
    stream, phone = bench.call("127.11.0.1", codec=8)
    path = tmp_path / "mono.wav"
    bench.engine.record(str(path), stream)
    phone.say(b"\x2a" * 480, pt=8, count=4)
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 4, "packets")
    deadline = time.monotonic() + 0.3
    bench.until(lambda: time.monotonic() > deadline, "0.3 s")
    bench.engine.close(stream)
    bench.wait(E.EV_RECORDING_ENDED)
    channels, frames = read(path)
    assert channels == 1
    assert sum(length for _, length in spans(frames, 0)) == 4 * 480


def test_file_is_whole_while_it_grows(bench: Bench, tmp_path: Path) -> None:
    stream, phone = bench.call("127.11.0.1")
    path = tmp_path / "growing.wav"
    recording = bench.engine.record(str(path), stream)
    assert read(path) == (1, [])
    phone.say(LOUD, count=5)

    def seconds() -> float:
        with wave.open(str(path)) as file:
            return file.getnframes() / 8000

    bench.until(lambda: seconds() > 0.4, "frames that the header tells of")
    assert len(spans(read(path)[1], 0)) == 1
    bench.engine.stop_record(recording)
    bench.wait(E.EV_RECORDING_ENDED)


def test_closing_both_streams_ends_it(bench: Bench, tmp_path: Path) -> None:
    a, _ = bench.call("127.11.0.1")
    b, _ = bench.call("127.11.0.2")
    recording = bench.engine.record(str(tmp_path / "x.wav"), a, b)
    bench.engine.close(a)
    bench.wait(E.EV_STREAM_CLOSED, a)
    bench.engine.close(b)
    assert bench.wait(E.EV_RECORDING_ENDED)[0][2] == recording
    bench.engine.stop_record(recording)


def test_stopping_the_engine_finishes_files(bench: Bench, tmp_path: Path) -> None:
    stream, phone = bench.call("127.11.0.1")
    path = tmp_path / "x.wav"
    recording = bench.engine.record(str(path), stream)
    phone.say(LOUD, count=3)
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 3, "packets")
    bench.engine.stop()
    ended = [e for e in bench.engine.drain(0) if e[0] == E.EV_RECORDING_ENDED]
    assert [(e[2], e[4]) for e in ended] == [(recording, 0)]
    read(path)


def test_second_recording_of_a_stream_is_refused_by_its_end(bench: Bench, tmp_path: Path) -> None:
    stream, _ = bench.call("127.11.0.1")
    first = bench.engine.record(str(tmp_path / "1.wav"), stream)
    second = bench.engine.record(str(tmp_path / "2.wav"), stream)
    event = bench.wait(E.EV_RECORDING_ENDED)[0]
    assert (event[2], event[4]) == (second, errno.EBUSY)
    bench.engine.stop_record(first)
    assert bench.wait(E.EV_RECORDING_ENDED, None, 2)[1][2] == first


def test_full_disk_ends_the_recording_and_not_the_call(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OSError, match="/dev/full") as refused:
        bench.engine.record("/dev/full", a, b)
    assert refused.value.errno == errno.ENOSPC
    alice.say(count=3)
    assert len(bob.hear(3)) == 3


def test_disk_that_fills_up_is_told(bench: Bench, tmp_path: Path) -> None:
    import resource
    import signal

    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # A file size limit refuses writes in the middle of a recording, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        recording = bench.engine.record(str(tmp_path / "x.wav"), a, b)
        event = bench.wait(E.EV_RECORDING_ENDED)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (event[2], event[4]) == (recording, errno.EFBIG)
    read(tmp_path / "x.wav")
    alice.say(count=3)
    assert len(bob.hear(3)) == 3


def test_path_that_cannot_be_is_named(bench: Bench, tmp_path: Path) -> None:
    stream, _ = bench.call("127.11.0.1")
    with pytest.raises(FileNotFoundError, match="missing"):
        bench.engine.record(str(tmp_path / "missing" / "x.wav"), stream)


def test_places_of_recordings_come_back(bench: Bench, tmp_path: Path) -> None:
    stream, _ = bench.call("127.11.0.1")
    for n in range(30):
        bench.engine.stop_record(bench.engine.record(str(tmp_path / "x.wav"), stream))
        bench.wait(E.EV_RECORDING_ENDED, None, n + 1)


def test_paused_is_silence_and_time_goes_on(bench: Bench, tmp_path: Path) -> None:
    stream, phone = bench.call("127.11.0.1")
    path = tmp_path / "card.wav"
    recording = bench.engine.record(str(path), stream)
    for number in range(3):
        bench.engine.pause_record(recording, number == 1)
        phone.say(LOUD, count=5)
        bench.until(
            lambda seen=5 * (number + 1): bench.engine.stream_stats(stream).rx_packets == seen,
            "the packets of one part",
        )
    deadline = time.monotonic() + 0.4
    bench.until(lambda: time.monotonic() > deadline, "0.4 s")
    bench.engine.stop_record(recording)
    bench.wait(E.EV_RECORDING_ENDED)
    assert [length for _, length in spans(read(path)[1], 0)] == [800, 800]


def test_goes_on_through_another_bridge_with_another_partner(bench: Bench, tmp_path: Path) -> None:
    (a, alice), (b, bob), (c, carol) = (bench.call(f"127.11.0.{n}") for n in (1, 2, 3))
    path = tmp_path / "call.wav"
    bench.engine.bridge(a, b)
    recording = bench.engine.record(str(path), a, b)
    bob.say(LOUD, count=5)
    bench.until(lambda: bench.engine.stream_stats(b).rx_packets == 5, "bob's packets")
    assert bench.engine.add_to_record(recording, c, 1) == 2
    bench.engine.drop_from_record(recording, 1)
    bench.engine.bridge(a, c)
    deadline = time.monotonic() + 0.3
    bench.until(lambda: time.monotonic() > deadline, "0.3 s between them")
    bob.say(LOUD, count=5)
    carol.say(LOUD, count=5)
    alice.say(LOUD, count=2)
    bench.until(lambda: bench.engine.stream_stats(c).rx_packets == 5, "carol's packets")
    bench.engine.close(b)
    deadline = time.monotonic() + 0.3
    bench.until(lambda: time.monotonic() > deadline, "0.3 s")
    bench.engine.stop_record(recording)
    assert bench.wait(E.EV_RECORDING_ENDED)[0][4] == 0
    frames = read(path)[1]
    assert [length for _, length in spans(frames, 1)] == [800, 800]
    assert [length for _, length in spans(frames, 0)] == [320]
    with pytest.raises(ValueError, match="over"):
        bench.engine.add_to_record(recording, a, 0)


def test_two_streams_of_one_channel_are_added_up(bench: Bench, tmp_path: Path) -> None:
    (a, alice), (b, bob) = (bench.call(f"127.11.0.{n}") for n in (1, 2))
    path = tmp_path / "sum.wav"
    recording = bench.engine.record(str(path), a)
    bench.engine.add_to_record(recording, b, 0)
    half = bytes([0x9F]) * 160
    alice.say(half)
    bob.say(half)
    bench.until(lambda: bench.engine.stream_stats(b).rx_packets == 1, "bob's packet")
    deadline = time.monotonic() + 0.2
    bench.until(lambda: time.monotonic() > deadline, "0.2 s")
    bench.engine.stop_record(recording)
    bench.wait(E.EV_RECORDING_ENDED)
    assert max(abs(frame[0]) for frame in read(path)[1]) == 2 * 8316


def test_room_is_recorded_mixed(bench: Bench, phones: TonePhones, tmp_path: Path) -> None:
    room = bench.engine.open_room()
    path = tmp_path / "room.wav"
    for tone in TONES[:2]:
        bench.engine.join_room(room, phones.add(tone))
    recording = bench.engine.record_room(str(path), room)
    phones.talk(0.8)
    bench.engine.close_room(room)
    assert bench.wait(E.EV_RECORDING_ENDED)[0][2:5:2] == (recording, 0)
    channels, frames = read(path)
    assert channels == 1
    power = tones_of(frames, 0)
    assert min(power[:2]) > 3000
    assert power[2] < 500


@pytest.mark.parametrize("rate", [8000, 16000])
def test_what_is_heard_in_a_conference_is_on_the_other_channel(
    bench: Bench, phones: TonePhones, tmp_path: Path, rate: int
) -> None:
    path = tmp_path / "conference.wav"
    streams = [phones.add(tone) for tone in TONES]
    recording = bench.engine.record(str(path), streams[0], streams[1])
    bench.engine.drop_from_record(recording, 1)
    bench.engine.add_to_record(recording, streams[0], 1, heard=True)
    room = bench.engine.open_room(rate=rate)
    for stream in streams:
        bench.engine.join_room(room, stream)
    phones.talk(0.8)
    bench.engine.close_room(room)
    bench.engine.close(streams[0])
    assert bench.wait(E.EV_RECORDING_ENDED)[0][2:5:2] == (recording, 0)
    frames = read(path)[1]
    said, told = tones_of(frames, 0), tones_of(frames, 1)
    assert said[0] > 3000
    assert max(said[1:]) < 500
    assert told[0] < 500
    assert min(told[1:]) > 3000


def test_frames_into_a_pipe(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    out, pipe = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(pipe, False)
    recording = bench.engine.record("", stream, pipe=pipe)
    phone.say(LOUD, count=5)
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 5, "packets")
    deadline = time.monotonic() + 0.3
    bench.until(lambda: time.monotonic() > deadline, "0.3 s")
    bench.engine.stop_record(recording)
    event = bench.wait(E.EV_RECORDING_ENDED)[0]
    data = b""
    while part := os.read(out, 65536):
        data += part
    os.close(out)
    assert len(data) == pytest.approx(event[3] * 16, abs=16)
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    assert sum(abs(s) > 1000 for s in samples) == 800


def test_reader_of_the_pipe_that_is_gone_ends_it(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    out, pipe = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(pipe, False)
    recording = bench.engine.record("", stream, pipe=pipe)
    os.close(out)
    event = bench.wait(E.EV_RECORDING_ENDED)[0]
    assert (event[2], event[4]) == (recording, errno.EPIPE)
    phone.say(count=1)
    bench.until(lambda: bench.engine.stream_stats(stream).rx_packets == 1, "the call goes on")
