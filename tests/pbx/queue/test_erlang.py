"""The real queue under Erlang-A arrivals, in virtual time: waits, abandonment and service level are what theory says.

Values: Erlang C and Erlang A (M/M/n and M/M/n+M) as calculated from the birth and death process; each must lie within
four standard errors of what was simulated, and the errors must be small enough to tell neighbouring staffings apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.support.queue_simulator import (
    Phase,
    Simulation,
    Stay,
    asa,
    mean_wait,
    p_abandoned,
    p_wait,
    served_within,
)
from tests.support.virtual_loop import run_virtual

ERRORS = 4.0
FOREVER_S = 1e9  # patience of Erlang C's callers


def simulate(rate: float, aht_s: float, patience_s: float, agents: int, calls: int) -> Simulation:
    warm_up_s = max(20 * aht_s, 1000 / rate / 2)
    simulation = Simulation(agents=agents, aht_s=aht_s, patience_s=patience_s, seed=agents, warm_up_s=warm_up_s)
    run_virtual(simulation.run([Phase(warm_up_s + calls / rate, rate)]))
    return simulation


def agrees(
    simulation: Simulation, what: str, measure: Callable[[list[Stay]], float], expected: float, largest: float
) -> None:
    """`largest`: standard error beyond which the comparison would be worth nothing."""
    found, error = simulation.figure(measure)
    assert error <= largest, f"{what}: the simulation is too short (standard error {error:.4f})"
    assert abs(found - expected) <= ERRORS * error, f"{what}: {found:.4f} ± {error:.4f}, theory says {expected}"


ERLANG_A = [
    # arrivals/s, AHT, patience, agents, T, P(wait), P(abandon), E[W], ASA of served, served within T; callers
    pytest.param(0.8, 60, 120, 50, 20, 0.467774, 0.0309122, 3.70947, 3.61590, 0.943019, 10_000, id="garnett-50"),
    pytest.param(1 / 6, 60, 60, 10, 20, 0.542070, 0.125110, 7.506602, 6.896587, 0.764220, 6_000, id="poisson-10"),
    pytest.param(1 / 18, 180, 120, 12, 20, 0.279807, 0.061597, 7.391685, 6.334774, 0.825583, 7_000, id="office-12"),
    pytest.param(143 / 3600, 180, 300, 6, 20, 0.784, 0.2193, 65.8, None, 0.2915, 7_000, id="peak-6"),
]


@pytest.mark.parametrize(
    ("rate", "aht", "patience", "agents", "threshold", "wait", "abandon", "mean", "served", "in_time", "calls"),
    ERLANG_A,
)
def test_erlang_a(
    rate: float,
    aht: float,
    patience: float,
    agents: int,
    threshold: float,
    wait: float,
    abandon: float,
    mean: float,
    served: float | None,
    in_time: float,
    calls: int,
) -> None:
    simulation = simulate(rate, aht, patience, agents, calls)
    agrees(simulation, "P(wait)", p_wait, wait, 0.05)
    agrees(simulation, "P(abandon)", p_abandoned, abandon, 0.012)
    agrees(simulation, "E[W]", mean_wait, mean, 0.15 * mean)
    if served is not None:
        agrees(simulation, "ASA", asa, served, 0.15 * served)
    agrees(simulation, "served in time", served_within(threshold), in_time, 0.03)
    # P(abandon) = theta * E[W], whatever the load (Little)
    assert p_abandoned(simulation.counted) == pytest.approx(mean_wait(simulation.counted) / patience, rel=0.15)
    assert simulation.order.checked >= calls * 0.7


def test_erlang_c_of_a_small_office() -> None:
    """C(2, 1): two agents for one erlang, and nobody gives up."""
    simulation = simulate(1 / 60, 60, FOREVER_S, 2, 5_000)
    assert p_abandoned(simulation.counted) == 0
    agrees(simulation, "P(wait)", p_wait, 0.333333, 0.02)
    agrees(simulation, "SL20", served_within(20), 1 - 0.333333 * math.exp(-20 / 60), 0.02)
    agrees(simulation, "ASA", asa, 20.0, 2.5)


def test_erlang_c_of_a_hundred_calls_in_half_an_hour() -> None:
    """180 s each, 14 agents: the textbook's 80/20 example. Long waits are too rare here for the mean to be compared."""
    simulation = simulate(100 / 1800, 180, FOREVER_S, 14, 6_000)
    assert p_abandoned(simulation.counted) == 0
    agrees(simulation, "P(wait)", p_wait, 0.174132, 0.025)
    agrees(simulation, "SL20", served_within(20), 0.888350, 0.025)
