"""A digit heard as a tone goes on as an event to a far end that takes events, without its sound; none comes twice."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest

from tests.core.signals import burst
from tests.support.codec_phone import G722, OPUS, PCMA, PCMU, CodecPhone, encoder, talk
from tests.support.rtp_phone import Bench, Packet, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")

EVENT = 101


def press(bench: Bench, phone: CodecPhone, others: list[CodecPhone], tones: tuple[float, float], ms: int) -> float:
    """A key held for `ms`, and 200 ms of silence after it; how many ms it took to say the key."""
    began, took = time.monotonic(), 0.0
    say = encoder(phone.codec)
    size, clock = phone.rate // 50, 960 if phone.codec == OPUS else 160
    for i in range(ms // 20 + 10):
        t = (np.arange(size) + size * i) / phone.rate
        loud = 4000.0 if i < ms // 20 else 0.0
        sound = (loud * (np.sin(2 * np.pi * tones[0] * t) + np.sin(2 * np.pi * tones[1] * t))).astype(np.int16)
        at = phone._frames + i
        phone.phone.raw(rtp(phone.phone.sequence + at, clock * at, say(sound.tobytes()), pt=phone.codec))
        talk(others, 0.02)
        for other in others:
            other.heard += other.phone.hear(4, timeout_s=0.001)
        if i + 1 == ms // 20:
            took = (time.monotonic() - began) * 1000
    phone._frames += ms // 20 + 10
    return took


def events_of(packets: list[Packet]) -> list[tuple[int, int]]:
    """(event, duration of its last packet) for each timestamp."""
    out: dict[int, tuple[int, int]] = {}
    for p in packets:
        if p.payload_type == EVENT:
            code, _, duration = struct.unpack("!BBH", p.payload[:4])
            out[p.timestamp] = (code, max(duration, out.get(p.timestamp, (0, 0))[1]))
    return list(out.values())


def tone_ms(packets: list[Packet], codec: int) -> float:
    """How much of the key's sound came through."""
    probe = CodecPhone.__new__(CodecPhone)
    probe.codec, probe.rate = codec, {PCMU: 8000, PCMA: 8000, G722: 16000, OPUS: 16000}[codec]
    from tests.support.codec_phone import decode

    loud = 0
    for p in packets:
        if p.payload_type == codec:
            sound = decode(codec, [p.payload])
            loud += int(np.sqrt(np.mean(sound**2)) > 1000)
    return loud * 20.0


@pytest.mark.parametrize(
    ("codec", "other"), [(PCMU, PCMU), (PCMU, PCMA), (G722, G722), (PCMU, G722)], ids=lambda c: str(c)
)
def test_a_tone_becomes_one_event_that_lasts_as_long(bench: Bench, codec: int, other: int) -> None:
    a = CodecPhone(bench, "127.11.62.1", codec, 0, event_payload_type=-1)
    b = CodecPhone(bench, "127.11.62.2", other, 0, event_payload_type=EVENT)
    bench.engine.bridge(a.stream, b.stream)
    talk([a, b], 0.2)
    took = press(bench, a, [b], (852.0, 1336.0), 400)
    press(bench, a, [b], (697.0, 1209.0), 100)
    talk([a, b], 0.4)
    got = events_of(b.heard)
    assert [code for code, _ in got] == [8, 1]
    assert 250 * 8 <= got[0][1] <= (took + 260) * 8  # a busy machine says the key more slowly
    assert tone_ms(b.heard, other) <= 160  # of 500 ms: what went through before the digits were recognised
    told = bench.wait(E.EV_DIGIT, a.stream, count=2)
    assert [(chr(e[2]), e[4]) for e in told] == [("8", 1), ("1", 1)]


def test_between_two_that_know_tones_only_the_sound_goes_through(bench: Bench) -> None:
    a = CodecPhone(bench, "127.11.62.3", PCMU, 0, event_payload_type=-1)
    b = CodecPhone(bench, "127.11.62.4", PCMU, 0, event_payload_type=-1)
    bench.engine.bridge(a.stream, b.stream)
    press(bench, a, [b], (941.0, 1336.0), 200)
    assert tone_ms(b.heard, PCMU) >= 180
    assert events_of(b.heard) == []
    # What b hears is heard on b's side of the bridge only: one press, told once.
    bench.wait(E.EV_DIGIT, a.stream)
    assert [e[1] for e in bench.events if e[0] == E.EV_DIGIT] == [a.stream]


def test_a_far_end_whose_digits_are_signalled_gets_neither_events_nor_tones(bench: Bench) -> None:
    a = CodecPhone(bench, "127.11.62.5", PCMU, 0, event_payload_type=EVENT)
    b = CodecPhone(bench, "127.11.62.6", PCMU, 0, event_payload_type=-1, heard_event_type=EVENT, digits_signalled=True)
    bench.engine.bridge(a.stream, b.stream)
    talk([a, b], 0.1)
    for i in range(8):
        payload = struct.pack("!BBH", 3, (0x80 if i >= 5 else 0) | 10, min(i + 1, 5) * 160)
        a.phone.raw(rtp(a.phone.sequence + a._frames + i, 160 * a._frames, payload, pt=EVENT))
    a._frames += 8
    talk([a, b], 0.4)
    assert bench.wait(E.EV_DIGIT, a.stream)[0][2] == ord("3")
    assert events_of(b.heard) == []
    assert tone_ms(b.heard, PCMU) == 0


def test_signals_of_the_tests_are_loud_enough() -> None:
    assert np.abs(burst("5", 50)).max() > 1000
