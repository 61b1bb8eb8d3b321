"""The in-band detector beside spandsp's on the same inputs, procedure by procedure; and speech, which is no digit."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import wave
from collections.abc import Callable

import numpy as np
import pytest

from core.signal import dtmf
from tests.core import signals
from tests.core.signals import ALL, CORNERS, LEAD, RATE, burst, noise
from tests.support import peers

Detect = Callable[[np.ndarray], str]
MITEL = -16.86  # 20 dB under clip

needs_spandsp = pytest.mark.skipif(peers.spandsp() is None, reason="libspandsp2 is not installed")


def ours(sound: np.ndarray) -> str:
    return signals.detect(sound)


def alone(detect: Detect, sound: np.ndarray) -> str:
    return detect(np.concatenate([LEAD, sound, LEAD]))


def decode(detect: Detect) -> float:
    """T2: digits that are right."""
    heard = detect(np.concatenate([burst(digit) for digit in ALL * 10]))
    return sum(a == b for a, b in zip(heard, ALL * 10, strict=False)) - abs(len(heard) - 160)


def bandwidth(detect: Detect) -> float:
    """T3: bursts that are judged as asked, 1.5 % off accepted and 3.5 % off refused."""
    right = 0
    for digit in CORNERS:
        for side in ("shift_low", "shift_high"):
            for sign in (1, -1):
                for step in [*range(1, 16), *range(35, 61, 2)]:
                    sound = burst(digit, low=MITEL, high=MITEL, **{side: sign * step / 1000})
                    right += (alone(detect, sound) == digit) == (step <= 15)
    return right


def twist(detect: Detect) -> float:
    """T4: bursts judged as asked: 8 dB and 4 dB accepted, over 15 dB refused."""
    right = 0
    for digit in CORNERS:
        for step in [*range(17), *range(31, 40)]:
            right += (alone(detect, burst(digit, low=-3, high=-3 - step / 2)) == digit) == (step <= 16)
        for step in [*range(9), *range(31, 40)]:
            right += (alone(detect, burst(digit, high=-3, low=-3 - step / 2)) == digit) == (step <= 8)
    return right


def levels(detect: Detect) -> float:
    """T5: levels judged as asked: 0 to -25 dBm0 accepted, from -55 on refused."""
    asked = [*range(0, -26, -1), *range(-55, -70, -1)]
    return sum((alone(detect, burst("1", low=dbm, high=dbm)) == "1") == (dbm >= -25) for dbm in asked)


def guard_time(detect: Detect) -> float:
    """T6: durations judged as asked: 40 ms accepted, 23 ms refused."""
    asked = [on for on in np.arange(10, 50, 0.25) if on >= 40 or on <= 23]
    return sum((alone(detect, burst("1", on_ms=on, low=-3, high=-3, phase=on)) == "1") == (on >= 40) for on in asked)


def pauses(detect: Detect) -> float:
    """T6b: pauses judged as asked: 40 ms are two digits, 10 ms one."""
    asked = [*range(11), *range(40, 61)]
    return sum(
        alone(detect, np.concatenate([burst("5", off_ms=ms), burst("5")])) == "5" * (1 + (ms >= 40)) for ms in asked
    )


def signal_to_noise(detect: Detect) -> float:
    """T7: the noise (dBm0) under which 300 of 300 digits are still heard; the more the better."""
    clean = np.tile(burst("1"), 300)
    level = -25
    while level < -5 and detect(clean + noise(len(clean), level)) == "1" * 300:
        level += 1
    return level


def echoes(detect: Detect) -> float:
    """T10: delays of an echo, 10 dB down, under which each digit is heard once."""
    clean = np.concatenate([burst(digit) for digit in ALL * 4])
    good = 0
    for delay_ms in (5, 10, 15, 20):
        echoed = clean.copy()
        echoed[delay_ms * 8 :] += clean[: -delay_ms * 8] * 10**-0.5
        good += detect(echoed) == ALL * 4
    return good


@needs_spandsp
@pytest.mark.parametrize(
    "procedure",
    [decode, bandwidth, twist, levels, guard_time, pauses, signal_to_noise, echoes],
    ids=lambda p: p.__name__,
)
def test_not_behind_spandsp(procedure: Callable[[Detect], float]) -> None:
    assert procedure(ours) >= procedure(peers.spandsp_digits)


@needs_spandsp
def test_digits_that_we_make_are_heard_by_spandsp() -> None:
    """E3: level, twist, frequency and cadence of our own tones, as a second decoder hears them."""
    from core.signal.tone import tone_bytes

    sound = b"".join(tone_bytes(*dtmf.frequencies(digit), -8.0, 800) + bytes(2 * 640) for digit in ALL * 5)
    assert peers.SpandspDtmf().feed(sound) == ALL * 5


TEXTS = {
    "pl": "Dzień dobry, dodzwonili się Państwo do biura obsługi klienta. Cicho, ciocia siedzi i szyje. Osiem milionów "
    "siedemset sześćdziesiąt pięć tysięcy. Źdźbło trawy, gżegżółka, chrząszcz brzmi w trzcinie. Iii, eee, uuu, yyy.",
    "ru": "Здравствуйте, вы позвонили в отдел продаж. Шесть миллионов семьсот пятьдесят две тысячи. Съешь ещё этих "
    "мягких французских булок да выпей чаю. Ыыы, эээ, ууу, иии. Щука, цапля, жираф, юла.",
    "en": "Welcome, you have reached the customer service desk. Seventeen million, six hundred and eighty five "
    "thousand. The quick brown fox jumps over the lazy dog. She sells sea shells. Eee, ooo, aaa, uuu, weee, yeah.",
}


def speech(language: str, variant: str, pitch: int, speed: int) -> np.ndarray:
    """The text in that voice at 8 kHz, -15 dBm0."""
    soxr = pytest.importorskip("soxr")
    command = [
        "espeak-ng",
        "-v",
        f"{language}+{variant}",
        "-p",
        str(pitch),
        "-s",
        str(speed),
        "--stdout",
        TEXTS[language],
    ]
    # A sanitizer that is preloaded for the core does not concern espeak-ng, which hangs under it.
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    raw = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    with wave.open(io.BytesIO(raw)) as file:
        # The length in the header of a pipe is a guess: what is there counts.
        pcm = np.frombuffer(raw[44:][: (len(raw) - 44) & ~1], np.int16).astype(float)
        sound = soxr.resample(pcm, file.getframerate(), RATE, quality="HQ")
    return sound * (signals.peak(-15) / np.sqrt(2) / sound.std())


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("language", TEXTS)
def test_speech_is_no_digit(language: str) -> None:
    """T8: voices of both sexes, slow and fast, high and low; some minutes in each language."""
    voices = [("m1", 30, 140), ("m3", 50, 175), ("f1", 60, 160), ("f2", 80, 190), ("croak", 40, 150), ("f4", 99, 120)]
    seconds = 0.0
    for voice in voices:
        sound = speech(language, *voice)
        seconds += len(sound) / RATE
        for path in ("linear", "pcmu"):
            assert signals.detect(sound, path) == "", voice
    assert seconds > 60
