"""Figure R9: strangers on a live stream's ports are neither heard nor answered, and the call goes on."""

from __future__ import annotations

import os
import time

import pytest

from tests.support.corpus import entries
from tests.support.rtp_phone import Bench, Phone, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")


def live_call(bench: Bench, **settings: object) -> tuple[int, Phone, int, Phone]:
    a, alice = bench.call("127.11.0.1", **settings)
    b, bob = bench.call("127.11.0.2")
    bench.engine.bridge(a, b)
    return a, alice, b, bob


def stranger(bench: Bench, victim: Phone, ip: str = "127.11.66.6") -> Phone:
    made = Phone(ip)
    made.far = victim.far
    bench.phones.append(made)
    return made


def test_stranger_is_neither_heard_nor_answered(bench: Bench) -> None:
    a, alice, _, bob = live_call(bench)
    evil = stranger(bench, alice)
    evil.say(b"\x66" * 160, count=50)
    alice.say(count=5)
    # The same SSRC and sequence as alice do not help.
    evil.sequence, evil.timestamp = alice.sequence, alice.timestamp
    evil.say(b"\x66" * 160, count=50)
    alice.say(count=5)
    heard = bob.hear(10)
    assert {p.payload for p in heard} == {b"\x55" * 160}
    bob.say(count=5)
    assert len(alice.hear(5)) == 5
    assert evil.hear(1, timeout_s=0.1) == []
    assert bench.engine.stream_stats(a).foreign_packets >= 50


def test_switch_to_the_signalling_source_is_heard_and_answered(bench: Bench) -> None:
    a, alice, _, bob = live_call(bench, signalling_ip="127.11.0.5")
    phone = stranger(bench, alice, "127.11.0.5")
    deadline = time.monotonic() + 20
    count = 0
    while not any(e[0] == E.EV_LATCHED for e in bench.events) and time.monotonic() < deadline:
        phone.say()
        count += 1
        bench.events += bench.engine.drain(0)
        # The pace of a phone: waiting for something that does not come.
        phone.hear(1, timeout_s=0.02)
    assert count >= 7
    bob.say(count=3)
    assert len(phone.hear(3)) == 3
    phone.say(count=3)
    assert len(bob.hear(3)) == 3
    alice.say(count=3)
    bench.until(lambda: bench.engine.stream_stats(a).rx_packets >= 4, "packets of the switched source")


def test_changed_remote_moves_the_stream(bench: Bench) -> None:
    a, alice, _, bob = live_call(bench)
    alice.say(count=2)
    bob.hear(2)
    moved = stranger(bench, alice, "127.11.0.7")
    bench.engine.configure(a, remote_ip=moved.ip, remote_port=moved.port, codec=0, event_payload_type=101)
    bob.say(count=2)
    assert len(moved.hear(2)) == 2
    alice.say(b"\x66" * 160, count=5)
    moved.say(ssrc=44, count=3)
    assert [p.payload for p in bob.hear(3)] == [b"\x55" * 160] * 3


@pytest.mark.skipif(not entries("rtp"), reason="the corpus is not there")
def test_corpus_at_the_ports_of_a_live_call(bench: Bench) -> None:
    _, alice, _, bob = live_call(bench)
    evil = stranger(bench, alice)
    rtcp = stranger(bench, alice)
    rtcp.far = (alice.far[0], alice.far[1] + 1)
    own_rtcp = stranger(bench, alice, "127.11.0.1")
    own_rtcp.far = rtcp.far
    sent = 0
    for entry in entries("rtp", "rtcp", "stun", "dtls"):
        for sender in (evil, rtcp, own_rtcp):
            sender.raw(entry.data)
        alice.say()
        sent += 1
    heard = bob.hear(sent)
    assert [p.payload for p in heard] == [b"\x55" * 160] * sent
    assert [(p.sequence - heard[0].sequence) & 0xFFFF for p in heard] == list(range(sent))
    assert evil.hear(1, timeout_s=0.05) == rtcp.hear(1, timeout_s=0.05) == []


@pytest.mark.skipif(not entries("rtp"), reason="the corpus is not there")
def test_corpus_from_the_far_end_itself(bench: Bench) -> None:
    _, alice, _, bob = live_call(bench)
    for entry in entries("rtp", "rtcp"):
        alice.say(b"\x55" * 160, count=3)
        alice.raw(entry.data)
        alice.raw(rtp(1, 1, b""))
    alice.say(b"\x01" * 160, count=3)
    heard = bob.hear(1)
    while heard[-1].payload != b"\x01" * 160:
        heard += bob.hear()
    assert len({p.ssrc for p in heard}) == 1


def test_garbage_flood_leaves_the_call_whole(bench: Bench) -> None:
    a, alice, _, bob = live_call(bench)
    alice.say()
    bob.hear()
    evil = stranger(bench, alice)
    rtcp = stranger(bench, alice)
    rtcp.far = (alice.far[0], alice.far[1] + 1)
    garbage = [os.urandom(n) for n in (1, 11, 12, 40, 172, 1400)] + [rtp(1, 1, b"\x66" * 160)]
    heard = []
    for _ in range(100):
        for n in range(200):
            evil.raw(garbage[n % len(garbage)])
            rtcp.raw(garbage[n % len(garbage)])
        alice.say()
        heard += bob.hear()
    assert {p.payload for p in heard} == {b"\x55" * 160}
    assert bench.engine.stream_stats(a).lost_packets == 0
