"""Digits over real sockets: heard as events and in the audio, sent as events and as tones, carried over a bridge."""

from __future__ import annotations

import itertools
import math
import struct

import pytest

from tests.support.rtp_phone import Bench, Packet, Phone, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")

FREQUENCIES = {"1": (697, 1209), "5": (770, 1336), "#": (941, 1477)}
DIGITS = "0123456789*#ABCD"


SWEEP_FROM = 8  # core/engine/state.pxd


def press(phone: Phone, digit: str, *, ends: int = 3, pt: int = 101) -> None:
    """A digit of 100 ms as RFC 4733 has it."""
    event = DIGITS.index(digit)
    for i in range(5 + ends - 1):
        duration = 160 * min(i + 1, 5)
        end = 0x80 if i >= 4 else 0
        payload = struct.pack("!BBH", event, end | 10, duration)
        phone.raw(rtp(phone.sequence, phone.timestamp, payload, pt=pt, marker=i == 0))
        phone.sequence += 1
    phone.timestamp += 1600


def ulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xFF


def tone(digit: str, ms: int) -> bytes:
    low, high = FREQUENCIES[digit]
    return bytes(
        ulaw(int(6000 * (math.sin(2 * math.pi * low * n / 8000) + math.sin(2 * math.pi * high * n / 8000))))
        for n in range(8 * ms)
    )


def events_of(packets: list[Packet]) -> list[tuple[int, bool, int]]:
    """(event, end, duration) of each event packet."""
    return [
        (p.payload[0], bool(p.payload[1] & 0x80), struct.unpack("!H", p.payload[2:4])[0])
        for p in packets
        if p.payload_type == 101
    ]


def test_event_is_told_once(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    for digit in "12#A":
        press(phone, digit)
    told = bench.wait(E.EV_DIGIT, stream, 4)
    assert [(chr(e[2]), e[3], e[4]) for e in told] == [(d, 100, 0) for d in "12#A"]


def test_event_without_its_end_is_told(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    press(phone, "7", ends=0)
    assert bench.wait(E.EV_DIGIT, stream)[0][2:5] == (ord("7"), 80, 0)


def test_digit_in_the_audio_is_told_with_its_length(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", event_payload_type=-1)
    sound = tone("5", 100) + b"\xff" * 800 + tone("#", 80) + b"\xff" * 800
    for at in range(0, len(sound), 160):
        phone.say(sound[at : at + 160])
    told = bench.wait(E.EV_DIGIT, stream, 2)
    assert [(chr(e[2]), e[4]) for e in told] == [("5", 1), ("#", 1)]
    assert told[0][3] == pytest.approx(100, abs=25)


def test_digit_in_the_audio_that_stops_with_the_audio(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1", event_payload_type=-1)
    sound = tone("1", 80)
    for at in range(0, len(sound), 160):
        phone.say(sound[at : at + 160])
    assert chr(bench.wait(E.EV_DIGIT, stream)[0][2]) == "1"


def test_audio_is_not_searched_when_events_are_negotiated(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    sound = tone("5", 100) + b"\xff" * 800
    for at in range(0, len(sound), 160):
        phone.say(sound[at : at + 160])
    press(phone, "1")
    assert [chr(e[2]) for e in bench.wait(E.EV_DIGIT, stream)] == ["1"]


def test_events_are_sent_as_the_rfc_says(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    bench.engine.send_digits(stream, "4#", duration_ms=60)
    packets = phone.hear(10)
    assert events_of(packets) == [
        (e, *rest) for e in (4, 11) for rest in [(False, 160), (False, 320), (True, 480), (True, 480), (True, 480)]
    ]
    assert [p.marker for p in packets] == [True, False, False, False, False] * 2
    assert len({p.timestamp for p in packets[:5]}) == len({p.timestamp for p in packets[5:]}) == 1
    assert packets[5].timestamp - packets[0].timestamp >= 8 * (60 + 40)
    assert [p.sequence - packets[0].sequence for p in packets] == list(range(10))


def test_digits_interrupt_a_play_and_the_stream_goes_on(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    bench.engine.play(stream, [bench.engine.add_clip(bytes(320))], repeat=True)
    heard = phone.hear(3)
    bench.engine.send_digits(stream, "1")
    while heard[-1].payload_type != 101 or not heard[-1].payload[1] & 0x80:
        heard += phone.hear()
    heard += phone.hear(5)
    assert heard[-1].payload_type == 0
    assert [p.sequence - heard[0].sequence for p in heard] == list(range(len(heard)))
    assert all(0 <= b.timestamp - a.timestamp < 4000 for a, b in itertools.pairwise(heard))


def test_digits_of_many_who_hear_a_prompt(bench: Bench) -> None:
    """With so many, nobody's packets wake the worker while their prompt plays; they do again when it ends."""
    clip = bench.engine.add_clip(bytes(320))
    calls = [bench.call(f"127.11.0.{index + 1}") for index in range(2 * SWEEP_FROM)]
    for stream, _ in calls:
        bench.engine.play(stream, [clip], repeat=True)
    for stream, phone in calls:
        phone.hear(3)
        press(phone, "4")
        assert chr(bench.wait(E.EV_DIGIT, stream)[0][2]) == "4"
    (first, alice), (second, bob), (third, carol) = calls[-3:]
    bench.engine.bridge(first, second)  # while both still hear their prompt
    for stream, _ in calls:
        bench.engine.stop_play(stream)
        bench.wait(E.EV_PLAY_ENDED, stream)
    while carol.hear(timeout_s=0.1) or alice.hear(timeout_s=0.1) or bob.hear(timeout_s=0.1):
        pass
    alice.say(b"\x11" * 160, count=2)
    assert [p.payload[0] for p in bob.hear(2)] == [0x11, 0x11]
    press(carol, "5")
    assert chr(bench.wait(E.EV_DIGIT, third, 2)[1][2]) == "5"


def test_tones_are_sent_where_events_are_unknown(bench: Bench) -> None:
    sender, phone = bench.call("127.11.0.1", event_payload_type=-1)
    listener, other = bench.call("127.11.0.2", event_payload_type=-1)
    bench.engine.send_digits(sender, "159", duration_ms=80)
    for _ in range(3 * 8):
        other.say(phone.hear()[0].payload)
    other.say(b"\xff" * 160, count=5)
    assert [chr(e[2]) for e in bench.wait(E.EV_DIGIT, listener, 3)] == ["1", "5", "9"]


def test_events_cross_a_bridge_under_the_far_ends_number(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1", event_payload_type=96)
    b, bob = bench.call("127.11.0.2", event_payload_type=101)
    bench.engine.bridge(a, b)
    alice.say(count=3)
    press(alice, "8", pt=96)
    alice.say(count=3)
    heard = bob.hear(13)
    assert events_of(heard)[-3:] == [(8, True, 800)] * 3
    assert [p.sequence - heard[0].sequence for p in heard] == list(range(13))
    assert {p.timestamp - heard[0].timestamp for p in heard[3:10]} == {480}
    assert heard[3].marker
    assert [chr(e[2]) for e in bench.wait(E.EV_DIGIT, a)] == ["8"]


def test_events_become_a_tone_for_a_far_end_without_them(bench: Bench) -> None:
    a, alice = bench.call("127.11.0.1")
    b, bob = bench.call("127.11.0.2", event_payload_type=-1)
    bench.engine.bridge(a, b)
    alice.say()
    press(alice, "6")
    heard = bob.hear(9)
    assert {p.payload_type for p in heard} == {0}
    assert [p.sequence - heard[0].sequence for p in heard] == list(range(9))
    listener, ear = bench.call("127.11.0.3", event_payload_type=-1)
    for p in heard[1:]:
        ear.say(p.payload)
    assert [chr(e[2]) for e in bench.wait(E.EV_DIGIT, listener)] == ["6"]
    assert [chr(e[2]) for e in bench.wait(E.EV_DIGIT, a)] == ["6"]


def test_digits_survive_a_full_event_ring(bench: Bench) -> None:
    stream, phone = bench.call("127.11.0.1")
    clip = bench.engine.add_clip(bytes(2))
    plays = 0
    while plays < 17_000:
        try:
            bench.engine.play(stream, [clip], repeat=True)
            plays += 1
        except E.EngineBusy:
            continue
    for digit in "0123456789":
        press(phone, digit)
    told = bench.wait(E.EV_DIGIT, stream, 10)
    assert [chr(e[2]) for e in told] == list("0123456789")
