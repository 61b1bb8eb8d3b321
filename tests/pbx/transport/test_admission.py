"""Which calls are let in (security.md R4, R20, R21)."""

from __future__ import annotations

from typing import Any

from pbx.transport.admission import BURST_S, DRAIN_RETRY_S, FULL_RETRY_S, Admission


class World:
    def __init__(self, max_calls=100, rate=10.0):
        self.now = 0.0
        self.calls = 0
        self.lag = 0.0
        self.backlog = 0.0
        self.dice = 0.5
        self.admission = Admission(
            max_calls,
            rate,
            now=lambda: self.now,
            active_calls=lambda: self.calls,
            loop_lag_s=lambda: self.lag,
            backlog_s=lambda: self.backlog,
            chance=lambda: self.dice,
        )

    def ask(self):
        return self.admission(None, None)


def test_calls_come_in():
    assert World().ask() is None


def test_the_rate_is_kept_with_a_burst_of_a_second():
    world = World(rate=10)
    assert [world.ask() is None for _ in range(12)] == [True] * int(10 * BURST_S) + [False] * 2
    world.now += 0.1
    assert world.ask() is None
    assert 1 <= world.ask() <= 5
    assert world.admission.shed_rate == 3


def test_a_challenged_call_does_not_count():
    world = World(rate=10)
    for _ in range(1000):
        assert world.ask() is None
        world.admission.refund()


def test_the_number_of_calls_is_kept():
    world = World(max_calls=3)
    world.calls = 3
    assert world.ask() == FULL_RETRY_S
    world.calls = 2
    assert world.ask() is None


def test_a_late_loop_sheds_a_growing_share():
    world = World()
    for lag, shed in ((0.4, False), (1.2, False), (1.3, True), (3.0, True)):
        world.lag = lag
        assert (world.ask() is not None) is shed
    world.dice = 0.0
    world.lag = 0.51
    assert world.ask() is not None


def test_waiting_datagrams_shed():
    world = World()
    world.backlog = 0.09
    assert world.ask() is None
    world.backlog = 0.5
    assert world.ask() is not None
    assert world.admission.shed_late == 1


def test_draining_refuses_everything():
    world = World()
    world.admission.draining = True
    assert world.ask() == DRAIN_RETRY_S


def test_an_emergency_call_is_let_in_whatever_the_load() -> None:
    admission = Admission(
        1, 1000.0, now=lambda: 0.0, active_calls=lambda: 5, loop_lag_s=lambda: 9.0, backlog_s=lambda: 9.0
    )
    request: Any = object()
    source: Any = object()
    assert admission(request, source) is not None
    admission.urgent = lambda asked: asked is request
    assert admission(request, source) is None
    admission.draining = True
    assert admission(request, source) is not None, "another PBX can take it"
