"""G.722 bit for bit: against spandsp where it is installed, and against checksums that were computed with it."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core.signal import g722
from tests.support import peers

RATE = 16000

needs_spandsp = pytest.mark.skipif(peers.spandsp() is None, reason="libspandsp2 is not installed")


def chirp(seconds: float = 4.0, peak: float = 12000) -> np.ndarray:
    """Integers made by a recurrence, so that every machine has the same ones."""
    n = int(seconds * RATE)
    value, out = 12345, np.zeros(n, np.int64)
    for i in range(n):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF
        out[i] = ((i * i // 900) % 2400 - 1200) * int(peak) // 1200 + (value >> 16) % 512 - 256
    return np.clip(out, -32768, 32767).astype(np.int16)


def sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    t = np.arange(2 * RATE) / RATE
    made = {f"noise{level}": rng.normal(0, level, 2 * RATE) for level in (3, 300, 5000, 30000)}
    made |= {f"tone{hertz}": 20000 * np.sin(2 * np.pi * hertz * t) for hertz in (200, 1000, 3900, 4100, 7000)}
    made["square"] = 32767 * np.sign(np.sin(2 * np.pi * 700 * t))
    made["silence"] = np.zeros(RATE)
    made["chirp"] = chirp().astype(float)
    return made


def pcm_of(sound: np.ndarray) -> bytes:
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16).tobytes()


@needs_spandsp
@pytest.mark.parametrize("name", sounds())
def test_encoder_is_spandsps_bit_for_bit(name: str) -> None:
    pcm = pcm_of(sounds()[name])
    assert g722.Encoder().encode(pcm) == peers.g722_encode(pcm)


@needs_spandsp
@pytest.mark.parametrize("name", [*sounds(), "random octets"])
def test_decoder_is_spandsps_bit_for_bit(name: str) -> None:
    """But where the sum of both bands leaves 16 bits: the recommendation limits it, spandsp lets it wrap around."""
    if name == "random octets":
        data = np.random.default_rng(2).integers(0, 256, 32000, dtype=np.uint8).tobytes()
    else:
        data = peers.g722_encode(pcm_of(sounds()[name]))
    ours = np.frombuffer(g722.Decoder().decode(data), np.int16).astype(int)
    theirs = np.frombuffer(peers.g722_decode(data), np.int16).astype(int)
    limited = (ours == 32767) | (ours == -32768)
    assert np.array_equal(ours[~limited], theirs[~limited])
    assert limited.mean() < 0.01 or name == "square"


def test_checksums() -> None:
    """The same without spandsp."""
    data = g722.Encoder().encode(chirp().tobytes())
    assert hashlib.sha256(data).hexdigest()[:16] == "1e9821fe2029a19f"
    assert hashlib.sha256(g722.Decoder().decode(data)).hexdigest()[:16] == "104bc79a73ec9f64"


def test_frames_are_one_stream() -> None:
    """Cut into frames of any even length, the octets are the same."""
    pcm = chirp(1.0).tobytes()
    encoder, decoder = g722.Encoder(), g722.Decoder()
    whole = g722.Encoder().encode(pcm)
    assert b"".join(encoder.encode(pcm[at : at + 644]) for at in range(0, len(pcm), 644)) == whole
    parts = [decoder.decode(whole[at : at + 77]) for at in range(0, len(whole), 77)]
    assert b"".join(parts) == g722.Decoder().decode(whole)


@pytest.mark.parametrize(("hertz", "least_db"), [(300, 30), (1000, 30), (3000, 28), (5500, 12)])
def test_quality(hertz: float, least_db: float) -> None:
    """A tone against all that is not the tone; the upper band has two bits a sample."""
    t = np.arange(2 * RATE) / RATE
    sound = 8000 * np.sin(2 * np.pi * hertz * t)
    decoded = np.frombuffer(g722.Decoder().decode(g722.Encoder().encode(pcm_of(sound))), np.int16).astype(float)[3200:]
    at = 2 * np.pi * hertz * np.arange(len(decoded)) / RATE
    basis = np.stack([np.sin(at), np.cos(at)], axis=1)
    rest = decoded - basis @ np.linalg.lstsq(basis, decoded, rcond=None)[0]
    assert 10 * np.log10((decoded**2).mean() / (rest**2).mean()) > least_db


def test_odd_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        g722.Encoder().encode(b"\0\0")
