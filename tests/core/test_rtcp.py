"""RTCP: round trip, loss, and refusal of everything malformed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpus import entries

probe = pytest.importorskip("tests.core._probe_stream", reason="build with CENTRALA_TEST_EXTENSIONS=1")


def test_round_trip_between_two() -> None:
    a, b = probe.Rtcp(0x1111_2222_3333), probe.Rtcp(0x4444_5555_6666)
    b.hear(1, 0, 0, a.ssrc)
    assert b.receive(a.write(1000), 1030)
    # b answers 500 ms later, and the way back takes 20 ms: 50 ms in all.
    assert a.receive(b.write(1530), 1550)
    assert a.round_trip_ms == pytest.approx(50, abs=0.1)
    assert b.round_trip_ms == 0


def test_fraction_lost_is_of_the_interval() -> None:
    a, b = probe.Rtcp(0x1111_2222_3333), probe.Rtcp(0x4444_5555_6666)
    for sequence in range(0, 100, 2):
        b.hear(sequence, 160 * sequence, 20 * sequence, a.ssrc)
    a.receive(b.write(2000), 2000)
    assert a.remote_fraction_lost == pytest.approx(128, abs=3)
    for sequence in range(99, 200):
        b.hear(sequence, 160 * sequence, 20 * sequence, a.ssrc)
    a.receive(b.write(4000), 4000)
    assert a.remote_fraction_lost == 0


def test_compound_is_report_then_cname() -> None:
    data = probe.Rtcp().write(1000)
    assert (data[0], data[1], len(data) % 4) == (0x80, 200, 0)
    first = (struct.unpack("!H", data[2:4])[0] + 1) * 4
    assert data[first + 1] == 202
    assert b"@centrala" in data
    assert probe.Rtcp().write(1000, False)[1] == 201


@given(st.binary(max_size=300))
def test_anything_is_survived(data: bytes) -> None:
    probe.Rtcp().receive(data, 1000)


@given(st.binary(min_size=24, max_size=24), st.integers(min_value=0, max_value=10**9))
def test_report_blocks_may_say_anything(block: bytes, now_ms: int) -> None:
    rtcp = probe.Rtcp()
    body = struct.pack("!BBHI", 0x81, 201, 7, 5) + struct.pack("!I", rtcp.ssrc) + block[4:]
    assert rtcp.receive(body, now_ms)
    assert 0 <= rtcp.round_trip_ms <= 10_000


@pytest.mark.parametrize("entry", entries("rtcp"), ids=lambda e: e.name)
def test_corpus_is_survived(entry: object) -> None:
    rtcp = probe.Rtcp()
    rtcp.receive(entry.data, 1000)
    assert 0 <= rtcp.round_trip_ms <= 10_000
