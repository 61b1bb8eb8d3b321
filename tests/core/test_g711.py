"""G.711 against the recommendation: tables of values, and an independent quantiser for all 65,536 samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signal import g711

EVERY = np.arange(-32768, 32768, dtype=np.int16)
CODES = bytes(range(256))


def ulaw_value(code: int) -> int:
    """Decoder output of a mu-law octet, left-justified in 16 bits (G.711 table 2: values of 14 bits)."""
    inverted = ~code & 0xFF
    segment, step = (inverted >> 4) & 7, inverted & 15
    value = ((2 * step + 33) << segment) - 33
    return (-value if inverted & 0x80 else value) * 4


def alaw_value(code: int) -> int:
    """Decoder output of an A-law octet, left-justified in 16 bits (G.711 table 1: values of 13 bits, doubled)."""
    even = code ^ 0x55
    segment, step = (even >> 4) & 7, even & 15
    value = 2 * step + 1 if segment == 0 else (2 * step + 33) << (segment - 1)
    return (value if even & 0x80 else -value) * 8


def test_every_code_decodes_to_its_value() -> None:
    assert list(np.frombuffer(g711.ulaw_decode_bytes(CODES), np.int16)) == [ulaw_value(code) for code in CODES]
    assert list(np.frombuffer(g711.alaw_decode_bytes(CODES), np.int16)) == [alaw_value(code) for code in CODES]


def test_what_was_decoded_encodes_to_itself() -> None:
    ulaw = g711.ulaw_encode_bytes(g711.ulaw_decode_bytes(CODES))
    assert [a for a, b in zip(CODES, ulaw, strict=True) if a != b] == [0x7F]  # minus zero becomes plus zero
    assert g711.alaw_encode_bytes(g711.alaw_decode_bytes(CODES)) == CODES


def segment_and_step(magnitude: int, first: int) -> tuple[int, int]:
    """By the definition: segments that double, `first` wide, sixteen steps each."""
    segment = 0
    while magnitude >= first << (segment + 1):
        segment += 1
    return segment, (magnitude - (first << segment)) * 16 // (first << segment)


def test_ulaw_of_every_sample() -> None:
    codes = g711.ulaw_encode_bytes(EVERY.tobytes())
    for sample, code in zip(EVERY.tolist(), codes, strict=True):
        magnitude = min((sample if sample >= 0 else ~sample) >> 2, 8158) + 33
        segment, step = segment_and_step(magnitude, 32)
        assert code == ~(segment << 4 | step) & 0x7F | (0x80 if sample >= 0 else 0), sample


def test_alaw_of_every_sample() -> None:
    codes = g711.alaw_encode_bytes(EVERY.tobytes())
    for sample, code in zip(EVERY.tolist(), codes, strict=True):
        magnitude = (sample if sample >= 0 else ~sample) >> 4
        if magnitude < 16:
            word = magnitude
        else:
            segment, step = segment_and_step(magnitude, 16)
            word = (segment + 1) << 4 | step
        assert code == (word | (0x80 if sample >= 0 else 0)) ^ 0x55, sample


def test_known_words() -> None:
    """Character signals of the recommendation: the largest, the smallest, and the code of silence."""
    assert g711.ulaw_encode_bytes(np.array([32767, -32768, 0, -1], np.int16).tobytes()) == b"\x80\x00\xff\x7f"
    assert g711.alaw_encode_bytes(np.array([32767, -32768, 0, -1], np.int16).tobytes()) == b"\xaa\x2a\xd5\x55"


def test_the_digital_milliwatt_is_0_dbm0() -> None:
    """Tables 5 and 6 of G.711: eight words of each law that are a sine of 1 kHz at 0 dBm0."""
    alaw = bytes((0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4))
    ulaw = bytes((0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E))
    for data, decode, full in ((alaw, g711.alaw_decode_bytes, 3.14), (ulaw, g711.ulaw_decode_bytes, 3.17)):
        samples = np.frombuffer(decode(data * 100), np.int16).astype(float)
        scale = 32768 if full == 3.14 else 4 * 8159
        level = 10 * np.log10(np.mean(samples**2) * 2 / scale**2) + full
        assert level == pytest.approx(0.0, abs=0.05)


# Tables 3 and 4 of G.711: decoder value numbers, counted from 1, without the sign.
MU_TO_A = [
    *(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8),
    *range(9, 25),
    *(25, 27, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44),
    *(46, *range(48, 63)),
    *range(64, 80),
    *(80, *range(82, 129)),
]
A_TO_MU = [
    *(1, 3, 5, 7, 9, 11, 13, 15),
    *range(16, 32),
    *(32, 32, 33, 33, 34, 34, 35, 35),
    *range(36, 48),
    *(48, 48, 49, 49),
    *range(50, 64),
    *(64, 64),
    *(*range(65, 80), 80),
    *range(80, 128),
]


@pytest.mark.parametrize("sign", [0, 0x80])
def test_direct_conversion_follows_the_tables(sign: int) -> None:
    assert len(MU_TO_A) == len(A_TO_MU) == 128
    for number in range(128):
        mu = bytes([(~number & 0x7F) | sign])
        a = bytes([(number ^ 0x55) & 0x7F | sign])
        assert g711.ulaw_to_alaw_bytes(mu)[0] == ((MU_TO_A[number] - 1) ^ 0x55) & 0x7F | sign
        assert g711.alaw_to_ulaw_bytes(a)[0] == ~(A_TO_MU[number] - 1) & 0x7F | sign


def test_direct_conversion_stays_near_the_linear_one() -> None:
    """The tables were chosen for transparency through several conversions; they differ by one step at most."""
    direct = np.frombuffer(g711.alaw_decode_bytes(g711.ulaw_to_alaw_bytes(CODES)), np.int16).astype(int)
    linear = np.frombuffer(g711.ulaw_decode_bytes(CODES), np.int16).astype(int)
    assert np.all(np.abs(direct - linear) <= np.maximum(np.abs(linear) / 16, 16))


@given(st.binary(max_size=2000))
def test_any_length_and_alignment(data: bytes) -> None:
    for start in (0, 1):
        part = data[start:]
        assert len(g711.ulaw_decode_bytes(part)) == 2 * len(part)
        whole = g711.alaw_decode_bytes(part)
        assert whole == b"".join(g711.alaw_decode_bytes(part[i : i + 1]) for i in range(len(part)))
        assert g711.alaw_encode_bytes(whole) == part
        whole = g711.ulaw_decode_bytes(part)
        assert whole == b"".join(g711.ulaw_decode_bytes(part[i : i + 1]) for i in range(len(part)))
        assert g711.ulaw_encode_bytes(whole) == part.replace(b"\x7f", b"\xff")  # there is but one zero


def test_half_a_sample_is_refused() -> None:
    for encode in (g711.ulaw_encode_bytes, g711.alaw_encode_bytes):
        with pytest.raises(ValueError, match="3 octets"):
            encode(b"abc")


def test_signal_to_noise_of_speech_levels() -> None:
    """G.712: about 33 dB from -30 to 0 dBm0 is what eight-bit companding gives."""
    t = np.arange(8000) / 8000
    for level in (0, -10, -20, -30):
        sine = 22827 * 10 ** (level / 20) * np.sin(2 * np.pi * 1020 * t)
        pcm = np.round(sine).astype(np.int16)
        for encode, decode in (
            (g711.ulaw_encode_bytes, g711.ulaw_decode_bytes),
            (g711.alaw_encode_bytes, g711.alaw_decode_bytes),
        ):
            back = np.frombuffer(decode(encode(pcm.tobytes())), np.int16)
            noise = np.mean((back - pcm).astype(float) ** 2)
            assert 10 * np.log10(np.mean(sine**2) / noise) > 33
