"""The jitter buffer: put and get of a packet, a thousand a round, beside speexdsp's and aiortc's.

Ours runs without a Python object; each call of speexdsp's goes through ctypes, which is most of what it shows here.
"""

from __future__ import annotations

import ctypes

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.support import peers

probe = pytest.importorskip("tests.core._probe_jitter", reason="build with CENTRALA_TEST_EXTENSIONS=1")

PACKETS = 1000


def test_jitter_put_get(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["packets_per_round"] = PACKETS
    assert benchmark(probe.cycles, PACKETS) >= PACKETS - 10


class SpeexPacket(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_char_p),
        ("len", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("span", ctypes.c_uint32),
        ("sequence", ctypes.c_uint16),
        ("user_data", ctypes.c_uint32),
    )


@pytest.mark.skipif(peers.speexdsp() is None, reason="libspeexdsp1 is not installed")
def test_speexdsp_put_get(benchmark: BenchmarkFixture) -> None:
    """Three calls through ctypes a packet, of some 600 ns each."""
    lib = peers.speexdsp()
    lib.jitter_buffer_init.restype = ctypes.c_void_p
    lib.jitter_buffer_init.argtypes = [ctypes.c_int]
    pointer, packet = ctypes.c_void_p, ctypes.POINTER(SpeexPacket)
    lib.jitter_buffer_put.argtypes = [pointer, packet]
    lib.jitter_buffer_get.argtypes = [pointer, packet, ctypes.c_int32, ctypes.c_void_p]
    lib.jitter_buffer_tick.argtypes = [pointer]
    state = lib.jitter_buffer_init(160)
    payload = b"\xff" * 160
    out = ctypes.create_string_buffer(400)
    into = SpeexPacket(payload, 160, 0, 160, 0, 0)
    back = SpeexPacket(ctypes.cast(out, ctypes.c_char_p), 400, 0, 0, 0, 0)
    count = 0

    def rounds() -> None:
        nonlocal count
        for _ in range(PACKETS):
            into.timestamp = 160 * count & 0xFFFFFFFF
            into.sequence = count & 0xFFFF
            lib.jitter_buffer_put(state, into)
            back.len = 400
            lib.jitter_buffer_get(state, back, 160, None)
            lib.jitter_buffer_tick(state)
            count += 1

    benchmark.extra_info["packets_per_round"] = PACKETS
    benchmark(rounds)


def test_aiortc_put_get(benchmark: BenchmarkFixture) -> None:
    jitterbuffer = pytest.importorskip("aiortc.jitterbuffer")
    rtp = pytest.importorskip("aiortc.rtp")
    buffer = jitterbuffer.JitterBuffer(capacity=16, prefetch=4)
    packets = []
    for i in range(65536):
        packet = rtp.RtpPacket(sequence_number=i, timestamp=160 * i)
        packet._data = b"\xff" * 160
        packets.append(packet)
    count = 0

    def rounds() -> None:
        nonlocal count
        for _ in range(PACKETS):
            buffer.add(packets[count & 0xFFFF])
            count += 1

    benchmark.extra_info["packets_per_round"] = PACKETS
    benchmark(rounds)
