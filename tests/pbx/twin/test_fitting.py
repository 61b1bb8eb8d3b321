"""What calls were made of is found again from them, within the range that is given with it."""

from __future__ import annotations

import math
import random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.twin.caveats import caveats
from pbx.twin.cleaning import clean
from pbx.twin.fitting import Fit, fit
from pbx.twin.record import CallRecord, Way
from pbx.twin.roster import parse_roster
from pbx.twin.simulation import World, simulate

UTC = ZoneInfo("UTC")
MONDAY = 1772409600.0
TRIED = 40


def made(seed: int, patience_s: float = 120.0, mean_wait_s: float = 60.0, least_s: float = 0.0) -> list[CallRecord]:
    """600 calls of four hours; those who would give up before `least_s` are left out, as some systems do."""
    dice = random.Random(seed)
    found = []
    for n in range(600):
        at = MONDAY + 36_000 + 24 * n
        wait, patience = dice.expovariate(1 / mean_wait_s), dice.expovariate(1 / patience_s)
        served = wait < patience
        if not served and patience < least_s:
            continue
        talk = dice.lognormvariate(math.log(180) - 0.32, 0.8) if served else 0.0
        found.append(CallRecord(at, Way.IN, f"+48500{n:06d}", "600", served, min(wait, patience), talk))
    return found


def hits(fits: list[Fit], name: str, truth: float) -> int:
    return sum(low <= truth <= high for low, high in (getattr(one, name) for one in fits))


def test_ranges_hold_the_truth_nineteen_times_of_twenty() -> None:
    """Of forty tries 34 or more: fewer come once in 3,000 times where the ranges are right."""
    fits = [fit(clean(made(seed)), UTC) for seed in range(TRIED)]
    assert hits(fits, "patience_range_s", 120.0) >= 34
    assert hits(fits, "talk_range_s", 180.0) >= 34
    assert sum(one.patience_s or 0 for one in fits) / TRIED == pytest.approx(120, rel=0.02), "censored, and not biased"
    assert sum(bool(one.short_s) for one in fits) <= 1
    assert not any(one.rounded_s for one in fits)


def test_patience_is_not_biased_where_those_who_went_at_once_are_missing() -> None:
    fits = [fit(clean(made(seed, least_s=10.0)), UTC) for seed in range(TRIED)]
    assert all(one.short_s >= 10 for one in fits)
    assert sum(one.patience_s or 0 for one in fits) / TRIED == pytest.approx(120, rel=0.03)
    assert hits(fits, "patience_range_s", 120.0) >= 34
    assert any("leaves those calls out" in said for said in caveats(fits[0]))


def test_minutes_that_are_rounded_up_are_put_right() -> None:
    records = made(1)
    before = fit(clean(records), UTC)
    for record in records:
        record.talk_s = 60.0 * math.ceil(record.talk_s / 60)
    after = fit(clean(records), UTC)
    assert after.rounded_s == 60
    assert after.talk_s == pytest.approx(before.talk_s, rel=0.03)
    assert after.talk_spread == pytest.approx(before.talk_spread, rel=0.05)
    assert any("rounded up" in said for said in caveats(after))


def test_who_rings_again_is_not_more_demand() -> None:
    """Of those who were not served 60 % ring again: first attempts and that share are found, and days lived with them
    have as many calls as the days that they were taken from."""
    dice, records, number = random.Random(5), list[CallRecord](), 0
    for day in range(20):
        for first in range(150):
            number += 1
            at = MONDAY + day * 86_400 + 36_000 + 24 * first
            while True:
                served = dice.random() < 0.5
                records.append(
                    CallRecord(at, Way.IN, f"+4850{number:07d}", "600", served, 5.0, 90.0 if served else 0.0)
                )
                if served or dice.random() > 0.6:
                    break
                at += dice.uniform(30, 400)
    found = fit(clean(records), UTC)
    low, high = found.again.interval
    assert low <= 0.6 <= high
    assert sum(map(sum, found.fresh)) * 20 / 7 == pytest.approx(20 * 150, rel=0.06)
    assert sum(map(sum, found.arrivals)) > 1.35 * sum(map(sum, found.fresh))


def test_simulated_days_have_the_calls_that_they_were_made_of() -> None:
    world = World([[0.0] * 10 + [90.0] * 4 + [0.0] * 10] * 7, 180.0, 1.0, 0.0, 60.0, retrials=0.5, retrial_after_s=60.0)
    days = simulate(world, parse_roster("mon-sun 9-16:3"), 40, 1)
    lost = sum(day.abandoned for day in days)
    assert sum(day.calls for day in days) == pytest.approx(40 * 360 + 0.5 * lost, rel=0.03)


@given(st.integers(1, 40), st.integers(0, 99))
def test_calls_in_any_order_are_the_same_calls(count: int, seed: int) -> None:
    records = made(seed)[:count]
    shuffled = random.Random(seed).sample(made(seed)[:count], count)
    assert fit(clean(shuffled), UTC) == fit(clean(records), UTC)


def test_what_a_bill_does_not_tell_is_said() -> None:
    bill = [CallRecord(MONDAY + 600 * n, number="", answered=True, talk_s=61.0 + n) for n in range(40)]
    said = " ".join(caveats(fit(clean(bill), UTC)))
    for part in ("lists answered calls alone", "Without a direction", "patience is an assumption", "hide their number"):
        assert part in said
