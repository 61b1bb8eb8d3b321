"""Check values of formulas that stand nowhere else, and that docs/formulas.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pbx.reporting.formulas import FIGURES
from pbx.reporting.patience import mean_patience_s
from pbx.reporting.service_level import Formula
from pbx.staffing.erlang import ErlangA, ErlangC
from pbx.staffing.requirement import rostered
from tests.support.wait_estimators import AsteriskEma
from tests.test_rfc_claims import missing

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formulas.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| figure"))
]
PLANNED = {"forecast", "errors of forecasts", "what-if", "guaranteed seconds"}
NO_FIGURES = {"from, to", "wait estimates", "Erlang B", "Erlang C", "Erlang A"} | PLANNED


def test_each_formula_names_tests_that_exist_and_figures_that_open() -> None:
    told = set()
    for figures, _, shown in ROWS:
        references = re.findall(r"`([^`]+)`", shown)
        assert references, figures
        assert [problem for one in references if (problem := missing(one))] == []
        if figures not in NO_FIGURES:
            told |= set(figures.replace("SL1 to SL6", ", ".join(Formula)).split(", "))
    assert told <= set(FIGURES), told - set(FIGURES)


def test_the_exponential_estimate_of_patience() -> None:
    """theta = AB / all waits: two gave up in 300 s of waiting, so patience is 150 s, not the 50 s that they waited."""
    assert mean_patience_s([(40.0, True), (60.0, True), (80.0, False), (120.0, False)]) == 150.0
    assert mean_patience_s([(40.0, False)]) is None


def test_fourteen_agents_and_twenty_people() -> None:
    """100 calls in 30 minutes of 180 s each, 80 % within 20 s: 71.43 % occupied, 20 people at 30 % shrinkage."""
    enough = next(agents for agents in range(11, 30) if ErlangC(agents, 10, 180).served_within(20) >= 0.8)
    assert enough == 14
    assert ErlangC(14, 10, 180).occupancy == pytest.approx(0.7143, abs=1e-4)
    assert rostered(14, 0.3) == 20
    assert ErlangC(55, 48, 240).occupancy == pytest.approx(0.8727, abs=1e-4)


@pytest.mark.parametrize(("load", "patience", "agents"), [(48, 120, 50), (7.15, 300, 6), (10, 60, 10)])
def test_abandonment_is_the_wait_over_patience(load: float, patience: float, agents: int) -> None:
    """Little: P(abandon) = theta * E[W], which is not the ASA of those who were served."""
    office = ErlangA(agents, load, 60, patience)
    assert office.abandoned == pytest.approx(office.wait_s / patience, rel=1e-9)
    assert office.asa_s != pytest.approx(office.wait_s, rel=1e-3)


def test_the_moving_average_of_the_field() -> None:
    average, said = AsteriskEma(), []
    for wait_s in (40, 80, 20):
        average.answered(wait_s)
        said.append(average.holdtime)
    assert said == [40, 50, 42]
