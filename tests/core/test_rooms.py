"""Rooms over real loopback sockets: who hears whom, by the tones that arrive."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator

import numpy as np
import pytest

from core.signal import g711
from tests.support.rtp_phone import Bench, Packet
from tests.support.tone_phone import TonePhones

E = pytest.importorskip("core.engine.engine", reason="build the core first")

TONES = (440.0, 620.0, 850.0, 1130.0, 1480.0, 1930.0)


@pytest.fixture
def phones(bench: Bench) -> Iterator[TonePhones]:
    made = TonePhones(bench)
    yield made
    made.close()


def test_each_hears_the_others_and_not_himself(bench: Bench, phones: TonePhones) -> None:
    streams = [phones.add(tone) for tone in TONES[:4]]
    room = bench.engine.open_room()
    for stream in streams:
        bench.engine.join_room(room, stream)
    phones.expect(1.2, {index: set(TONES[:4]) - {TONES[index]} for index in range(4)})
    for index in range(4):
        phones.no_gap(index)


def test_muted_is_not_heard_and_hears_deaf_is_heard_and_hears_not(bench: Bench, phones: TonePhones) -> None:
    a, b, c = (phones.add(tone) for tone in TONES[:3])
    room = bench.engine.open_room()
    bench.engine.join_room(room, a)
    bench.engine.join_room(room, b, muted=True)
    bench.engine.join_room(room, c, deaf=True)
    phones.expect(1.0, {0: {TONES[2]}, 1: {TONES[0], TONES[2]}, 2: set()})
    bench.engine.join_room(room, b)
    phones.expect(1.0, {0: {TONES[1], TONES[2]}})


def test_packet_times_and_laws_of_members_differ(bench: Bench, phones: TonePhones) -> None:
    room = bench.engine.open_room()
    kinds = ((0, 20), (8, 20), (0, 30), (8, 10), (0, 60), (8, 40))
    for tone, (codec, ptime) in zip(TONES, kinds, strict=True):
        bench.engine.join_room(room, phones.add(tone, codec=codec, ptime_ms=ptime))
    phones.expect(1.4, {index: set(TONES) - {TONES[index]} for index in range(len(kinds))})
    for index, (codec, ptime) in enumerate(kinds):
        packets = phones.packets(index)
        assert {(p.payload_type, len(p.payload)) for p in packets} == {(codec, ptime * 8)}
        one_stream(packets, phones.late_s)


def one_stream(packets: list[Packet], late_s: float = 0.0) -> None:
    """One SSRC, sequence without a hole, timestamps that only grow, and not by more than 60 ms over what was due.

    `late_s`: a far end that was late itself makes longer gaps.
    """
    assert len({p.ssrc for p in packets}) == 1
    for before, after in itertools.pairwise(packets):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF <= len(before.payload) + 480 + late_s * 8000


def test_sequence_goes_on_over_music_bridge_room_and_back(bench: Bench, phones: TonePhones) -> None:
    a, b, c = (phones.add(tone) for tone in TONES[:3])
    tone = bench.engine.add_clip(tone_pcm(2100.0, 4000))
    bench.engine.play(a, [tone], repeat=True)
    phones.talk(0.5)
    bench.engine.stop_play(a)
    bench.engine.bridge(a, b)
    phones.expect(0.5, {0: {TONES[1]}})
    room = bench.engine.open_room()
    for stream in (a, b, c):
        bench.engine.join_room(room, stream)
    phones.expect(0.8, {0: {TONES[1], TONES[2]}})
    bench.engine.bridge(a, c)
    phones.expect(0.5, {0: {TONES[2]}})
    one_stream(phones.all_packets(0), phones.late_s)


def tone_pcm(frequency: float, samples: int) -> bytes:
    t = np.arange(samples) / 8000
    return (6000 * np.sin(2 * np.pi * frequency * t)).astype(np.int16).tobytes()


def test_supervisor_listens_whispers_and_barges(bench: Bench, phones: TonePhones) -> None:
    caller, agent, boss = (phones.add(tone) for tone in TONES[:3])
    bench.engine.bridge(caller, agent)
    expected = {
        1: ({TONES[1]}, {TONES[0]}),
        2: ({TONES[1]}, {TONES[0], TONES[2]}),
        3: ({TONES[1], TONES[2]}, {TONES[0], TONES[2]}),
    }
    for how, (to_caller, to_agent) in expected.items():
        bench.engine.supervise(boss, agent, how)
        phones.expect(0.9, {2: {TONES[0], TONES[1]}, 0: to_caller, 1: to_agent})
    bench.engine.supervise(boss, 0, 0)
    phones.expect(0.6, {2: set(), 0: {TONES[1]}})
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 0, "the pair is relayed again")
    for index in (0, 1):
        one_stream(phones.all_packets(index), phones.late_s)


def test_supervision_survives_a_transfer_and_a_conference(bench: Bench, phones: TonePhones) -> None:
    caller, agent, boss, other = (phones.add(tone) for tone in TONES[:4])
    bench.engine.supervise(boss, agent, 1)
    bench.engine.bridge(caller, agent)
    phones.expect(0.7, {2: {TONES[0], TONES[1]}})
    bench.engine.bridge(other, agent)
    phones.expect(0.7, {2: {TONES[1], TONES[3]}})
    room = bench.engine.open_room()
    for stream in (caller, agent, other):
        bench.engine.join_room(room, stream)
    phones.expect(0.9, {2: {TONES[0], TONES[1], TONES[3]}})
    bench.engine.close(agent)
    phones.expect(0.5, {2: set()})


def test_announcement_is_heard_by_all_and_its_end_is_told(bench: Bench, phones: TonePhones) -> None:
    streams = [phones.add(tone) for tone in TONES[:2]]
    room = bench.engine.open_room()
    for stream in streams:
        bench.engine.join_room(room, stream)
    clip = bench.engine.add_clip(tone_pcm(2400.0, 32000))
    token = bench.engine.play_in_room(room, [clip])
    phones.expect(0.7, {0: {TONES[1], 2400.0}, 1: {TONES[0], 2400.0}})
    assert bench.wait(E.EV_ROOM_PLAY_ENDED)[0][2:5] == (token, 1, room)
    empty = bench.engine.open_room()
    second = bench.engine.play_in_room(empty, [clip], repeat=True)
    bench.engine.close_room(empty)
    assert bench.wait(E.EV_ROOM_PLAY_ENDED, None, 2)[1][2:5] == (second, 0, empty)
    assert bench.wait(E.EV_ROOM_CLOSED)[0][2] == empty
    bench.engine.close_room(empty)
    with pytest.raises(KeyError, match="room"):
        bench.engine.join_room(empty, streams[0])


def test_clip_over_the_talk_and_over_music(bench: Bench, phones: TonePhones) -> None:
    a, b = phones.add(TONES[0]), phones.add(TONES[1])
    bench.engine.bridge(a, b)
    clip = bench.engine.add_clip(tone_pcm(2400.0, 32000))
    token = bench.engine.play(a, [clip], mix=True, duck_db=-6.0)
    phones.expect(0.7, {0: {TONES[1], 2400.0}, 1: {TONES[0]}})
    assert bench.wait(E.EV_PLAY_ENDED, a)[0][2:5] == (token, 1, 1)
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 0, "the pair is relayed again")
    bench.engine.unbridge(a)
    music = bench.engine.play(a, [bench.engine.add_clip(tone_pcm(3000.0, 8000))], repeat=True)
    phones.talk(0.3)
    bench.engine.play(a, [clip], mix=True, duck_db=-6.0)
    phones.expect(0.6, {0: {2400.0, 3000.0}})
    bench.wait(E.EV_PLAY_ENDED, a, 2)
    phones.expect(0.3, {0: {3000.0}})
    bench.engine.stop_play(a)
    assert bench.wait(E.EV_PLAY_ENDED, a, 3)[-1][2:5] == (music, 0, 0)
    one_stream(phones.all_packets(0), phones.late_s)


def test_gain_makes_louder(bench: Bench, phones: TonePhones) -> None:
    a, b = phones.add(TONES[0]), phones.add(TONES[1])
    bench.engine.bridge(a, b)
    phones.talk(0.5)
    plain = phones.level(0, TONES[1])
    bench.engine.gain(b, -12.0)
    phones.talk(0.7)
    assert phones.level(0, TONES[1]) - plain == pytest.approx(-12.0, abs=1.0)
    bench.engine.gain(b, 0.0)
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 0, "the pair is relayed again")


def test_talkers_are_told(bench: Bench, phones: TonePhones) -> None:
    a, b = phones.add(TONES[0]), phones.add(0.0)
    room = bench.engine.open_room()
    bench.engine.join_room(room, a)
    bench.engine.join_room(room, b)
    phones.talk(0.8)
    event = bench.wait(E.EV_TALKER, a)[0]
    assert (event[2], event[4]) == (1, room)
    assert -20 < event[3] < 0
    bench.wait(E.EV_TALKER, a, 2)
    assert [e[2] for e in bench.events if e[0] == E.EV_TALKER] == [1, 0]


def test_silent_members_do_not_add_noise(bench: Bench, phones: TonePhones) -> None:
    """A hum under the talk threshold is left out of the sum."""
    a, b = phones.add(TONES[0], level=20), phones.add(0.0)
    room = bench.engine.open_room()
    for stream in (a, b):
        bench.engine.join_room(room, stream)
    phones.talk(0.7)
    assert {byte for p in phones.packets(1) for byte in p.payload} <= {0xFF, 0x7F}


def test_digits_reach_the_partner_on_the_tick(bench: Bench) -> None:
    from tests.core.test_digits import press

    (a, alice), (b, bob), (c, _) = (bench.call(f"127.11.0.{n}") for n in (1, 2, 3))
    bench.engine.bridge(a, b)
    bench.engine.supervise(c, a, 1)
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 3, "the room")
    press(alice, "5")
    assert bench.wait(E.EV_DIGIT, a)[0][2] == ord("5")
    packets: list[Packet] = []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(p.payload_type == 101 for p in packets):
        packets += bob.hear(1, timeout_s=0.5)
    assert next(p.payload[0] for p in packets if p.payload_type == 101) == 5


def test_hundreds_of_members(bench: Bench) -> None:
    calls = [bench.call(f"127.11.2.{n % 250 + 1}") for n in range(300)]
    room = bench.engine.open_room()
    for stream, _ in calls:
        bench.engine.join_room(room, stream)
    loud = g711.ulaw_encode_bytes(tone_pcm(1000.0, 160))
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 300, "the members")
    for _ in range(20):
        calls[7][1].say(loud)
    bench.wait(E.EV_TALKER, calls[7][0])
    for index in (0, 150, 299):
        packets = calls[index][1].hear(10)
        one_stream(packets)
    bench.engine.close_room(room)
    bench.until(lambda: bench.engine.worker_stats(0).room_members == 0, "an empty room")


def test_level_of_a_mix_is_a_sum(bench: Bench, phones: TonePhones) -> None:
    """Two at the same level arrive at that level each: nothing is turned down when others talk."""
    streams = [phones.add(tone) for tone in TONES[:3]]
    room = bench.engine.open_room()
    for stream in streams:
        bench.engine.join_room(room, stream)
    phones.talk(0.9)
    for tone in TONES[1:3]:
        assert phones.level(0, tone) == pytest.approx(20 * math.log10(phones.amplitude), abs=1.0)


def test_end_of_an_announcement_is_told_when_the_ring_was_full(bench: Bench) -> None:
    """Nobody drains while 20,000 plays end; the end of the room's own is told later."""
    stream, _ = bench.call("127.11.0.1")
    room = bench.engine.open_room()
    clip = bench.engine.add_clip(bytes(2))
    for _ in range(20_000):
        while True:
            try:
                bench.engine.play(stream, [clip], repeat=True)
                break
            except E.EngineBusy:
                continue
    token = bench.engine.play_in_room(room, [clip])
    bench.until(
        lambda: any(e[0] == E.EV_ROOM_PLAY_ENDED and e[2] == token for e in bench.events), "the end of the announcement"
    )
    assert bench.engine.worker_stats(0).dropped_events > 0
