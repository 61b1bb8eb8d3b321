"""Is this sound in that one: found at its place through the telephone's coding, and not where another is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.signal.g711 import alaw_decode_bytes, alaw_encode_bytes
from pbx.selftest.correlation import NOTHING, RATE, Pattern, read_wav, samples
from pbx.selftest.ear import Ear
from tests.pbx.voicemail.office import write_wav


def voice(seed: int, seconds: float = 3.0, lead_s: float = 0.2) -> bytes:
    """Something like speech: noise of 300 to 3,400 Hz that comes in syllables."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    syllables = np.abs(np.sin(np.arange(count) / RATE * 2 * np.pi * 2 + seed))
    sound = np.fft.irfft(spectrum, count) * syllables
    quiet = np.zeros(int(lead_s * RATE))
    return np.concatenate((quiet, sound / np.abs(sound).max() * 9000)).astype("<i2").tobytes()


def telephone(pcm: bytes) -> bytes:
    return alaw_decode_bytes(alaw_encode_bytes(pcm))


def test_the_same_sound_is_found_where_it_begins() -> None:
    heard = bytes(2 * 4000) + telephone(voice(1)) + telephone(voice(2))
    one, two = Pattern(voice(1)).find(samples(heard)), Pattern(voice(2)).find(samples(heard))
    assert one.score > 0.95
    assert one.at_s == pytest.approx(0.5, abs=0.01)
    assert two.score > 0.95
    assert two.at_s == pytest.approx(0.5 + 3.2, abs=0.01)


def test_level_and_noise_do_not_matter() -> None:
    softer = samples(voice(1)) * 0.1 + np.random.default_rng(9).normal(0, 60, len(samples(voice(1))))
    assert Pattern(voice(1)).find(softer).score > 0.9


def test_another_sound_is_not_it() -> None:
    found = Pattern(voice(1)).find(samples(telephone(voice(3, 10.0))))
    assert found.score < 0.3
    assert Pattern(voice(1)).find(samples(bytes(32_000))).score == 0.0
    assert Pattern(voice(1)).find(samples(b"")) == NOTHING


def test_what_came_before_does_not_count() -> None:
    heard = samples(voice(1) + voice(1))
    assert Pattern(voice(1)).find(heard, since_s=1.0).at_s == pytest.approx(3.2, abs=0.01)


def test_too_short_a_sound_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.05 s is too short"):
        Pattern(voice(1, 0.05, 0.0))


async def test_an_ear_hears_a_file_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    ear = Ear(path)
    assert await ear.find(Pattern(voice(1)), 0.0) == NOTHING
    write_wav(path, 1.0, 0)
    assert (await ear.find(Pattern(voice(1)), 0.0)).score == 0.0
    assert ear.length_s == 1.0


def test_files_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.wav"
    path.write_bytes(b"no sound")
    with pytest.raises(ValueError, match="is no WAV"):
        read_wav(path)
