"""The six formulas on the sample that circulates in the field, and the network's on the one of E.411."""

from __future__ import annotations

import pytest

from pbx.reporting.figures import QueueFigures, TrunkFigures
from pbx.reporting.service_level import TEXT, Counts, Formula, service_level

SAMPLE = Counts(answered=1000, abandoned=60, answered_in_time=860, abandoned_in_time=20, abandoned_short=10)


@pytest.mark.parametrize(
    ("formula", "percent"),
    [
        (Formula.SL1, 83.02),
        (Formula.SL2, 86.00),
        (Formula.SL3, 81.13),
        (Formula.SL4, 82.69),
        (Formula.SL5, 82.08),
        (Formula.SL6, 81.90),
    ],
)
def test_sample(formula: Formula, percent: float) -> None:
    level = service_level(SAMPLE, formula)
    assert level is not None
    assert round(level * 100, 2) == percent
    assert formula in TEXT


@pytest.mark.parametrize("formula", Formula)
def test_no_calls_give_no_figure(formula: Formula) -> None:
    assert service_level(Counts(), formula) is None


def test_only_early_abandons_give_no_sl4() -> None:
    assert service_level(Counts(abandoned=3, abandoned_in_time=3), Formula.SL4) is None


def test_network_sample() -> None:
    trunk = TrunkFigures("carrier", seizures=1000, answered=520, busy=120, no_answer=200, rejected=60, billed_s=52_000)
    assert trunk.asr == 0.52
    assert trunk.ner == 0.90
    assert trunk.failed == 100
    assert trunk.average_call_duration_s == 100.0


def test_queue_figures() -> None:
    queue = QueueFigures(
        "sales",
        offered=1100,
        counts=SAMPLE,
        wait_answered_s=9000,
        wait_abandoned_s=1800,
        talk_s=150_000,
        hold_s=10_000,
        wrapup_s=20_000,
        offers=1200,
        offers_missed=30,
    )
    assert queue.flowed_out == 40
    assert queue.asa_s == 9.0
    assert queue.time_to_abandon_s == 30.0
    assert queue.abandonment_rate == pytest.approx(60 / 1100)
    assert queue.adjusted_abandonment_rate == pytest.approx(50 / 1090)
    assert queue.aht_s == 180.0
    assert queue.average_talk_s == 150.0
    assert queue.missed_offer_rate == 0.025


def test_an_empty_queue_has_no_averages() -> None:
    queue = QueueFigures("sales")
    for value in (queue.asa_s, queue.time_to_abandon_s, queue.abandonment_rate, queue.aht_s, queue.missed_offer_rate):
        assert value is None
