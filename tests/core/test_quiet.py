"""Silence that is described instead of sent (RFC 3389): when it begins, what is told of it, how it ends."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from core.signal import comfort_noise, g711
from tests.core.signals import noise
from tests.support.codec_phone import OPUS, PCMA, PCMU, CodecPhone, talk, talk_until
from tests.support.rtp_phone import Bench, Packet, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")
probe = pytest.importorskip("tests.core._probe_quiet", reason="build with CENTRALA_TEST_EXTENSIONS=1")

CN = 13


def frames(level_dbm0: float, count: int, seed: int = 1) -> list[bytes]:
    sound = noise(160 * count, level_dbm0, seed).astype(np.int16)
    return [sound[160 * i : 160 * i + 160].tobytes() for i in range(count)]


def level_dbm0(pcm: bytes) -> float:
    """Exact at any level; the mixer's own leaves out what is softer than -50."""
    rms = float(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)))
    return 20 * float(np.log10(max(rms, 0.01) / (22827 / np.sqrt(2))))


def verdicts(silence: object, sound: list[bytes]) -> list[str]:
    return [silence.frame(frame)[0] for frame in sound]  # type: ignore[attr-defined]


def test_speech_is_sent_and_silence_described_after_its_hangover() -> None:
    silence = probe.Silence()
    assert set(verdicts(silence, frames(-20, 50))) == {"speak"}
    assert verdicts(silence, frames(-70, 12)) == ["speak"] * 10 + ["describe", "nothing"]
    assert verdicts(silence, frames(-20, 1)) == ["speak"]


def test_a_pause_between_words_is_sent() -> None:
    silence = probe.Silence()
    for _ in range(5):
        assert set(verdicts(silence, frames(-20, 5))) == {"speak"}
        assert set(verdicts(silence, frames(-75, 9))) == {"speak"}


def test_it_is_told_again_each_second_and_when_it_changes() -> None:
    silence = probe.Silence()
    said = verdicts(silence, frames(-75, 170))
    at = [i for i, verdict in enumerate(said) if verdict == "describe"]
    assert [b - a for a, b in itertools.pairwise(at)] == [50, 50, 50]
    silence = probe.Silence()
    verdicts(silence, frames(-80, 20))
    assert "describe" in verdicts(silence, frames(-63, 30, seed=5))


def test_what_is_told_sounds_as_loud_as_what_was_heard() -> None:
    for level in (-62.0, -66.0, -72.0):
        silence = probe.Silence()
        payload = next(p for v, p in (silence.frame(frame) for frame in frames(level, 20)) if v == "describe")
        maker = comfort_noise.Maker()
        maker.update(payload)
        maker.fill(1600)
        assert level_dbm0(maker.fill(8000)) == pytest.approx(level, abs=2)


def test_digital_silence_is_told_as_such() -> None:
    silence = probe.Silence()
    payload = next(p for v, p in (silence.frame(bytes(320)) for _ in range(12)) if v == "describe")
    assert payload[0] == 127


# -- on the wire -------------------------------------------------------------------------------------------------


def hear_for(phones: list[CodecPhone], seconds: float, silent: tuple[CodecPhone, ...] = ()) -> None:
    """Some say their tone, the `silent` ones say silence."""
    for phone in silent:
        phone.tone = 0
    talk(phones, seconds)


def of_type(packets: list[Packet], kind: int) -> list[Packet]:
    return [p for p in packets if p.payload_type == kind]


def test_a_room_of_silence_is_described(bench: Bench) -> None:
    """Nobody speaks: a description a second instead of fifty packets; the word after it begins a talk spurt."""
    a = CodecPhone(bench, "127.11.60.1", PCMU, 0, noise_payload_type=CN, suppress_silence=True)
    b = CodecPhone(bench, "127.11.60.2", PCMA, 0)
    room = bench.engine.open_room(gate=False)
    for phone in (a, b):
        bench.engine.join_room(room, phone.stream)
    talk([a, b], 1.5)
    described = of_type(a.heard, CN)
    assert 1 <= len(described) <= 4
    assert len(a.heard) < 30
    assert len(b.heard) > 60  # who negotiated nothing is sent silence
    b.tone = 700
    talk([a, b], 0.6)
    spoken = a.heard.index(next(p for p in a.heard[a.heard.index(described[-1]) :] if p.payload_type == PCMU))
    assert a.heard[spoken].marker
    before, first = a.heard[spoken - 1], a.heard[spoken]
    assert (first.sequence - before.sequence) & 0xFFFF == 1
    for one, other in itertools.pairwise(a.heard):
        assert (other.sequence - one.sequence) & 0xFFFF == 1
        assert 0 < (other.timestamp - one.timestamp) & 0xFFFFFFFF <= 8000 * 1.3

    def whole() -> None:
        assert a.level_db(700) == pytest.approx(0, abs=1.5)

    talk_until([a, b], 0.02, whole)


def test_a_relayed_description_arrives(bench: Bench) -> None:
    """Both negotiated it, with numbers of their own: the sequence stays whole."""
    a = CodecPhone(bench, "127.11.60.3", PCMU, 0, noise_payload_type=CN)
    b = CodecPhone(bench, "127.11.60.4", PCMU, 0, noise_payload_type=96)
    bench.engine.bridge(a.stream, b.stream)
    for i in range(6):
        payload = b"\x40" if i == 3 else b"\x55" * 160
        a.phone.raw(rtp(200 + i, 160 * i, payload, pt=CN if i == 3 else 0))
        b.heard += b.phone.hear(1)
    assert [p.payload_type for p in b.heard] == [0, 0, 0, 96, 0, 0]
    assert b.heard[3].payload == b"\x40"
    first = b.heard[0]
    assert [
        ((p.sequence - first.sequence) & 0xFFFF, (p.timestamp - first.timestamp) & 0xFFFFFFFF) for p in b.heard
    ] == [(i, 160 * i) for i in range(6)]


def test_silence_is_made_for_who_takes_no_description(bench: Bench) -> None:
    """The pair goes to the tick, which makes noise of the description and sends it as sound, without a hole."""
    a = CodecPhone(bench, "127.11.60.5", PCMU, 700, noise_payload_type=CN)
    b = CodecPhone(bench, "127.11.60.6", PCMU, 0)
    bench.engine.bridge(a.stream, b.stream)
    talk([a, b], 0.4)
    assert bench.engine.worker_stats(0).room_members == 0
    count = a._frames
    for i in range(40):  # 60 dB under overload, told three times; else nothing is sent for 800 ms
        if i % 15 == 0:
            a.phone.raw(rtp(a.phone.sequence + count, (count + i) * 160, bytes([60]), pt=CN))
            count += 1
        talk([b], 0.02)
        b.heard += b.phone.hear(3, timeout_s=0.002)
    assert bench.engine.worker_stats(0).room_members == 2
    sound = b"".join(g711.ulaw_decode_bytes(p.payload) for p in b.heard[-15:])
    assert level_dbm0(sound) == pytest.approx(-60 + 6, abs=4)  # dBm0 has its zero 6.2 dB under overload
    assert {p.payload_type for p in b.heard} == {PCMU}
    for one, other in itertools.pairwise(b.heard):
        assert (other.sequence - one.sequence) & 0xFFFF == 1


def test_opus_pauses_for_who_asked_for_it(bench: Bench) -> None:
    a = CodecPhone(bench, "127.11.60.7", OPUS, 0, suppress_silence=True)
    b = CodecPhone(bench, "127.11.60.8", PCMU, 0)
    bench.engine.bridge(a.stream, b.stream)
    b.tone = 700
    talk([a, b], 0.5)
    spoken = len(a.heard)
    b.tone = 0
    began = time.monotonic()
    talk([a, b], 1.5)
    lasted = time.monotonic() - began
    quiet = a.heard[spoken:]
    assert len(quiet) < 0.6 * 50 * lasted
    assert min(len(p.payload) for p in quiet) > 2
    b.tone = 700
    talk([a, b], 0.5)
    for one, other in itertools.pairwise(a.heard):
        assert (other.sequence - one.sequence) & 0xFFFF == 1
    span = (a.heard[-1].timestamp - a.heard[0].timestamp) & 0xFFFFFFFF
    assert span / 48000 == pytest.approx(2.5, abs=0.5)
