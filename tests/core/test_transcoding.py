"""Calls between phones of different codecs over real loopback sockets, judged by the tones that arrive."""

from __future__ import annotations

import itertools
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support.codec_phone import G722, L16, NAMES, OPUS, PCMA, PCMU, CodecPhone, talk, talk_until
from tests.support.rtp_phone import Bench, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")

CODECS = (PCMU, PCMA, G722, OPUS, L16)


def test_every_codec_with_every_other(bench: Bench) -> None:
    pairs = []
    for index, (one, other) in enumerate(itertools.combinations_with_replacement(CODECS, 2)):
        a = CodecPhone(bench, f"127.11.2.{2 * index + 1}", one, 500.0 + 20 * index)
        b = CodecPhone(bench, f"127.11.2.{2 * index + 2}", other, 1500.0 + 20 * index)
        bench.engine.bridge(a.stream, b.stream)
        pairs.append((a, b))

    def each_hears_the_other() -> None:
        for a, b in pairs:
            for hears, says in ((a, b), (b, a)):
                what = (NAMES[says.codec], NAMES[hears.codec])
                assert hears.level_db(says.tone) == pytest.approx(0, abs=1.5), what
                assert hears.level_db(hears.tone) < -25, what
                assert len(hears.heard) >= 60, what

    talk_until([phone for pair in pairs for phone in pair], 1.6, each_hears_the_other)
    for pair in pairs:
        for phone in pair:
            phone.one_stream()


def test_wide_band_goes_through_where_both_have_it(bench: Bench) -> None:
    """5 kHz is beyond a telephone: G.722 to Opus keeps it, to PCMA nothing of it must fold down."""
    wide = [CodecPhone(bench, "127.11.3.1", G722, 5000), CodecPhone(bench, "127.11.3.2", OPUS, 600)]
    mixed = [CodecPhone(bench, "127.11.3.3", G722, 5000), CodecPhone(bench, "127.11.3.4", PCMA, 600)]
    for a, b in (wide, mixed):
        bench.engine.bridge(a.stream, b.stream)

    def bands() -> None:
        assert wide[1].level_db(5000) > -4
        assert mixed[1].level_db(3000) < -45  # 8000 - 5000
        assert mixed[0].level_db(600) == pytest.approx(0, abs=1.5)

    talk_until([*wide, *mixed], 1.5, bands)


def all_but_oneself(phones: list[CodecPhone], rate: int) -> None:
    for phone in phones:
        for other in phones:
            level = phone.level_db(other.tone)
            what = (rate, NAMES[phone.codec], NAMES[other.codec], level)
            if other is phone:
                assert level < -25, what
            else:
                # Opus is a codec for speech, not for four tones.
                assert abs(level) < (6.0 if OPUS in (phone.codec, other.codec) else 2.0), what


def test_a_room_of_all_codecs(bench: Bench) -> None:
    for rate in (8000, 16000, 48000):
        room = bench.engine.open_room(rate=rate)
        phones = [CodecPhone(bench, f"127.11.4.{i + 1}", codec, 450.0 + 310 * i) for i, codec in enumerate(CODECS)]
        for phone in phones:
            bench.engine.join_room(room, phone.stream)
        talk_until(phones, 1.3, lambda phones=phones, rate=rate: all_but_oneself(phones, rate))
        bench.engine.close_room(room)
        for phone in phones:
            bench.engine.close(phone.stream)
            phone.phone.close()


@pytest.mark.parametrize("codec", [G722, OPUS, L16])
def test_clips_and_tones_are_heard(bench: Bench, codec: int) -> None:
    """A prompt, then digits as tones since the far end has no telephone-event."""
    phone = CodecPhone(bench, "127.11.5.1", codec, 0, event_payload_type=-1)
    t = np.arange(8000) / 8000
    clip = bench.engine.add_clip((6000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16).tobytes())
    bench.engine.play(phone.stream, [clip])
    phone.heard = phone.phone.hear(48)
    assert phone.level_db(1000) == pytest.approx(0, abs=1.5)
    bench.wait(E.EV_PLAY_ENDED, phone.stream)
    bench.engine.send_digits(phone.stream, "5", duration_ms=300)
    for _ in range(200):  # silence that a busy machine has not yet sent comes first
        phone.heard += phone.phone.hear(1)
        if min(phone.level_db(770), phone.level_db(1336)) > -10:
            break
    assert min(phone.level_db(770), phone.level_db(1336)) > -10
    phone.one_stream()


def sine(hertz: float, rate: int, seconds: float = 1.0) -> bytes:
    t = np.arange(int(rate * seconds)) / rate
    return (6000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16).tobytes()


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_wide_sound_of_a_clip_is_heard_by_wide_codecs(bench: Bench, codec: int) -> None:
    """Marked by its pitch: 5 kHz is only in the wide sound, 1 kHz only in the narrow one."""
    phone = CodecPhone(bench, "127.11.5.3", codec, 0)
    wide = bench.engine.add_clip(sine(1000, 8000), sine(5000, 16000))
    bench.engine.play(phone.stream, [wide, wide], gain_db=-6.0)
    phone.heard = phone.phone.hear(96)
    assert phone.level_db(5000) == pytest.approx(-6, abs=1.5)
    assert phone.level_db(1000) < -30
    bench.wait(E.EV_PLAY_ENDED, phone.stream)
    phone.heard = []
    bench.engine.play(phone.stream, [wide, bench.engine.add_clip(sine(1000, 8000))])  # one of them is narrow
    phone.heard = phone.phone.hear(96)
    assert phone.level_db(1000) == pytest.approx(0, abs=1.5)
    assert phone.level_db(5000) < -30
    bench.wait(E.EV_PLAY_ENDED, phone.stream)
    bench.engine.release_clip(wide)
    bench.wait(E.EV_CLIP_RELEASED, 0)


def test_wide_sound_must_be_twice_as_long(bench: Bench) -> None:
    with pytest.raises(ValueError, match="twice as many samples; 100 bytes beside 320"):
        bench.engine.add_clip(bytes(320), bytes(100))


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_a_lone_leg_is_taped_and_listened_to(bench: Bench, tmp_path: Path, codec: int) -> None:
    """Voicemail, and digits in the sound of a phone that has no telephone-event."""
    phone = CodecPhone(bench, "127.11.5.2", codec, 0, event_payload_type=-1)
    path = tmp_path / "message.wav"
    recording = bench.engine.record(str(path), phone.stream)
    low, high = 852, 1477
    size = phone.rate // 50
    for i in range(60):
        t = (np.arange(size) + size * i) / phone.rate
        tones = 4000 * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t))
        sound = (tones if i < 40 else 0 * t).astype(np.int16)
        phone._frames = i
        payload = phone._encode(sound.tobytes())
        phone.phone.raw(rtp(i, i * (960 if codec == OPUS else 160), payload, pt=codec))
        bench.until(lambda n=i: bench.engine.stream_stats(phone.stream).rx_packets > n, "the packet")
        talk([], 0.02)
    digit = bench.wait(E.EV_DIGIT, phone.stream)[0]
    assert chr(digit[2]) == "9"
    bench.engine.stop_record(recording)
    bench.wait(E.EV_RECORDING_ENDED)
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    power = np.abs(np.fft.rfft(pcm)) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 8000)
    assert (
        power[(np.abs(hertz - low) < 30) | (np.abs(hertz - high) < 30)].sum() / power.sum() > 0.6
    )  # beside them there is what Opus and stalls make of tones


def test_events_of_48_khz_have_their_own_clock(bench: Bench) -> None:
    """RFC 4733 beside Opus counts in 48 kHz: 100 ms are 4,800 units."""
    phone = CodecPhone(bench, "127.11.5.3", OPUS, 0, event_payload_type=110)
    bench.engine.send_digits(phone.stream, "7", duration_ms=100)
    packets = phone.phone.hear(7)
    assert {p.payload_type for p in packets} == {110}
    event, flags, duration = struct.unpack("!BBH", packets[-1].payload)
    assert (event, flags & 0x80, duration) == (7, 0x80, 4800)
    for i in range(8):
        payload = struct.pack("!BBH", 3, (0x80 if i >= 5 else 0) | 10, min(i + 1, 5) * 960)
        phone.phone.raw(rtp(500 + i, 77777, payload, pt=110))
    got = bench.wait(E.EV_DIGIT, phone.stream)[0]
    assert (chr(got[2]), got[3]) == ("3", 100)


def test_a_codec_changes_in_mid_call(bench: Bench) -> None:
    """A re-INVITE from PCMA to G.722 and back: the pair moves between the paths, each far end's stream goes on."""
    a = CodecPhone(bench, "127.11.6.1", PCMA, 700)
    b = CodecPhone(bench, "127.11.6.2", PCMA, 1200)
    bench.engine.bridge(a.stream, b.stream)

    def both_hear() -> None:
        assert a.level_db(1200) == pytest.approx(0, abs=1.5)
        assert b.level_db(700) == pytest.approx(0, abs=1.5)

    talk_until([a, b], 0.5, both_hear)
    for codec in (G722, L16, PCMA):
        a.change(bench, codec)
        talk_until([a, b], 0.8, both_hear)
    b.one_stream()
    assert len({p.ssrc for p in a.heard}) == 1
