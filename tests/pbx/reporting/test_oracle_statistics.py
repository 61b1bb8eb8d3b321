"""The statistics of reports against their definitions, written out the long way, on random samples."""

from __future__ import annotations

import random

import pytest

from pbx.reporting.callbacks import CallbackFigures
from pbx.reporting.delays import falling
from pbx.reporting.proportion import Share, bands, hazards, kaplan_meier, kaplan_meier_counts, quantile, survival_at
from tests.pbx.reporting.oracle.counting import nearest_rank, wilson
from tests.pbx.reporting.oracle.waits import greenwood, hazard, median, never_rising, there_after

SAMPLES = range(30)


def waits(rng: random.Random) -> list[tuple[float, bool]]:
    """With ties, events and ends of observation at one time among them."""
    share = rng.choice((0.1, 0.5, 0.9))
    return [(rng.choice((rng.randrange(1, 60), rng.randrange(1, 400) / 4)), rng.random() < share) for _ in range(60)]


@pytest.mark.parametrize("seed", SAMPLES)
def test_kaplan_meier_with_greenwoods_band(seed: int) -> None:
    observed = waits(random.Random(seed))
    steps = kaplan_meier(observed)
    counted: dict[float, list[int]] = {}
    for time, seen in observed:
        counted.setdefault(time, [0, 0])[not seen] += 1
    assert steps == kaplan_meier_counts((time, *both) for time, both in sorted(counted.items()))
    for time in (0.0, 3.0, 15.0, 30.25, 59.0, 200.0):
        assert survival_at(steps, time) == pytest.approx(there_after(observed, time), abs=1e-12)
    assert quantile(steps, 0.5) == median(observed)
    for step, band in zip(steps, bands(steps), strict=True):
        if 0 < step.survival < 1:
            assert band == pytest.approx(greenwood(observed, step.at), abs=1e-9)
            assert 0 <= band[0] <= step.survival <= band[1] <= 1


@pytest.mark.parametrize("seed", SAMPLES)
def test_hazards_in_bins_of_five_seconds(seed: int) -> None:
    observed = waits(random.Random(seed))
    found = hazards(observed)
    for one in found:
        assert (one.share, one.at_risk) == pytest.approx(hazard(observed, one.start_s), abs=1e-12)
    assert hazard(observed, len(found) * 5.0) is None


@pytest.mark.parametrize("seed", SAMPLES)
def test_isotonic_regression_is_its_min_max_formula(seed: int) -> None:
    rng = random.Random(seed)
    shares = [
        (rng.randrange(whole + 1), whole) for whole in (rng.randrange(1, 40) for _ in range(rng.randrange(1, 10)))
    ]
    assert falling([Share(*one) for one in shares]) == pytest.approx(never_rising(shares), abs=1e-12)


@pytest.mark.parametrize("seed", SAMPLES)
def test_wilsons_interval_and_quantiles(seed: int) -> None:
    rng = random.Random(seed)
    whole = rng.randrange(0, 60)
    part = rng.choice((0, whole, rng.randrange(whole + 1)))
    assert Share(part, whole).interval == pytest.approx(wilson(part, whole), abs=1e-12)
    speeds = [rng.choice((1.0, 2.0, rng.random() * 100)) for _ in range(rng.randrange(0, 23))]
    figures = CallbackFigures("sales", speeds_s=speeds)
    for share in (0.5, 0.9, 1.0):
        assert figures.quantile_s(share) == nearest_rank(speeds, share)
