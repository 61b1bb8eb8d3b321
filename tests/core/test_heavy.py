"""Heavy codecs in a helper thread: sound and packets come back in order, legs come and go, nothing is mixed up."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal import opus

probe = pytest.importorskip("tests.core._probe_heavy", reason="build with CENTRALA_TEST_EXTENSIONS=1")

OPUS = 107
AUDIO = 1


def tone(hertz: float, seconds: float, rate: int = 16000) -> list[bytes]:
    t = np.arange(int(seconds * rate)) / rate
    pcm = (8000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16)
    return [pcm[i : i + rate // 50].tobytes() for i in range(0, len(pcm), rate // 50)]


def loudest(pcm: bytes, rate: int = 16000) -> float:
    sound = np.frombuffer(pcm, np.int16).astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound))))) * rate / len(sound))


def test_what_is_said_comes_back_encoded_in_order() -> None:
    helper = probe.Helper()
    leg = helper.open(OPUS, 16000, bitrate=24000)
    assert helper.begin(leg)
    frames = tone(440, 1)
    for i, frame in enumerate(frames):
        assert helper.say(leg, frame, 20 * i)
        helper.wake()
    got = helper.results(len(frames))
    assert [(r[0], r[1], r[2]) for r in got] == [(leg, "packet", 20.0 * i) for i in range(len(frames))]
    decoder = opus.Decoder(16000)
    sound = b"".join(decoder.decode(r[4]) for r in got)
    assert loudest(sound[16000:]) == pytest.approx(440, abs=3)


def test_packets_in_sound_out_one_tick_ahead() -> None:
    helper = probe.Helper()
    leg = helper.open(OPUS, 16000)
    helper.begin(leg)
    encoder = opus.Encoder(16000, bitrate=24000)
    ticks = 60
    for i, frame in enumerate(tone(700, ticks / 50)):
        helper.packet(leg, i, 960 * i, 20 * i + 3, encoder.encode(frame))
        helper.ask(leg, 320, 20 * (i + 1))
        helper.wake()
    got = helper.results(ticks)
    assert [r[2] for r in got] == [20.0 * (i + 1) for i in range(ticks)]
    heard = [r for r in got if r[3] & AUDIO]
    assert len(heard) >= ticks - 3
    assert loudest(b"".join(r[4] for r in heard[10:])) == pytest.approx(700, abs=3)


def test_legs_do_not_hear_each_other_and_slots_are_used_again() -> None:
    helper = probe.Helper()
    for turn in range(4):
        legs = {helper.open(OPUS, 16000): 300 + 100 * k for k in range(5)}
        assert len(legs) == 5
        assert 0 not in legs
        encoders = {leg: opus.Encoder(16000, bitrate=24000) for leg in legs}
        sounds = {leg: tone(hertz, 0.6) for leg, hertz in legs.items()}
        for leg in legs:
            helper.begin(leg)
        for i in range(30):
            for leg in legs:
                helper.packet(leg, i, 960 * i, 20 * i, encoders[leg].encode(sounds[leg][i]))
                helper.ask(leg, 320, 20 * i)
            helper.wake()
        got = helper.results(150)
        assert len(got) == 150, turn
        for leg, hertz in legs.items():
            sound = b"".join(r[4] for r in got if r[0] == leg)
            assert loudest(sound[6400:]) == pytest.approx(hertz, abs=4)
            helper.end(leg)
        helper.wake()


def test_a_full_ring_loses_frames_and_says_so_but_takes_every_end() -> None:
    helper = probe.Helper()
    legs = [helper.open(OPUS, 16000) for _ in range(200)]
    for leg in legs:
        helper.begin(leg)
    frame = tone(500, 0.02)[0]
    taken = sum(helper.say(legs[0], frame, i) for i in range(3000))  # nobody wakes it, nobody takes results
    assert taken < 3000
    assert helper.counters["overruns"] == 3000 - taken
    for leg in legs:
        helper.end(leg)
    helper.wake()
    helper.results(taken, 5)
    again = {helper.open(OPUS, 16000) for _ in range(200)}
    assert len(again - {0}) >= 56  # ends are seen in time; what is not yet free is refused, never doubled
    assert not again & set(legs)


def test_it_stops_with_work_left() -> None:
    helper = probe.Helper()
    leg = helper.open(OPUS, 48000)
    helper.begin(leg)
    for i in range(500):
        helper.say(leg, bytes(1920), i)
    helper.wake()
    del helper


def test_a_leg_goes_on_where_another_stands() -> None:
    """Octet for octet: what its far end has heard so far came from the other's encoder."""
    helper = probe.Helper()
    leads, follows = (helper.open(OPUS, 16000, bitrate=24000) for _ in range(2))
    assert helper.begin(leads)
    assert helper.begin(follows)
    frames = tone(440, 1)
    for i, frame in enumerate(frames[:25]):
        helper.say(leads, frame, 20 * i)
    helper.say(follows, frames[40], 500)  # not what the other has said
    assert helper.copy(follows, leads)
    for i, frame in enumerate(frames[25:]):
        helper.say(leads, frame, 20 * i)
        helper.say(follows, frame, 20 * i)
    helper.wake()
    got = helper.results(26 + 50)[26:]
    assert [r[4] for r in got[::2]] == [r[4] for r in got[1::2]]
    helper.end(leads)
    helper.end(follows)
