"""What the worker does to sound: resampling without aliases, levels, trimming, and the music's quality."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from core.signal import dtmf
from pbx.media import composer, shaping, synthesiser


def sine(hertz: float, rate: int, seconds: float = 1.0, peak: float = 0.5) -> shaping.Samples:
    return peak * np.sin(2 * math.pi * hertz * np.arange(int(rate * seconds)) / rate)


def rms_db(samples: shaping.Samples) -> float:
    return shaping.db(float(np.sqrt(np.mean(samples**2))))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [300, 1000, 3300])
def test_the_telephone_band_passes_flat_and_in_time(rate: int, hertz: int) -> None:
    out = shaping.resample(sine(hertz, rate), rate)
    assert len(out) == pytest.approx(8000, abs=1)
    middle = slice(500, 7500)
    assert np.max(np.abs(out[middle] - sine(hertz, 8000)[middle])) < 0.5 * 10 ** (-40 / 20)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_what_would_fold_back_is_gone(rate: int) -> None:
    for hertz in (4100, 4700, 5500, 7000):
        out = shaping.resample(sine(hertz, rate), rate)
        assert rms_db(out[500:7500]) < -75


def test_resampling_keeps_a_constant_and_refuses_nonsense() -> None:
    assert np.allclose(shaping.resample(np.full(22050, 0.25), 22050)[300:-300], 0.25, atol=1e-6)
    assert len(shaping.resample(np.zeros(0), 22050)) == 0
    for rate in (0, -8000, 100, 10**6):
        with pytest.raises(ValueError, match="sampling rate"):
            shaping.resample(np.zeros(10), rate)


def test_level_counts_what_sounds_only() -> None:
    speech = np.concatenate([sine(1000, 8000), np.zeros(24000)])
    assert shaping.active_level_dbov(speech) == pytest.approx(-9.03, abs=0.1)
    assert math.isinf(shaping.active_level_dbov(np.zeros(8000)))


def test_loudness_is_reached_without_clipping() -> None:
    quiet = shaping.normalise(sine(500, 8000, peak=0.01), shaping.SPEECH_LEVEL_DBOV)
    assert shaping.active_level_dbov(quiet) == pytest.approx(-26.0, abs=0.1)
    spiky = 0.02 * np.random.default_rng(1).standard_normal(16000)
    spiky[4000] = 0.9
    spiky[9000:9040] = -0.8
    loud = shaping.normalise(spiky, -20.0)
    assert np.max(np.abs(loud)) <= shaping.PEAK_LIMIT
    assert not np.any(np.abs(np.diff(loud, 3))[12000:] > 1.0)


def test_silence_is_trimmed_and_ends_do_not_click() -> None:
    cut = shaping.trim(np.concatenate([np.zeros(8000), sine(500, 8000), np.zeros(8000)]))
    assert len(cut) / 8000 == pytest.approx(1.15, abs=0.01)
    assert abs(cut[0]) < 1e-3
    assert abs(cut[-1]) < 1e-3
    assert len(shaping.trim(np.zeros(8000))) == 0


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_kind_of_pcm(width: int) -> None:
    values = [-0.5, 0.0, 0.5, 0.25]
    if width == 1:
        data = bytes(round((value + 1) * 128) for value in values)
    else:
        full = 2 ** (8 * width - 1)
        data = b"".join(int(value * full).to_bytes(width, "little", signed=True) for value in values)
    assert np.allclose(shaping.from_pcm(data, width), values, atol=0.01)
    assert np.allclose(shaping.from_pcm(data, width, 2), [-0.25, 0.375], atol=0.01)
    with pytest.raises(ValueError, match="whole frames"):
        shaping.from_pcm(data + b"\0", width, 3)
    assert shaping.to_pcm(np.array([2.0, -2.0, 0.0])) == b"\xff\x7f\x00\x80\x00\x00"


def test_texts_are_cut_where_they_pause() -> None:
    text = "One sentence. " * 100
    parts = synthesiser.pieces(text, 100)
    assert all(len(part) <= 100 and part.endswith(".") for part in parts)
    assert " ".join(parts) == text.strip()
    assert synthesiser.pieces("x" * 2500) == ["x" * 1000, "x" * 1000, "x" * 500]
    words = "słowo " * 500
    assert " ".join(synthesiser.pieces(words, 90)) == words.strip()
    assert synthesiser.pieces(" \n ") == []


@pytest.fixture(scope="module")
def music() -> shaping.Samples:
    return composer.compose()


def test_music_is_always_the_same(music: shaping.Samples) -> None:
    assert np.array_equal(composer.compose(), music)
    assert 60 < len(music) / 8000 < 90


def test_wide_music_is_the_same_with_more_in_it(music: shaping.Samples) -> None:
    wide = composer.compose(16000)
    assert abs(len(wide) - 2 * len(music)) <= 2
    power = np.abs(np.fft.rfft(wide)) ** 2
    hertz = np.fft.rfftfreq(len(wide), 1 / 16000)
    assert 10 * np.log10(power[hertz > 4000].sum() / power.sum()) > -45
    assert shaping.active_level_dbov(wide, 16000) == pytest.approx(shaping.MUSIC_LEVEL_DBOV, abs=0.3)


def test_music_loops_without_a_seam(music: shaping.Samples) -> None:
    around = np.concatenate([music[-400:], music[:400]])
    steps = np.abs(np.diff(around))
    usual = float(np.percentile(np.abs(np.diff(music)), 99.9))
    assert float(steps[399]) < usual
    curvature = np.abs(np.diff(around, 2))
    assert float(np.max(curvature[395:403])) < float(np.percentile(np.abs(np.diff(music, 2)), 99.9))


def test_music_fits_the_telephone(music: shaping.Samples) -> None:
    power = np.abs(np.fft.rfft(music)) ** 2
    hertz = np.fft.rfftfreq(len(music), 1 / 8000)
    inside = power[(hertz >= 300) & (hertz <= 3400)].sum()
    assert inside / power.sum() > 0.99
    assert shaping.active_level_dbov(music) == pytest.approx(shaping.MUSIC_LEVEL_DBOV, abs=0.3)
    assert np.max(np.abs(music)) < 0.5
    seconds = music[: len(music) // 8000 * 8000].reshape(-1, 8000)
    levels = [rms_db(second) for second in seconds]
    assert max(levels) - min(levels) < 12  # no holes, no outbursts


def test_music_sounds_like_no_digit(music: shaping.Samples) -> None:
    for gain_db in (0, 6, 10):
        pcm = shaping.to_pcm(np.clip(music * 10 ** (gain_db / 20), -1, 1))
        assert dtmf.Detector().feed(pcm * 2) == ""


def test_music_is_small_enough_to_keep(music: shaping.Samples, tmp_path: Path) -> None:
    assert len(music) * 2 < 1_300_000
