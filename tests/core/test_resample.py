"""Resampling: flat where it must be, silent where it must be, and not behind soxr."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.resample import Converter

soxr = pytest.importorskip("soxr")

PAIRS = [(8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000), (16000, 48000), (48000, 16000)]
SECONDS = 2


def convert(sound: np.ndarray, source: int, target: int) -> np.ndarray:
    pcm = np.clip(np.round(sound), -32768, 32767).astype(np.int16).tobytes()
    return np.frombuffer(Converter(source, target).convert(pcm), np.int16).astype(float)


def tone(hertz: float, rate: int, amplitude: float = 16000) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(rate * SECONDS) / rate)


def level_db(sound: np.ndarray, hertz: float, rate: int, amplitude: float = 16000) -> float:
    middle = sound[len(sound) // 4 : 3 * len(sound) // 4]
    window = np.hanning(len(middle))
    t = np.arange(len(middle)) / rate
    value = np.abs((middle * window * np.exp(-2j * np.pi * hertz * t)).sum()) * 2 / window.sum()
    return float(20 * np.log10(value / amplitude))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_pass_band_is_flat(source: int, target: int) -> None:
    low = min(source, target)
    for share in (0.0125, 0.1, 0.25, 0.375, 0.425):
        hertz = share * low
        assert level_db(convert(tone(hertz, source), source, target), hertz, target) == pytest.approx(0, abs=0.1), hertz


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_images_and_aliases_are_80_db_down(source: int, target: int) -> None:
    low, high = min(source, target), max(source, target)
    if target > source:  # a tone's mirror image on the other side of half the lower rate
        hertz = 0.4 * low
        made = convert(tone(hertz, source), source, target)
        images = [low - hertz, low + hertz] if high > 2 * low else [low - hertz]
        for image in images:
            assert level_db(made, image, target) < -80
    else:  # a tone beyond half the lower rate leaves nothing
        for share in (0.505, 0.55, 0.7, 0.9):
            if share * low < high / 2:
                made = convert(tone(share * low, source), source, target)
                assert 20 * np.log10(made[target // 2 :].std() / 11314 + 1e-9) < -75, share


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_distortion(source: int, target: int) -> None:
    """Of a chord within the pass band: 80 dB down. soxr's high quality, far dearer, reaches what 16 bits allow."""
    low = min(source, target)
    t = np.arange(source * SECONDS) / source
    chord = [0.02 * low + 0.04 * low * k for k in range(10)]
    sound = np.round(sum(2500 * np.sin(2 * np.pi * hertz * t + k) for k, hertz in enumerate(chord)))

    def rest_db(made: np.ndarray) -> float:
        """What is not the chord, against it."""
        middle = made[len(made) // 4 : 3 * len(made) // 4]
        at = np.arange(len(middle)) / target
        basis = np.stack([f(2 * np.pi * hertz * at) for hertz in chord for f in (np.sin, np.cos)], axis=1)
        rest = middle - basis @ np.linalg.lstsq(basis, middle, rcond=None)[0]
        return float(10 * np.log10((rest**2).mean() / (middle**2).mean()))

    ours = rest_db(convert(sound, source, target))
    theirs = rest_db(np.round(soxr.resample(sound, source, target, quality="HQ")))
    assert ours < -80
    assert ours < theirs + 16


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_frames_are_one_stream(source: int, target: int) -> None:
    pcm = np.random.default_rng(1).normal(0, 5000, source).astype(np.int16).tobytes()
    converter = Converter(source, target)
    step = source // 50 * 2
    assert b"".join(converter.convert(pcm[at : at + step]) for at in range(0, len(pcm), step)) == Converter(
        source, target
    ).convert(pcm)


def test_same_rate_is_the_same_sound_and_others_are_refused() -> None:
    pcm = bytes(range(256)) * 4
    assert Converter(8000, 8000).convert(pcm) == pcm
    with pytest.raises(ValueError, match="44100"):
        Converter(44100, 8000)
    with pytest.raises(ValueError, match="multiple"):
        Converter(48000, 8000).convert(b"\0\0")
