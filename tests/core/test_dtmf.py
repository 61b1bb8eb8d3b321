"""The in-band detector against the procedures of ITU-T Q.24 and the CM7291 tape, linear and through both laws.

The names T2 to T11 are those of the corpus' procedures.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signal import dtmf, tone
from tests.core import signals
from tests.core.signals import ALL, CORNERS, RATE, burst, detect, hears, noise, peak

PATHS = ["linear", "pcmu", "pcma"]
MITEL = -16.86  # 20 dB under clip


def test_the_frequencies_are_those_of_the_corpus() -> None:
    for digit, pair in signals.procedures()["digits"].items():
        assert list(dtmf.frequencies(digit)) == pair


@pytest.mark.parametrize("path", PATHS)
def test_t2_every_digit_ten_times(path: str) -> None:
    assert detect(np.concatenate([burst(digit) for digit in ALL * 10]), path) == ALL * 10


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("digit", CORNERS)
def test_t3_bandwidth(path: str, digit: str) -> None:
    for side in ("shift_low", "shift_high"):
        counts = []
        for sign in (1, -1):
            heard = [
                hears(digit, burst(digit, low=MITEL, high=MITEL, **{side: sign * step / 1000}), path)
                for step in range(1, 61)
            ]
            assert all(heard[:15])
            assert not any(heard[34:])
            counts.append(sum(heard))
        assert 3.0 <= sum(counts) / 10 <= 7.0  # recognition bandwidth in percent


@pytest.mark.parametrize("path", PATHS)
def test_t3b_both_tones_off(path: str) -> None:
    for digit in ALL:
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            assert hears(digit, burst(digit, shift_low=0.015 * a, shift_high=0.015 * b), path)
            assert not hears(digit, burst(digit, shift_low=0.035 * a, shift_high=0.035 * b), path)


def test_t3b_stricter_column_of_ntt() -> None:
    for digit in ALL:
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            assert hears(digit, burst(digit, low=-10, high=-10, shift_low=0.018 * a, shift_high=0.018 * b))
            assert not hears(digit, burst(digit, low=-10, high=-10, shift_low=0.03 * a, shift_high=0.03 * b))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("digit", CORNERS)
def test_t4_twist(path: str, digit: str) -> None:
    normal = [hears(digit, burst(digit, low=-3, high=-3 - step / 10), path) for step in range(200)]
    reverse = [hears(digit, burst(digit, high=-3, low=-3 - step / 10), path) for step in range(200)]
    assert all(normal[:81])
    assert all(reverse[:41])
    assert not any(normal[150:] + reverse[150:])


@pytest.mark.parametrize("path", PATHS)
def test_t5_dynamic_range(path: str) -> None:
    heard = [level for level in range(3, -71, -1) if hears("1", burst("1", low=level, high=level), path)]
    assert set(range(0, -26, -1)) <= set(heard)
    assert len(heard) >= 30
    assert heard == list(range(heard[0], heard[-1] - 1, -1))
    assert min(heard) > -55


@pytest.mark.parametrize("path", PATHS)
def test_t6_guard_time(path: str) -> None:
    durations = [49.9 - step / 10 for step in range(400)]
    heard = [hears("1", burst("1", on_ms=on, low=-3, high=-3, phase=on), path) for on in durations]
    assert all(hit for hit, on in zip(heard, durations, strict=True) if on >= 40)
    assert not any(hit for hit, on in zip(heard, durations, strict=True) if on <= 23)
    assert 23 <= (500 - sum(heard)) / 10 <= 40


@pytest.mark.parametrize("path", PATHS)
def test_t6b_pauses_and_interruptions(path: str) -> None:
    for digit in ALL:
        for pause in range(61):
            got = detect(np.concatenate([signals.LEAD, burst(digit, off_ms=pause), burst(digit), signals.LEAD]), path)
            if pause <= 10:
                assert got == digit, pause
            elif pause >= 40:
                assert got == digit * 2, pause


@pytest.mark.parametrize(("on_ms", "off_ms"), [(50, 43), (45, 48), (53, 40), (40, 53)])
def test_t6b_cadence(on_ms: int, off_ms: int) -> None:
    digits = (ALL * 63)[:1000]
    assert detect(np.concatenate([burst(digit, on_ms, off_ms) for digit in digits])) == digits


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("noise_dbm0", [-13, -16, -24])
def test_t7_noise(path: str, noise_dbm0: int) -> None:
    """The signal is -1 dBm0 (two tones of -4): 12 dB over the noise at the worst, where 15 are asked."""
    clean = np.tile(burst("1"), 1000)
    assert detect(clean + noise(len(clean), noise_dbm0), path) == "1" * 1000


def test_t8_silence_noise_and_single_tones_are_no_digits() -> None:
    assert detect(noise(RATE * 60, -15)) == ""
    t = np.arange(RATE) / RATE
    for hertz in range(300, 3400, 20):
        assert detect(peak(-8) * np.sin(2 * np.pi * hertz * t)) == "", hertz
    low, high = dtmf.frequencies("5")
    for third in (350, 620, 1000, 1900, 2600):
        loud = [peak(-8) * np.sin(2 * np.pi * hertz * t) for hertz in (low, high, third)]
        assert detect(sum(loud)) == "", third  # a chord is no digit


@pytest.mark.parametrize("dial", [(350, 440), (425,)])
@pytest.mark.parametrize("level", [-15, -10])
def test_t9_under_a_dial_tone(dial: tuple[int, ...], level: int) -> None:
    clean = np.concatenate([signals.LEAD, *(burst(digit, low=-10, high=-10) for digit in ALL * 4)])
    t = np.arange(len(clean)) / RATE
    for hertz in dial:
        clean = clean + peak(level) * np.sin(2 * np.pi * hertz * t)
    assert detect(clean, dial_tone_filter=True) == ALL * 4


@pytest.mark.parametrize("delay_ms", [5, 10, 15, 20])
def test_t10_echo(delay_ms: int) -> None:
    clean = np.concatenate([burst(digit) for digit in ALL * 10])
    echoed = clean.copy()
    echoed[delay_ms * 8 :] += clean[: -delay_ms * 8] * 10 ** (-10 / 20)
    assert detect(echoed) == ALL * 10


@pytest.mark.parametrize("loss", [0.01, 0.02, 0.05])
def test_t11_lost_packets_never_double_a_digit(loss: float) -> None:
    """A lost packet is silence here; with concealment it is kinder."""
    chance = np.random.default_rng(int(loss * 100))
    heard = doubled = 0
    for trial in range(400):
        digit = ALL[trial % 16]
        sound = np.concatenate([signals.LEAD, burst(digit, 80, 80), signals.LEAD])
        for start in range(0, len(sound), 160):
            if chance.random() < loss:
                sound[start : start + 160] = 0
        got = detect(sound)
        heard += got == digit
        doubled += len(got) > 1
    assert doubled == 0
    if loss <= 0.02:
        assert heard / 400 >= 0.95


def test_e3_our_own_tones() -> None:
    for digit in ALL:
        low, high = dtmf.frequencies(digit)
        pcm = tone.tone_bytes(low, high, -9, 640)
        assert dtmf.Detector().feed(pcm + bytes(1280)) == digit


@pytest.mark.parametrize("on_ms", [40, 60, 100, 250, 1000])
def test_the_duration_is_told(on_ms: int) -> None:
    detector = dtmf.Detector()
    assert detector.feed(signals.through(burst("8", on_ms, 0), "linear") + bytes(64)) == "8"
    assert detector.sounding == "8"
    assert detector.feed(bytes(1600)) == ""
    assert detector.sounding == ""
    assert detector.last_ms == pytest.approx(on_ms, abs=8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), st.lists(st.integers(1, 480), min_size=1, max_size=40), st.integers(0, 400))
def test_how_the_sound_is_cut_makes_no_difference(digit: int, cuts: list[int], lead: int) -> None:
    pcm = signals.through(np.concatenate([np.zeros(lead), burst(str(digit), 60, 100)]), "linear")
    detector, heard, at = dtmf.Detector(), "", 0
    for cut in cuts:
        heard += detector.feed(pcm[at : at + 2 * cut])
        at += 2 * cut
    assert heard + detector.feed(pcm[at:]) == str(digit)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=4000))
def test_any_octets_are_survived(data: bytes) -> None:
    if len(data) % 2:
        with pytest.raises(ValueError, match="16-bit"):
            dtmf.Detector().feed(data)
    else:
        dtmf.Detector().feed(data * 4)


def test_full_scale_garbage_is_survived() -> None:
    square = np.tile(np.repeat([32767, -32768], 4), 4000)
    detect(square)
    with pytest.raises(ValueError, match="not a DTMF digit"):
        dtmf.frequencies("E")
    with pytest.raises(ValueError, match="not a DTMF digit"):
        dtmf.frequencies("12")
