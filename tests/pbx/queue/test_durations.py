"""Distributions learned from what was seen: survival, what is left of something running, fading, a restart."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.queue.durations import EDGES, Durations, sum_ends_within


def seen(values: list[float], assumed_s: float = 100.0) -> Durations:
    durations = Durations(assumed_s)
    for value in values:
        durations.add(value)
    return durations


def test_without_anything_seen_it_is_the_assumed_exponential() -> None:
    durations = Durations(180)
    assert durations.mean_s == 180
    assert durations.survival(0) == 1
    assert durations.survival(180) == pytest.approx(math.exp(-1))
    assert durations.ends_within(500, 180) == pytest.approx(1 - math.exp(-1))  # it has no memory


def test_what_was_seen_counts_more_than_what_was_assumed() -> None:
    rng = random.Random(1)
    durations = seen([rng.expovariate(1 / 60) for _ in range(5000)], assumed_s=300)
    assert durations.survival(60) == pytest.approx(math.exp(-1), abs=0.1)
    assert durations.mean_s == pytest.approx(60 + 240 * 5 / 105, rel=0.25)


def test_a_talk_of_constant_length_is_about_to_end_near_its_end() -> None:
    durations = seen([120.0] * 1000, assumed_s=120)
    assert durations.ends_within(10, 20) < 0.1
    assert durations.ends_within(105, 30) > 0.85


def test_old_entries_fade() -> None:
    durations = seen([300.0] * 1000 + [30.0] * 1000)
    assert durations.survival(100) < 0.1
    assert durations.weight == pytest.approx(100, rel=0.01)
    assert durations.count == 2000


def test_ten_thousand_entries_are_rescaled_and_not_lost() -> None:
    durations = seen([30.0] * 10_000)
    assert durations.weight == pytest.approx(100, rel=0.01)
    assert math.isfinite(durations.mean_s)


def test_the_sum_of_two_is_later_than_the_first_alone() -> None:
    talks, wrapups = seen([60.0] * 300), seen([30.0] * 300, assumed_s=30)
    assert sum_ends_within(talks, 0, wrapups, 75) < 0.25
    assert sum_ends_within(talks, 0, wrapups, 120) > 0.75
    assert sum_ends_within(talks, 50, wrapups, 0) == 0


@given(st.lists(st.floats(0, 1e5), max_size=50), st.floats(0, 1e5), st.floats(0, 1e5))
def test_survival_falls_and_probabilities_are_probabilities(values: list[float], age: float, within: float) -> None:
    durations = seen(values)
    assert 0 <= durations.survival(age + within) <= durations.survival(age) + 1e-9 <= 1 + 1e-9
    assert -1e-9 <= durations.ends_within(age, within) <= 1


def test_a_restart_changes_nothing() -> None:
    rng = random.Random(2)
    durations = seen([rng.expovariate(1 / 90) for _ in range(500)])
    again = Durations(100)
    again.restore(durations.kept())
    for seconds in (1, 30, 90, 400):
        assert again.survival(seconds) == pytest.approx(durations.survival(seconds), abs=1e-5)
    assert again.count == 500
    assert again.mean_s == pytest.approx(durations.mean_s, abs=0.01)


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        "x",
        {},
        {"count": -1, "sum_s": 1, "bins": {}},
        {"count": 1, "sum_s": 1, "bins": {str(len(EDGES) + 1): 1}},
        {"count": 1, "sum_s": float("nan"), "bins": {}},
        {"count": 1, "sum_s": 1, "bins": {"a": 1}},
        {"count": 1, "sum_s": 1, "bins": {"2": -1}},
    ],
)
def test_what_cannot_be_understood_is_passed_over(kept: Any) -> None:
    durations = Durations(100)
    durations.restore(kept)
    assert durations.count == 0
    assert durations.mean_s == 100
