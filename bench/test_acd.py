"""The distributor's costs: `pytest bench/test_acd.py --benchmark-enable`. Set-up is outside the timer."""

from __future__ import annotations

from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from core.acd import LONGEST_IDLE, RING_ALL, Distributor

AGENTS = 50
WAITING = [1, 200, 10_000]


def full_queue(waiting: int, strategy: int = LONGEST_IDLE, queues: int = 1) -> Distributor:
    """`waiting` callers over `queues` queues that all agents serve; nobody is free."""
    distributor = Distributor(16_384)
    indices = [distributor.add_queue(strategy) for _ in range(queues)]
    for _ in range(AGENTS):
        distributor.add_agent(indices)
    for number in range(waiting):
        distributor.arrive(indices[number % queues], number * 7919 % 104_729)
    distributor.match()
    return distributor


@pytest.mark.parametrize("waiting", WAITING)
def test_free_agent_to_offer_and_back(benchmark: BenchmarkFixture, waiting: int) -> None:
    """An agent turns free, the oldest caller is offered, the offer is declined: three calls from Python."""
    distributor = full_queue(waiting)
    turns = count()

    def turn() -> None:
        now = next(turns)
        distributor.idle(now % AGENTS, now)
        ((_, _, token, _),) = distributor.match()
        distributor.decline(token)

    benchmark(turn)


@pytest.mark.parametrize("waiting", WAITING)
def test_arrival_and_departure(benchmark: BenchmarkFixture, waiting: int) -> None:
    """A caller comes into the middle of the line and goes again."""
    distributor = full_queue(waiting)

    def turn() -> None:
        distributor.leave(distributor.arrive(0, 50_000))
        distributor.match()

    benchmark(turn)


@pytest.mark.parametrize("waiting", WAITING)
def test_position(benchmark: BenchmarkFixture, waiting: int) -> None:
    distributor = full_queue(waiting)
    caller = distributor.arrive(0, 104_728)
    assert distributor.position(caller) > waiting // 2
    benchmark(distributor.position, caller)


def test_agent_of_ten_queues_turns_free(benchmark: BenchmarkFixture) -> None:
    distributor = full_queue(200, queues=10)
    turns = count()

    def turn() -> None:
        now = next(turns)
        distributor.idle(now % AGENTS, now)
        ((_, _, token, _),) = distributor.match()
        distributor.decline(token)

    benchmark(turn)


def test_ring_all_fifty_agents_first_answer_wins(benchmark: BenchmarkFixture) -> None:
    distributor = full_queue(0, RING_ALL)

    def turn() -> None:
        for agent in range(AGENTS):
            distributor.idle(agent, agent)
        distributor.arrive(0, 0)
        offers = distributor.match()
        distributor.accept(offers[-1][2])

    benchmark(turn)


@pytest.mark.parametrize("waiting", WAITING)
def test_decision_inside_the_core(benchmark: BenchmarkFixture, waiting: int) -> None:
    """The same decision without Python around it; `extra_info` holds the nanoseconds of one."""
    probe = pytest.importorskip("tests.core._probe_acd", reason="build with CENTRALA_TEST_EXTENSIONS=1")
    mean_ns = benchmark.pedantic(probe.decision_ns, args=(waiting, AGENTS, 100_000), rounds=5)
    benchmark.extra_info["decision_ns"] = mean_ns
    assert mean_ns < 1_000
