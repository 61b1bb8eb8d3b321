"""The wait estimator: the field's check values, quantiles by simulation."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.queue.estimate import _quantile, beta_below, mean_of, mean_wait_s, quantile_of, quantile_wait_s


@pytest.mark.parametrize(("position", "seconds"), [(1, 30.0), (2, 57.27), (3, 82.27), (6, 146.78)])
def test_qlm_check_values(position: int, seconds: float) -> None:
    """AHT 180 s, six agents, mean patience 300 s."""
    assert mean_wait_s(position, 6, 180, 300) == pytest.approx(seconds, abs=0.005)


def test_without_impatience_it_is_position_over_capacity() -> None:
    assert [mean_wait_s(position, 6, 180, 0) for position in (1, 2, 3, 6)] == pytest.approx([30, 60, 90, 180])


def test_one_stage_is_exponential() -> None:
    assert quantile_wait_s(1, 6, 180, 300) == pytest.approx(-30 * math.log(0.2), abs=0.1)
    assert quantile_wait_s(1, 6, 180, 0) == pytest.approx(-30 * math.log(0.2), abs=0.1)


@pytest.mark.parametrize(
    ("position", "agents", "patience"), [(2, 6, 300), (6, 6, 300), (50, 6, 300), (200, 50, 300), (3, 1, 60), (10, 3, 0)]
)
def test_the_quantile_holds_in_simulation(position: int, agents: int, patience: float) -> None:
    rng = random.Random(7)
    theta = 1 / patience if patience else 0.0
    promised = quantile_wait_s(position, agents, 180, patience)
    rates = [agents / 180 + index * theta for index in range(position)]
    kept = sum(sum(rng.expovariate(rate) for rate in rates) <= promised for _ in range(4_000))
    assert kept / 4_000 == pytest.approx(0.8, abs=0.02)


@settings(max_examples=200, deadline=None)
@given(
    position=st.integers(1, 500),
    agents=st.integers(1, 200),
    aht=st.floats(1, 3600),
    patience=st.one_of(st.just(0.0), st.floats(1, 1e8)),
)
def test_every_estimate_is_finite_above_the_mean_of_one_stage_and_grows_with_the_place(
    position: int, agents: int, aht: float, patience: float
) -> None:
    here = quantile_wait_s(position, agents, aht, patience)
    assert math.isfinite(here)
    assert here > 0
    assert quantile_wait_s(position + 1, agents, aht, patience) >= here - 0.2


@pytest.mark.parametrize(
    ("x", "a", "b", "value"),
    [
        (0.5, 1, 1, 0.5),
        (0.5, 2, 2, 0.5),
        (0.25, 2, 1, 0.0625),
        (0.3, 2, 5, 0.579825),
        (0.0, 3, 4, 0.0),
        (1.0, 3, 4, 1.0),
    ],
)
def test_the_incomplete_beta_function(x: float, a: float, b: float, value: float) -> None:
    assert beta_below(x, a, b) == pytest.approx(value, abs=1e-6)


def test_places_start_at_one() -> None:
    with pytest.raises(ValueError, match="position=0"):
        mean_wait_s(0, 1, 180, 300)


@given(st.integers(51, 3000), st.floats(0.001, 10), st.floats(1e-7, 0.1))
@settings(max_examples=200, deadline=None)
def test_the_mean_of_many_stages_has_a_closed_form(stages: int, service: float, theta: float) -> None:
    assert mean_of(stages, service, theta) == pytest.approx(
        math.fsum(1 / (service + index * theta) for index in range(stages)), rel=1e-4
    )


@given(st.integers(1, 200), st.floats(0.001, 10), st.floats(0, 0.1), st.sampled_from([0.2, 0.5, 0.8, 0.95]))
@settings(max_examples=100, deadline=None)
def test_rates_are_rounded_to_two_percent(stages: int, service: float, theta: float, share: float) -> None:
    mean = mean_of(stages, service, theta)
    rounded, exact = quantile_of(stages, service, theta, share), _quantile(stages, service, theta, share)
    assert rounded == pytest.approx(exact, rel=0.025 if stages <= 50 else 0.04, abs=0.3)
    assert 0 <= rounded < mean * 5 + 1
