"""RTP headers, reception figures and the outgoing timeline, without sockets or clocks."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpus import entries

probe = pytest.importorskip("tests.core._probe_stream", reason="build with CENTRALA_TEST_EXTENSIONS=1")

DROP, ACCEPT, RESTART = 0, 1, 2
MUSIC, BRIDGE = 1, 1 << 32


def test_header_round_trip() -> None:
    data = probe.header(101, True, 65535, 0xFFFFFFFF, 0xDEADBEEF) + b"payload!"
    assert probe.parse(data) == (101, 1, 65535, 0xFFFFFFFF, 0xDEADBEEF, b"payload!")


def test_arithmetic_wraps() -> None:
    assert probe.steps(0, 65535, 0, 0xFFFFFFFF) == (1, 1)
    assert probe.steps(65535, 0, 0xFFFFFFFF, 0) == (-1, -1)


def test_csrc_extension_and_padding_are_taken_off() -> None:
    csrc = struct.pack("!BBHII", 0xB2, 0, 1, 2, 3) + bytes(8)
    extension = struct.pack("!HH", 0xBEDE, 1) + bytes(4)
    assert probe.parse(csrc + extension + b"sound" + b"\0\0\x03")[5] == b"sound"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 12,
        b"\x40" + bytes(40),
        struct.pack("!BBHII", 0x8F, 0, 1, 2, 3) + bytes(20),
        struct.pack("!BBHII", 0x90, 0, 1, 2, 3) + struct.pack("!HH", 1, 0xFFFF) + bytes(8),
        struct.pack("!BBHII", 0xA0, 0, 1, 2, 3) + bytes(8),
        struct.pack("!BBHII", 0xA0, 0, 1, 2, 3) + b"\x09" * 8,
    ],
)
def test_malformed_headers_are_refused(data: bytes) -> None:
    assert probe.parse(data) is None


@given(st.binary(max_size=200))
def test_parse_never_reads_beyond(data: bytes) -> None:
    parsed = probe.parse(data)
    if parsed is not None:
        assert 0 < len(parsed[5]) <= len(data) - 12


def test_loss_jitter_and_gap() -> None:
    rx = probe.Rx()
    for i in range(100):
        if i not in (10, 11, 50):
            assert rx.packet(65500 + i, 160 * i, 20 * i) in (ACCEPT, RESTART)
    expected, received, jitter, gap = rx.figures
    assert (expected, received) == (100, 97)
    assert jitter == 0
    assert gap == pytest.approx(60)


def test_jitter_follows_rfc_3550() -> None:
    rx = probe.Rx()
    for i in range(2000):
        rx.packet(i, 160 * i, 20 * i + (5 if i % 2 else 0))
    # Transit alternates by 40 samples (5 ms): the filter converges to it, within its rounding.
    assert rx.figures[2] == pytest.approx(40, abs=1)


def test_duplicates_and_reordering_do_not_count_as_loss() -> None:
    rx = probe.Rx()
    for sequence in (1, 2, 4, 3, 3, 5):
        assert rx.packet(sequence, 160 * sequence, 20 * sequence) != DROP
    assert rx.figures[:2] == (5, 6)


@pytest.mark.parametrize(
    "stray",
    [
        {"sequence": 5, "timestamp": 800, "ssrc": 9},
        {"sequence": 40000, "timestamp": 800},
        {"sequence": 6, "timestamp": 800 + 2**31},
    ],
)
def test_one_stray_packet_changes_nothing(stray: dict[str, int]) -> None:
    rx = probe.Rx()
    for i in range(5):
        rx.packet(i, 160 * i, 20 * i)
    assert rx.packet(now_ms=100, **stray) == DROP
    assert rx.packet(5, 800, 100) == ACCEPT
    assert rx.figures[:2] == (6, 6)


def test_two_packets_in_a_row_make_a_new_source() -> None:
    rx = probe.Rx()
    for i in range(5):
        rx.packet(i, 160 * i, 20 * i)
    assert rx.packet(700, 5000, 100, 9) == DROP
    assert rx.packet(701, 5160, 120, 9) == RESTART
    assert rx.packet(702, 5320, 140, 9) == ACCEPT
    assert rx.figures[:2] == (7, 7)


def test_expected_change_is_believed_at_once() -> None:
    rx = probe.Rx()
    rx.packet(1, 160, 0)
    rx.expect_change()
    assert rx.packet(9000, 1, 20, 5) == RESTART


def test_timeline_runs_on_through_every_change() -> None:
    tx = probe.Tx(0x1234_0000_5678)
    stamps = [tx.own(160, 20 * i, MUSIC) for i in range(5)]
    stamps += [tx.map(7000 + i, 99 + 160 * i, 100 + 20 * i, BRIDGE) for i in range(5)]
    stamps += [tx.own(160, 200 + 20 * i, MUSIC) for i in range(5)]
    sequences = [s[0] for s in stamps]
    assert sequences == [sequences[0] + i for i in range(15)]
    timestamps = [s[1] for s in stamps]
    assert timestamps == [timestamps[0] + 160 * i for i in range(15)]
    assert [i for i, s in enumerate(stamps) if s[2]] == [0, 5, 10]


def test_timestamp_follows_the_wall_clock_over_a_silence() -> None:
    tx = probe.Tx()
    before = tx.own(160, 0)
    after = tx.map(1, 0, 1000)
    assert after[0] == before[0] + 1
    assert after[1] - before[1] == 8000


def test_loss_and_order_of_a_source_are_kept() -> None:
    tx = probe.Tx()
    first = tx.map(100, 0, 0)[0]
    assert [tx.map(n, 160 * (n - 100), 20 * (n - 100))[0] - first for n in (101, 104, 103, 105)] == [1, 4, 3, 5]
    assert tx.own(160, 120)[0] - first == 6


def test_packet_from_before_the_change_is_not_sent() -> None:
    tx = probe.Tx()
    tx.own(160, 0)
    tx.map(100, 0, 20)
    assert tx.map(99, -160, 21) is None
    assert tx.map(101, 160, 40) is not None


def test_event_packets_do_not_hold_the_clock_back() -> None:
    tx = probe.Tx()
    start = tx.map(100, 0, 0)[1]
    for i in range(10):
        tx.map(101 + i, 160, 20 + 20 * i, span=0)
    assert tx.own(160, 220)[1] - start == 220 * 8


RTP_CORPUS = entries("rtp")


@pytest.mark.skipif(not RTP_CORPUS, reason="the corpus is not there")
def test_corpus_has_no_effect_on_a_stream() -> None:
    stream = probe.StreamProbe()
    here, there = (1, 4000), (2, 4000)
    stream.configure(here, 0)
    now = 0
    for sequence in range(200):
        now += 20
        good = probe.header(0, False, sequence, 160 * sequence, 77) + b"\x55" * 160
        assert stream.receive(good, here, now)[0] == 1
        entry = RTP_CORPUS[sequence % len(RTP_CORPUS)]
        assert stream.receive(entry.data, there, now) == (0, False)
        assert stream.receive(entry.data, here, now)[1] is False
    accepted, foreign, malformed = stream.counts
    assert accepted >= 200
    assert foreign > 0
    assert malformed > 0
