"""SRTP protect and unprotect of 172 bytes, from a media thread and by pylibsrtp from Python:
`pytest bench/test_srtp.py --benchmark-enable`. A hundred packets a round.
"""

from __future__ import annotations

import os

import pytest
from pylibsrtp import Policy, Session
from pytest_benchmark.fixture import BenchmarkFixture

probe = pytest.importorskip("tests.core._probe_srtp", reason="build with CENTRALA_TEST_EXTENSIONS=1")

PACKETS = 100
PROFILES = {
    "aes_cm_128_sha1_80": (1, 30),
    "aes_cm_128_sha1_32": (2, 30),
    "aead_128_gcm": (7, 28),
    "aead_256_gcm": (8, 44),
}


@pytest.mark.parametrize("name", PROFILES)
def test_worker(benchmark: BenchmarkFixture, name: str) -> None:
    profile, size = PROFILES[name]
    pair = probe.Pair(profile, os.urandom(size))
    benchmark.extra_info["packets_per_round"] = PACKETS
    assert benchmark(pair.run, PACKETS) == PACKETS


@pytest.mark.parametrize("name", ["aes_cm_128_sha1_80", "aead_128_gcm"])
def test_pylibsrtp(benchmark: BenchmarkFixture, name: str) -> None:
    profile, size = PROFILES[name]
    key = os.urandom(size)
    out = Session(Policy(key, Policy.SSRC_ANY_OUTBOUND, 0, profile))
    back = Session(Policy(key, Policy.SSRC_ANY_INBOUND, 0, profile))
    sequence = 0

    def run() -> None:
        nonlocal sequence
        for _ in range(PACKETS):
            header = b"\x80\x00" + (sequence & 0xFFFF).to_bytes(2, "big") + bytes(4) + b"\0\0\0\7"
            back.unprotect(out.protect(header + b"\x55" * 160))
            sequence += 1

    benchmark.extra_info["packets_per_round"] = PACKETS
    benchmark(run)
