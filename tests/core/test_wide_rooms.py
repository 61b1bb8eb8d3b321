"""What is played in rooms of 8, 16 and 48 kHz: a clip arrives as it was, without images above its own band."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.codec_phone import L16, PCMU, CodecPhone, decode
from tests.support.rtp_phone import Bench

E = pytest.importorskip("core.engine.engine", reason="build the core first")


def play(bench: Bench, rate: int, codec: int, hertz: float, *, over: bool) -> tuple[np.ndarray, int]:
    """Half a second of a clip's tone as a member of a room of `rate` hears it, and its sample rate."""
    phone = CodecPhone(bench, "127.11.64.1", codec, 0)
    room = bench.engine.open_room(rate=rate, gate=False)
    bench.engine.join_room(room, phone.stream)
    t = np.arange(16000) / 8000
    clip = bench.engine.add_clip((8000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16).tobytes())
    if over:
        bench.engine.play(phone.stream, [clip], mix=True)
    else:
        bench.engine.play_in_room(room, [clip])
    packets = phone.phone.hear(60)
    bench.engine.close_room(room)
    bench.engine.close(phone.stream)
    phone.phone.close()
    sound = decode(codec, [p.payload for p in packets])
    return sound[-phone.rate // 2 :], phone.rate


def snr_db(sound: np.ndarray, rate: int, hertz: float) -> float:
    """The tone against all else."""
    t = np.arange(len(sound)) / rate
    basis = np.stack([np.sin(2 * np.pi * hertz * t), np.cos(2 * np.pi * hertz * t)])
    wanted = basis.T @ np.linalg.lstsq(basis.T, sound, rcond=None)[0]
    return float(10 * np.log10(np.sum(wanted**2) / np.sum((sound - wanted) ** 2)))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("over", [False, True], ids=["room", "overlay"])
@pytest.mark.parametrize("hertz", [400.0, 1700.0, 3100.0])
def test_a_clip_in_a_room(bench: Bench, rate: int, over: bool, hertz: float) -> None:
    """Clips are kept in mu-law, which leaves 37 dB. Repeated samples would have images: 10 dB at 3.1 kHz."""
    sound, heard_rate = play(bench, rate, L16, hertz, over=over)
    assert snr_db(sound, heard_rate, hertz) > 34
    assert np.max(np.abs(sound)) == pytest.approx(8000, rel=0.05)
    above = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    edge = int(4400 * len(sound) / heard_rate)
    assert 10 * np.log10(above[edge:].sum() / above.sum() + 1e-12) < -45  # nothing above the clip's own band


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_telephone_in_a_room_of_any_rate(bench: Bench, rate: int) -> None:
    sound, heard_rate = play(bench, rate, PCMU, 1000.0, over=False)
    assert snr_db(sound, heard_rate, 1000.0) > 32
