"""Rings and the pool of slots."""

from __future__ import annotations

import pytest

probe = pytest.importorskip("tests.core._probe_base", reason="build with CENTRALA_TEST_EXTENSIONS=1")


@pytest.mark.parametrize("kind", ["Spsc", "Mpsc"])
def test_ring_keeps_order_and_refuses_when_full(kind: str) -> None:
    ring = getattr(probe, kind)(4)
    assert ring.pop() is None
    for turn in range(10):
        assert all(ring.push(turn * 10 + i) for i in range(4))
        assert not ring.push(99)
        assert [ring.pop() for _ in range(5)] == [turn * 10 + i for i in range(4)] + [None]


def test_ring_capacity_is_rounded_up_to_a_power_of_two() -> None:
    ring = probe.Spsc(5)
    assert sum(ring.push(i) for i in range(20)) == 8
    assert len(ring) == 8


def test_spsc_between_two_threads() -> None:
    assert probe.spsc_through(300_000) == 300_000


def test_mpsc_between_four_threads() -> None:
    assert probe.mpsc_through(50_000) == (150_000, 150_000)


def test_pool_ids_are_unique_and_never_zero() -> None:
    pool = probe.Slots(8, 3)
    ids = [pool.take() for _ in range(8)]
    assert len(set(ids)) == 8
    assert 0 not in ids
    assert {probe.parts(i)[0] for i in ids} == {3}
    assert pool.take() == 0


def test_pool_recognises_a_late_user() -> None:
    pool = probe.Slots(1, 0)
    first = pool.take()
    pool.give(first)
    second = pool.take()
    assert second != first
    assert probe.parts(first)[2] == probe.parts(second)[2]
    assert not pool.current(first)
    assert pool.current(second)


def test_pool_retired_id_is_dead_before_its_slot_is_free() -> None:
    pool = probe.Slots(1, 0)
    only = pool.take()
    pool.retire(only)
    assert not pool.current(only)
    assert pool.taken == 0
    assert pool.take() == 0


def test_pool_generations_wrap_without_zero() -> None:
    pool = probe.Slots(1, 31)
    seen = set()
    for _ in range(9000):
        slot = pool.take()
        assert slot
        seen.add(slot)
        pool.give(slot)
    assert len(seen) == 8191


def test_pool_touches_few_slots_under_steady_use() -> None:
    pool = probe.Slots(1024, 0)
    slots = set()
    for _ in range(5000):
        taken = pool.take()
        slots.add(probe.parts(taken)[2])
        pool.give(taken)
    assert len(slots) <= 65
