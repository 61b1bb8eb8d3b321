"""Packets in, unbroken sound out: what is heard of one leg over bad networks, judged by the sound."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal import comfort_noise, g711, g722, opus
from tests.core import networks

probe = pytest.importorskip("tests.core._probe_jitter", reason="build with CENTRALA_TEST_EXTENSIONS=1")

PCMU, PCMA, G722, L16, OPUS = 0, 8, 9, 108, 107
AUDIO, CONCEALED, NOISE, NOTHING = 1, 2, 4, 8


def voice(seconds: float, rate: int = 8000) -> np.ndarray:
    """Harmonics of 120 Hz, steady, at about -15 dBm0."""
    t = np.arange(int(seconds * rate)) / rate
    return sum(np.sin(2 * np.pi * 120 * k * t + k) for k in range(1, 20)) * 1800


def frames(sound: np.ndarray, size: int) -> list[bytes]:
    clipped = np.clip(sound, -32768, 32767).astype(np.int16)
    return [clipped[i : i + size].tobytes() for i in range(0, len(clipped) - size + 1, size)]


def play(
    player: object, packets: list[tuple[int, float, bytes]], ticks: int, span: int = 160
) -> tuple[np.ndarray, list[int]]:
    """Feeds (number, arrival in ms, payload) and takes a tick every 20 ms."""
    samples = player.rate // 50
    out, heard = [], []
    waiting = sorted(packets, key=lambda packet: packet[1])
    for tick in range(ticks):
        while waiting and waiting[0][1] <= tick * 20:
            number, at, payload = waiting.pop(0)
            player.put(number, number * span, at, payload)
        bits, sound = player.tick(tick * 20, samples)
        heard.append(bits)
        out.append(np.frombuffer(sound, np.int16))
    return np.concatenate(out).astype(float), heard


def test_clean_sound_comes_through_unchanged() -> None:
    sound = voice(1.0)
    packets = [(i, i * 20.0 + 5, g711.ulaw_encode_bytes(f)) for i, f in enumerate(frames(sound, 160))]
    got, heard = play(probe.Player(PCMU), packets, 55)
    want = np.frombuffer(g711.ulaw_decode_bytes(b"".join(p[2] for p in packets)), np.int16)
    first = next(i for i, bits in enumerate(heard) if bits & AUDIO) * 160
    assert np.array_equal(got[first : first + len(want) - 1600], want[: len(want) - 1600])


@pytest.mark.parametrize("length_ms", [10, 20, 30, 40, 60])
def test_packets_of_any_length_fill_ticks_of_20_ms(length_ms: int) -> None:
    sound = voice(2.0)
    size = length_ms * 8
    packets = [(i, i * float(length_ms) + 1, g711.alaw_encode_bytes(f)) for i, f in enumerate(frames(sound, size))]
    player = probe.Player(PCMA)
    got, heard = play(player, packets, 90, span=size)
    first = next(i for i, bits in enumerate(heard) if bits & AUDIO)
    assert not any(bits & (CONCEALED | NOTHING) for bits in heard[first:])
    want = np.frombuffer(g711.alaw_decode_bytes(b"".join(p[2] for p in packets)), np.int16).astype(float)
    part = got[first * 160 + 3200 : first * 160 + 8000]
    like = np.correlate(want[: len(part) + 8000], part, "valid")
    assert like.max() / np.dot(part, part) > 0.95


def test_a_lost_packet_is_concealed_by_what_was_before() -> None:
    sound = voice(1.0)
    packets = [(i, i * 20.0, g711.ulaw_encode_bytes(f)) for i, f in enumerate(frames(sound, 160)) if i != 25]
    got, heard = play(probe.Player(PCMU), packets, 50)
    at = next(i for i, bits in enumerate(heard) if bits & CONCEALED)
    assert sum(bool(bits & CONCEALED) for bits in heard) <= 2
    concealed = got[at * 160 : at * 160 + 160]
    clean = np.frombuffer(g711.ulaw_decode_bytes(b"".join(p[2] for p in packets[:20])), np.int16).astype(float)
    assert 0.5 * clean.std() < concealed.std() < 1.2 * clean.std()  # it sounds on
    steps = np.abs(np.diff(got[at * 160 - 160 : at * 160 + 480]))
    assert steps.max() < 1.5 * np.abs(np.diff(clean)).max()  # and there is no click


def test_a_long_loss_becomes_silent_and_ends_without_a_click() -> None:
    sound = voice(2.0)
    packets = [(i, i * 20.0, g711.ulaw_encode_bytes(f)) for i, f in enumerate(frames(sound, 160)) if not 40 <= i < 60]
    got, heard = play(probe.Player(PCMU), packets, 95)
    silent = [i for i, bits in enumerate(heard) if bits & (CONCEALED | NOTHING)]
    assert np.abs(got[(silent[4]) * 160 : (silent[10]) * 160]).max() == 0  # after 60 ms
    assert heard[-10] & AUDIO


@pytest.mark.parametrize("model", ["J1", "J2", "J3", "J5", "J6", "J8"])
def test_nobody_hears_a_gap_over_60_ms_but_what_the_network_lost(model: str) -> None:
    """A minute over each network: no tick is silent while packets come, and there are no clicks."""
    seconds = 60
    number, arrived = networks.trace(networks.models()[model], seconds, seed=5)
    encoded = [g711.ulaw_encode_bytes(f) for f in frames(voice(seconds), 160)]
    player = probe.Player(PCMU)
    packets = [(int(n), a / 1e6, encoded[n]) for n, a in zip(number, arrived, strict=True)]
    got, heard = play(player, packets, seconds * 50 - 50)
    first = next(i for i, bits in enumerate(heard) if bits & AUDIO)
    energy = np.sqrt((got[first * 160 :].reshape(-1, 160) ** 2).mean(axis=1))
    gone = np.setdiff1d(np.arange(seconds * 50), number)
    quiet = int((energy < 100).sum())
    limit = {"J3": 0.01, "J5": 0.02}.get(
        model, 0.002
    )  # handovers stop everything for up to 250 ms; J5 loses whole bursts
    assert quiet <= limit * len(energy) + len(gone) * 0.1, (quiet, player.counters)
    assert np.abs(np.diff(got)).max() < 1.2 * np.abs(np.diff(voice(1))).max()


def test_the_far_ends_comfort_noise_is_heard_in_its_silence() -> None:
    sound = frames(voice(0.4), 160)
    player = probe.Player(PCMU)
    for i, f in enumerate(sound):
        player.put(i, i * 160, i * 20, g711.ulaw_encode_bytes(f))
        player.tick(i * 20, 160)
    n = len(sound)
    player.put(n, n * 160, n * 20, bytes([40]), kind="noise")
    levels = []
    for i in range(n, n + 60):
        bits, raw = player.tick(i * 20, 160)
        if bits & NOISE:
            levels.append(np.frombuffer(raw, np.int16).astype(float).std())
    assert len(levels) > 50
    assert 20 * np.log10(np.mean(levels[10:]) / 32768) == pytest.approx(-40, abs=1.5)


def test_comfort_noise_has_the_spectrum_that_was_sent() -> None:
    rng = np.random.default_rng(3)
    white = rng.normal(0, 300, 8000 * 4)
    coloured = np.zeros_like(white)
    for i in range(2, len(white)):
        coloured[i] = white[i] + 1.5 * coloured[i - 1] - 0.8 * coloured[i - 2]  # a hum near 600 Hz
    meter = comfort_noise.Meter()
    for f in frames(coloured, 160):
        meter.add(f)
    maker = comfort_noise.Maker(9)
    maker.update(meter.payload())
    maker.fill(1600)
    made = np.frombuffer(maker.fill(32000), np.int16).astype(float)

    def spectrum(x: np.ndarray) -> np.ndarray:
        blocks = np.abs(np.fft.rfft(x[: len(x) // 256 * 256].reshape(-1, 256) * np.hanning(256), axis=1)) ** 2
        return 10 * np.log10(blocks.mean(axis=0)[4:120])

    assert np.abs(spectrum(made) - spectrum(coloured)).mean() < 2.0
    assert 20 * np.log10(made.std() / coloured.std()) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize(("codec", "rate"), [(G722, 16000), (L16, 8000), (OPUS, 8000), (OPUS, 16000), (OPUS, 48000)])
def test_every_codec_plays(codec: int, rate: int) -> None:
    sound = voice(2.0, rate)
    size = rate // 50
    if codec == G722:
        encoder = g722.Encoder()
        payloads = [encoder.encode(f) for f in frames(sound, size)]
        span = 160
    elif codec == OPUS:
        encoder = opus.Encoder(rate, bitrate=32000)
        payloads = [encoder.encode(f) for f in frames(sound, size)]
        span = 960
    else:
        payloads = [np.frombuffer(f, np.int16).astype(">i2").tobytes() for f in frames(sound, size)]
        span = 160
    player = probe.Player(codec, rate)
    assert player.rate == rate
    got, heard = play(player, [(i, i * 20.0, p) for i, p in enumerate(payloads) if i != 60], 90, span)
    assert sum(bool(bits & CONCEALED) for bits in heard) in (1, 2)
    part = got[size * 20 : size * 50]
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    hertz = np.fft.rfftfreq(len(part), 1 / rate)
    harmonic = (np.abs(hertz % 120 - 0) < 6) | (np.abs(hertz % 120 - 120) < 6)
    assert power[harmonic].sum() / power.sum() > 0.9  # it is that voice


def test_opus_finds_a_lost_packet_in_the_next_one() -> None:
    """In-band FEC: nearer to what was said than concealment is."""
    rng = np.random.default_rng(2)
    rate, size = 16000, 320
    glide = 100 + 60 * np.sin(2 * np.pi * 3 * np.arange(rate * 4) / rate)
    phase = 2 * np.pi * np.cumsum(glide) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * 5000 + rng.normal(0, 50, len(phase))
    encoder = opus.Encoder(rate, bitrate=24000, expected_loss=30)
    payloads = [encoder.encode(f) for f in frames(sound, size)]
    whole, fec, plain = opus.Decoder(rate), opus.Decoder(rate), opus.Decoder(rate)
    errors = {"fec": 0.0, "plain": 0.0}
    for i, payload in enumerate(payloads[:-1]):
        want = np.frombuffer(whole.decode(payload), np.int16).astype(float)
        lost = i % 10 == 5
        for key, decoder in (("fec", fec), ("plain", plain)):
            if lost:
                raw = decoder.lost(size, payloads[i + 1] if key == "fec" else b"")
                errors[key] += float(((np.frombuffer(raw, np.int16) - want) ** 2).sum())
            else:
                decoder.decode(payload)
    assert errors["fec"] < 0.5 * errors["plain"]


def test_malformed_payloads_are_counted_and_heard_as_nothing() -> None:
    player = probe.Player(OPUS, 16000)
    for i in range(20):
        player.put(i, 960 * i, 20 * i, b"\xff" * (1 + i % 3))
        player.tick(20 * i, 320)
    assert player.counters["malformed"] == 20


def test_drift_is_made_up_for_in_the_sound() -> None:
    """A sender whose clock is 500 ppm fast for two minutes: 60 ms too much, taken out by whole periods, unheard."""
    seconds = 120
    encoded = [g711.ulaw_encode_bytes(f) for f in frames(voice(seconds), 160)]
    packets = [(i, i * 20.0 * (1 - 500e-6), p) for i, p in enumerate(encoded)]
    player = probe.Player(PCMU)
    got, heard = play(player, packets, seconds * 50 - 60)
    first = next(i for i, bits in enumerate(heard) if bits & AUDIO)
    assert not any(bits & (CONCEALED | NOTHING) for bits in heard[first:])
    assert 20 * 8 <= player.counters["shrunk"] <= 80 * 8
    assert np.abs(np.diff(got[first * 160 :])).max() < 1.3 * np.abs(np.diff(voice(1))).max()
