"""What is played in rooms of 8, 16 and 48 kHz, and to codecs of such rates: as it was, and as wide as it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from core.signal import opus
from tests.support.codec_phone import AMPLITUDE, G722, L16, L16_48, NAMES, OPUS, PCMU, CodecPhone, decode
from tests.support.rtp_phone import Bench

E = pytest.importorskip("core.engine.engine", reason="build the core first")

# What each sound of a marked clip holds, Hz and amplitude, and no other does.
MARKS = {8000: {1000: 6000}, 16000: {5000: 6000}, 48000: {12000: 5000, 6500: 2500}}


def tones(rate: int, parts: dict[int, int], seconds: float = 2.0) -> bytes:
    t = np.arange(int(rate * seconds)) / rate
    return (
        sum(amplitude * np.sin(2 * np.pi * hertz * t) for hertz, amplitude in parts.items()).astype(np.int16).tobytes()
    )


def marked(bench: Bench, kept: Sequence[int]) -> int:
    """A clip that tells by its pitch which of its sounds is heard."""
    return bench.engine.add_clip(*(tones(rate, parts) if rate in kept else b"" for rate, parts in MARKS.items()))


def play(bench: Bench, where: list[tuple[int, int]], clip: int) -> Iterator[tuple[int, int, np.ndarray, int]]:
    """Half a second of a clip for members of rooms of (rate, their codec), announced to all and over the room to one.

    Gives rate, codec, sound and its rate, for each room twice.
    """
    phones = []
    for number, (rate, codec) in enumerate(where * 2):
        phone = CodecPhone(bench, f"127.11.64.{number + 1}", codec, 0)
        room = bench.engine.open_room(rate=rate, gate=False)
        bench.engine.join_room(room, phone.stream)
        if number < len(where):
            bench.engine.play_in_room(room, [clip])
        else:
            bench.engine.play(phone.stream, [clip], mix=True)
        phones.append((rate, room, phone))
    for rate, room, phone in phones:
        packets = phone.phone.hear(90 if phone.codec == L16_48 else 45)
        bench.engine.close_room(room)
        bench.engine.close(phone.stream)
        phone.phone.close()
        yield rate, phone.codec, decode(phone.codec, [p.payload for p in packets])[-phone.rate // 2 :], phone.rate


def snr_db(sound: np.ndarray, rate: int, hertz: float) -> float:
    """The tone against all else."""
    t = np.arange(len(sound)) / rate
    basis = np.stack([np.sin(2 * np.pi * hertz * t), np.cos(2 * np.pi * hertz * t)])
    wanted = basis.T @ np.linalg.lstsq(basis.T, sound, rcond=None)[0]
    return float(10 * np.log10(np.sum(wanted**2) / np.sum((sound - wanted) ** 2)))


@pytest.mark.parametrize("hertz", [400, 1700, 3100])
def test_a_clip_in_a_room(bench: Bench, hertz: int) -> None:
    """Clips are kept in mu-law, which leaves 37 dB. Repeated samples would have images: 10 dB at 3.1 kHz."""
    clip = bench.engine.add_clip(tones(8000, {hertz: 8000}))
    for _, codec, sound, rate in play(bench, [(8000, L16), (16000, L16), (48000, L16), (48000, L16_48)], clip):
        assert snr_db(sound, rate, hertz) > 34, NAMES[codec]
        assert np.max(np.abs(sound)) == pytest.approx(8000, rel=0.05)
        above = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        edge = int(4400 * len(sound) / rate)
        assert 10 * np.log10(above[edge:].sum() / above.sum() + 1e-12) < -45  # nothing above the clip's own band


def test_a_telephone_in_a_room_of_any_rate(bench: Bench) -> None:
    clip = bench.engine.add_clip(tones(8000, {1000: 8000}))
    for _, _, sound, rate in play(bench, [(8000, PCMU), (16000, PCMU), (48000, PCMU)], clip):
        assert snr_db(sound, rate, 1000.0) > 32


@pytest.mark.parametrize("kept", [(8000,), (8000, 16000), (8000, 48000), (8000, 16000, 48000)], ids=str)
def test_a_room_plays_the_widest_sound_that_it_can_carry(bench: Bench, kept: Sequence[int]) -> None:
    """A sound of 48 kHz serves a room of 16 where there is none of 16; 12 kHz is heard at 48 kHz only."""
    rooms = [(8000, PCMU), (16000, G722), (16000, OPUS), (16000, L16), (48000, L16_48)]
    for rate, codec, sound, heard_rate in play(bench, rooms, marked(bench, kept)):
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        if rate == 16000 and 16000 not in kept and 48000 in kept:
            wanted = 6500
        else:
            wanted = next(iter(MARKS[max(each for each in kept if each <= rate)]))
        assert np.argmax(spectrum) * heard_rate / len(sound) == pytest.approx(wanted, abs=5), (rate, NAMES[codec])


def test_a_telephone_in_a_wide_room_hears_of_a_wide_clip_what_it_can(bench: Bench) -> None:
    """Nothing of 5 kHz comes down into its band."""
    for *_, sound, _ in play(bench, [(16000, PCMU)], marked(bench, (8000, 16000))):
        assert np.max(np.abs(sound)) < 60


def test_an_announcement_over_music_leaves_both_wide(bench: Bench) -> None:
    """A queue's announcement for a caller who hears music: both are heard above 4 kHz, where they are kept so."""
    music = bench.engine.add_clip(bytes(32000), tones(16000, {6000: 4000}))
    phones = [CodecPhone(bench, "127.11.64.30", codec, 0) for codec in (G722, OPUS, L16, L16_48)]
    for phone in phones:
        bench.engine.play(phone.stream, [music], repeat=True)
        bench.engine.play(phone.stream, [marked(bench, (8000, 16000))], mix=True, duck_db=-6.0)
    for phone in phones:
        phone.heard = phone.phone.hear(90 if phone.codec == L16_48 else 45)
        assert phone.level_db(5000) == pytest.approx(0, abs=1.5), NAMES[phone.codec]
        assert phone.level_db(6000) == pytest.approx(20 * np.log10(2000 / AMPLITUDE), abs=1.5)
        assert phone.level_db(1000) < -30
        phone.one_stream()


def test_opus_at_48_khz_hears_all(bench: Bench) -> None:
    """By a play of its own and in a room; by configuration, since it takes three times the processor time."""
    wide = Bench(E.Engine(workers=1, port_min=24000, port_max=24199, max_streams=16, opus_rate=48000), bench.local_ip)
    wide.engine.start()
    try:
        clip = marked(wide, (8000, 16000, 48000))
        room = wide.engine.open_room(rate=48000, gate=False)
        streams = [wide.call(f"127.11.64.{41 + index}", codec=OPUS) for index in range(2)]
        wide.engine.join_room(room, streams[0][0])
        wide.engine.play_in_room(room, [clip])
        wide.engine.play(streams[1][0], [clip])
        for _, phone in streams:
            decoder = opus.Decoder(48000)
            sound = np.frombuffer(b"".join(decoder.decode(p.payload) for p in phone.hear(45)), np.int16)[-24000:]
            spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
            assert np.argmax(spectrum) * 48000 / len(sound) == pytest.approx(12000, abs=5)
    finally:
        wide.close()
    with pytest.raises(ValueError, match="opus_rate is 44100 Hz, it must be 8000, 16000 or 48000"):
        E.Engine(opus_rate=44100)


def test_full_sound_must_be_six_times_as_long(bench: Bench) -> None:
    with pytest.raises(ValueError, match="six times as many samples; 640 bytes beside 320"):
        bench.engine.add_clip(bytes(320), b"", bytes(640))
