"""Opus follows the losses that the far end reports: in virtual time, by a network that gets bad and good again."""

from __future__ import annotations

import random

import numpy as np
import pytest

from core.signal import opus

probe = pytest.importorskip("tests.core._probe_quiet", reason="build with CENTRALA_TEST_EXTENSIONS=1")

REPORT_S = 5
PACKETS = 50 * REPORT_S


class Network:
    """Gilbert's model: losses that come in runs. `share` of loss, mean run in packets."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bad = False

    def lost(self, share: float, run: float = 1.5) -> bool:
        leave = 1 / run
        enter = min(1.0, leave * share / (1 - share)) if share else 0.0
        self.bad = self.random.random() < (1 - leave if self.bad else enter)
        return self.bad

    def report(self, share: float) -> float:
        return sum(self.lost(share) for _ in range(PACKETS)) / PACKETS


def follow(tuner: object, network: Network, share: float, reports: int) -> list[tuple[int, int]]:
    told = []
    for _ in range(reports):
        if tuner.report(network.report(share)):  # type: ignore[attr-defined]
            told.append((tuner.expected_loss, tuner.bitrate))  # type: ignore[attr-defined]
    return told


def test_a_clean_path_changes_nothing() -> None:
    tuner = probe.Tuner()
    assert follow(tuner, Network(1), 0.0, 720) == []  # an hour
    assert (tuner.expected_loss, tuner.bitrate) == (0, 24000)


def test_loss_turns_the_redundancy_on_at_once_and_off_slowly() -> None:
    tuner, network = probe.Tuner(), Network(2)
    assert tuner.report(0.06)
    assert tuner.expected_loss == 10
    follow(tuner, network, 0.0, 4)
    assert tuner.expected_loss in (5, 10)  # not before three better reports, and one class at a time
    follow(tuner, network, 0.0, 12)
    assert tuner.expected_loss == 0


def test_it_does_not_swing_at_the_edge_of_a_class() -> None:
    """Loss around 4 % for an hour: reports fall on both sides of the edge all the time."""
    told = follow(probe.Tuner(), Network(3), 0.04, 720)
    assert len(told) < 40
    assert all(bitrate == 24000 for _, bitrate in told)


@pytest.mark.parametrize(("share", "classes"), [(0.02, {5, 10}), (0.06, {10, 20}), (0.12, {20, 30}), (0.25, {30})])
def test_what_is_expected_covers_what_is_lost(share: float, classes: set[int]) -> None:
    tuner, network = probe.Tuner(), Network(4)
    follow(tuner, network, share, 12)
    for _ in range(100):
        tuner.report(network.report(share))
        assert tuner.expected_loss in classes


def test_a_narrow_path_gets_less_and_has_it_back_later() -> None:
    tuner, network = probe.Tuner(bitrate=32000), Network(5)
    follow(tuner, network, 0.2, 24)
    assert tuner.bitrate == 16000  # no lower: redundancy needs room
    steps = follow(tuner, network, 0.0, 60)
    rates = [bitrate for _, bitrate in steps]
    assert rates == sorted(rates)
    assert tuner.bitrate == 32000


def test_what_is_configured_is_the_least() -> None:
    tuner = probe.Tuner(least_loss=15)
    follow(tuner, Network(6), 0.0, 20)
    assert tuner.expected_loss == 15
    follow(tuner, Network(6), 0.3, 3)
    assert tuner.expected_loss == 30


def voice(count: int) -> list[bytes]:
    """Sound with the structure of speech: a buzz whose pitch and level move, 20 ms pieces at 16 kHz."""
    t = np.arange(320 * count) / 16000
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    pcm = (4000 * sound).astype(np.int16)
    return [pcm[320 * i : 320 * i + 320].tobytes() for i in range(count)]


def error_db(adapt: bool) -> float:
    """Mean error of what a far end hears over a path that loses 15 %, against the same sound without loss."""
    encoder, whole, heard = opus.Encoder(expected_loss=0, fec=False, bitrate=24000), opus.Decoder(), opus.Decoder()
    tuner, network = probe.Tuner(), Network(7)
    packets = []
    for index, frame in enumerate(voice(3000)):
        packets.append(encoder.encode(frame))
        if adapt and index % PACKETS == PACKETS - 1 and tuner.report(0.15):
            encoder.tune(24000, tuner.expected_loss)
    lost = [network.lost(0.15, run=1.05) for _ in packets]
    difference = power = 0.0
    for index, packet in enumerate(packets[:-1]):
        sent = np.frombuffer(whole.decode(packet), np.int16).astype(float)
        following = b"" if lost[index + 1] else packets[index + 1]
        sound = heard.lost(320, following) if lost[index] else heard.decode(packet)
        got = np.frombuffer(sound, np.int16).astype(float)
        if index > 2 * PACKETS:
            difference += float(np.sum((got - sent) ** 2))
            power += float(np.sum(sent**2))
    return 10 * np.log10(difference / power)


def test_the_far_end_hears_it() -> None:
    """Redundancy that was turned on by reports brings back what concealment cannot."""
    assert error_db(True) < error_db(False) - 3
