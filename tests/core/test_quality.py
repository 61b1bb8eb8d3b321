"""The E-model by its check values, loss in bursts and gaps, verdicts on a leg, and what RTCP XR says of it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from core.stream import emodel

probe = pytest.importorskip("tests.core._probe_stream", reason="build with CENTRALA_TEST_EXTENSIONS=1")

BAD, ONE_WAY, DEAD_AIR, CLIPPING = 1, 2, 4, 8


@pytest.mark.parametrize(
    ("rating", "mos"),
    [
        (93.2, 4.409),
        (90, 4.339),
        (80, 4.024),
        (70, 3.597),
        (60, 3.100),
        (50, 2.575),
        (40, 2.064),
        (30, 1.609),
        (20, 1.252),
        (10, 1.035),
    ],
)
def test_mos_of_a_rating(rating: float, mos: float) -> None:
    assert emodel.mos(rating) == pytest.approx(mos, abs=0.001)


@pytest.mark.parametrize(
    ("rating", "printed"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.6), (60, 3.1), (50, 2.58)]
)
def test_what_the_standard_prints(rating: float, printed: float) -> None:
    """G.107, annex B, rounded there."""
    assert emodel.mos(rating) == pytest.approx(printed, abs=0.01)


def test_ends_of_the_scale() -> None:
    assert (emodel.mos(-5), emodel.mos(0), emodel.mos(100), emodel.mos(3)) == (1.0, 1.0, 4.5, 1.0)
    assert emodel.rating(0) == pytest.approx(93.2, abs=0.01)
    assert emodel.rating(100, delay_ms=5000) == 0


@pytest.mark.parametrize(
    ("delay_ms", "impairment"),
    [(100, 0), (125, 0.005), (150, 0.164), (200, 3.044), (250, 8.917), (300, 14.761), (400, 24.070), (500, 30.636)],
)
def test_delay(delay_ms: float, impairment: float) -> None:
    assert emodel.rating(0) - emodel.rating(0, delay_ms=delay_ms) == pytest.approx(impairment, abs=0.001)


@pytest.mark.parametrize(
    ("loss", "ie", "bpl", "rating", "mos"),
    [
        (1, 0, 4.3, 75.28, 3.834),
        (2, 0, 4.3, 63.04, 3.256),
        (5, 0, 4.3, 42.12, 2.169),
        (1, 0, 25.1, 89.56, 4.328),
        (5, 0, 25.1, 77.42, 3.923),
        (0, 11, 19, 82.2, 4.104),
        (1, 11, 19, 78.0, 3.946),
        (5, 11, 19, 64.7, 3.340),
    ],
)
def test_loss(loss: float, ie: float, bpl: float, rating: float, mos: float) -> None:
    found = emodel.rating(loss, ie=ie, bpl=bpl)
    assert found == pytest.approx(rating, abs=0.02)
    assert emodel.mos(found) == pytest.approx(mos, abs=0.002)


def test_bursty_loss_is_worse_than_random_loss() -> None:
    assert emodel.rating(5, burst_ratio=3) < emodel.rating(5)


def feed(judge: object, lost: set[int], count: int, start: int = 0) -> None:
    for i in range(start, start + count):
        if i not in lost:
            judge.packet(i, 20 * i)


def test_bursts_and_gaps() -> None:
    """Two losses 10 packets apart are one burst of 11; one alone, more than 16 packets from others, is none."""
    judge = probe.Judge()
    feed(judge, {100, 110, 200, 300, 301, 302}, 400)
    feed(judge, {450}, 100, start=400)  # ends the last burst
    bursts, spanned, lost, isolated, runs, total, ratio = judge.bursts
    assert (bursts, spanned, lost, isolated, total) == (2, 11 + 3, 5, 1, 7)
    assert runs == 5
    assert ratio == pytest.approx(7 / 5 * (1 - 7 / 500), rel=0.01)


def test_random_loss_has_a_ratio_of_one() -> None:
    rng = np.random.default_rng(4)
    judge = probe.Judge()
    feed(judge, set(np.flatnonzero(rng.random(20000) < 0.05).tolist()), 20000)
    assert judge.bursts[6] == pytest.approx(1.0, abs=0.05)


def test_a_bad_window_is_told_once_and_so_is_its_end() -> None:
    judge = probe.Judge()
    news = []
    for i in range(3000):  # a minute; 20 % lost in the middle third
        if not (1000 <= i < 2000 and i % 5 == 0):
            judge.packet(i, 20 * i)
        got = judge.look(20 * i, sent=i)
        if got is not None:
            news.append((round(i / 50), got))
    assert [verdict for _, verdict in news] == [BAD, 0]
    assert 20 < news[0][0] <= 30
    assert 40 < news[1][0] <= 50


def test_one_way_audio() -> None:
    """Nothing comes at all while we send: told after five seconds."""
    judge = probe.Judge()
    feed(judge, set(), 500)
    got = [judge.look(10_000 + 20 * i, sent=500 + i) for i in range(800)]
    assert [verdict for verdict in got if verdict is not None] == [ONE_WAY]
    assert probe.Judge().look(0) is None


def test_a_leg_that_is_held_is_not_judged() -> None:
    judge = probe.Judge()
    feed(judge, set(), 500)
    assert all(judge.look(10_000 + 20 * i, sent=500 + i, receiving=False) is None for i in range(800))


def sine(dbm0: float) -> bytes:
    t = np.arange(160) / 8000
    return np.clip(32768 * 10 ** ((dbm0 - 3.14) / 20) * np.sin(6283 * t), -32768, 32767).astype(np.int16).tobytes()


def test_level_dead_air_and_clipping() -> None:
    judge = probe.Judge()
    verdicts = []
    for second in range(60):
        feed(judge, set(), 50, start=50 * second)
        sound = bytes(320) if 10 <= second < 30 else sine(9) if second >= 45 else sine(-20)
        judge.measure(sound, 1000 * second)
        got = judge.look(1000 * second, sent=50 * second)
        if got is not None:
            verdicts.append((second, got))
    assert [v for _, v in verdicts] == [DEAD_AIR, 0, CLIPPING]
    assert 19 <= verdicts[0][0] <= 25
    quiet = probe.Judge()
    for second in range(30):
        quiet.measure(sine(-20), 1000 * second)
    assert quiet.level_dbm0 == pytest.approx(-20, abs=0.3)


def test_voip_metrics_go_there_and_back() -> None:
    a, b = probe.Rtcp(0x1111_2222_3333), probe.Rtcp(0x4444_5555_6666)
    assert b.write_voip() == b""  # nothing received yet: nothing to say
    for sequence in range(500):
        if sequence % 20:
            b.hear(sequence, 160 * sequence, 20 * sequence, a.ssrc)
    xr = b.write_voip(60, 13)
    assert (xr[0], xr[1], len(xr)) == (0x80, 207, 44)
    assert xr[8] == 7
    assert struct.unpack("!H", xr[2:4])[0] == 10
    assert xr[16] == pytest.approx(256 * 0.05, abs=1)  # loss rate
    assert struct.unpack("!b", xr[28:29])[0] == -17
    assert a.receive(b.write(10_000) + xr, 10_020)
    rating, mos, late, system = a.remote_voip
    assert rating == int(emodel.rating(5.0, delay_ms=20))
    assert mos == pytest.approx(emodel.mos(rating), abs=0.1)
    assert (late, system) == (13, 80)


def test_voip_metrics_of_somebody_else_or_cut_off_are_left() -> None:
    a, b = probe.Rtcp(0x1111_2222_3333), probe.Rtcp(0x4444_5555_6666)
    for sequence in range(100):
        b.hear(sequence, 160 * sequence, 20 * sequence, 0x12345678)
    assert a.receive(b.write(2000) + b.write_voip(), 2010)
    assert a.remote_voip is None
    cut = bytearray(b.write_voip())
    cut[11] = 60  # a block longer than its packet
    assert a.receive(b.write(2000) + bytes(cut), 2010)
    assert a.remote_voip is None
