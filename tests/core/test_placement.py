"""Where a pair is carried: a second placement in front of the relay, and moves between them in mid-call."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.core.test_rooms import TONES, one_stream
from tests.support.rtp_phone import Bench
from tests.support.tone_phone import TonePhones

E = pytest.importorskip("core.engine.engine", reason="build the core first")
probe = pytest.importorskip("tests.core._probe_engine", reason="CENTRALA_TEST_EXTENSIONS=1 builds it")


@pytest.fixture
def phones() -> Iterator[TonePhones]:
    engine = E.Engine(workers=1, port_min=29000, port_max=29099, max_streams=32, realtime=False)
    probe.want_dummy(False)
    probe.prefer_dummy(engine)
    engine.start()
    bench = Bench(engine, f"127.11.{os.getpid() % 250}.7")
    made = TonePhones(bench)
    yield made
    made.close()
    bench.close()


def replace(phones: TonePhones, stream: int) -> None:
    """Lets the worker decide again: a gain that is none changes nothing else."""
    phones.bench.engine.gain(stream, 0.0)


def test_a_pair_moves_between_placements_while_it_talks(phones: TonePhones) -> None:
    engine = phones.bench.engine
    a, b = phones.add(TONES[0]), phones.add(TONES[1])
    entered, left, carried = probe.seen()
    probe.want_dummy(True)
    engine.bridge(a, b)
    phones.expect(0.4, {0: {TONES[1]}})
    assert probe.seen()[0] == entered + 1
    assert probe.seen()[2] >= carried + 36
    probe.want_dummy(False)
    replace(phones, a)
    phones.expect(0.4, {0: {TONES[1]}})
    after = probe.seen()
    assert after[1] == left + 1
    engine.gain(a, -3.0)
    phones.expect(0.6, {1: {TONES[0]}})
    assert engine.worker_stats(0).room_members == 2
    probe.want_dummy(True)
    replace(phones, a)
    phones.talk(0.4)
    phones.bench.until(lambda: engine.worker_stats(0).room_members == 0, "the end of the room")
    phones.expect(0.4, {1: {TONES[0]}})
    assert probe.seen()[0] == entered + 2
    assert probe.seen()[2] > after[2]
    engine.unbridge(a)
    phones.talk(0.1)
    assert probe.seen()[1] == left + 2
    for index in (0, 1):
        one_stream(phones.all_packets(index), phones.late_s)


def test_a_placement_that_refuses_makes_room_for_the_next(phones: TonePhones) -> None:
    engine = phones.bench.engine
    a, b = phones.add(TONES[0]), phones.add(TONES[1])
    entered, left, carried = probe.seen()
    probe.want_dummy(True, refuse=True)
    engine.bridge(a, b)
    phones.expect(0.4, {0: {TONES[1]}, 1: {TONES[0]}})
    engine.unbridge(a)
    phones.talk(0.1)
    assert probe.seen() == (entered, left, carried)


def test_a_relayed_call_keeps_little() -> None:
    leg, _ = probe.sizes()
    assert 2 * leg <= 16 * 1024
