"""Random documents and needs: every rule holds on the lines of the CSV, and the price is what it says."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from pbx.staffing.roster.document import parse
from pbx.staffing.roster.lines import duty_sheet, twin_text
from pbx.staffing.roster.need import SLOTS, Need
from pbx.staffing.roster.plan import Duty, Plan, broken_rules, coverage
from pbx.staffing.roster.solver import solve_here
from pbx.staffing.roster.start import first_plan
from pbx.twin.roster import parse_roster
from tests.pbx.staffing.roster.verifier import Judge

pytest.importorskip("ortools")
MONDAY = date(2026, 11, 23)
LUNCH = {"minutes": 30, "after": "11:00", "before": "13:30"}
SHAPES: list[dict[str, Any]] = [
    {"name": "early", "start": "08:00", "end": "16:00", "breaks": [LUNCH, {**LUNCH, "minutes": 15, "paid": True}]},
    {"name": "late", "start": "12:00", "end": "20:00", "unpopular": True, "breaks": []},
    {"name": "night", "start": "22:00", "end": "06:00", "days": ["mon", "wed", "fri", "sat"], "unpopular": True}
    | {"breaks": [{"minutes": 45, "after": "01:00", "before": "04:00"}]},
    {
        "name": "short",
        "start": "16:00",
        "end": "24:00",
        "breaks": [{"minutes": 30, "after": "19:00", "before": "22:00"}],
    },
]


def instance(seed: int) -> tuple[dict[str, Any], date, list[tuple[int, ...]]]:
    """(document, first day, need), of five to nine people and six to twelve days."""
    dice = random.Random(seed)
    first = MONDAY + timedelta(days=dice.randrange(7))
    days = [first + timedelta(days=number) for number in range(dice.randint(6, 12))]
    teams = {"A": {"rotate": ["early", "late"], "rotate_from": "2026-11-09"}, "B": {"same_shape": True}}

    def person(number: int) -> dict[str, Any]:
        return {
            "name": f"P{number}",
            "agent": str(200 + number),
            "contract": dice.choice(["full", "half"]),
            "team": dice.choice(["A", "B", "", ""]),
            "office": dice.choice(["X", "Y"]),
            "skills": dice.sample(["pl", "ru", "ua"], dice.randint(0, 2)),
            "shapes": dice.choice([[], [], ["early", "late"], ["night"]]),
            "away": [one.isoformat() for one in dice.sample(days, dice.randint(0, 2))],
            "wishes": {dice.choice(days).isoformat(): dice.choice(["free", "late"])},
            "worked_before": dice.randint(0, 8),
        }

    full = {"hours": dice.choice([37.5, 40.0]), "rest_h": dice.choice([11.0, 35.0, 48.0])}
    half = {"hours": 20.0, "least_hours": 10.0, "days_a_week": dice.randint(2, 4), "days_in_row": dice.randint(2, 5)}
    document = {
        "shape": dice.sample(SHAPES, len(SHAPES)),
        "person": [person(number) for number in range(dice.randint(5, 9))],
        "contract": {"full": full, "half": half},
        "team": teams,
        "office": {"X": {"least": 1}, "Y": {}},
        "skill": {"ru": {"share": 0.3}, "ua": {"least": 1}},
        "closed": [dice.choice(days).isoformat()],
        "weights": {"fairness": dice.choice([0, 50]), "over": dice.randint(0, 4)},
    }
    agents = []
    for _ in days:
        levels = [dice.choice([0, 1, 2, 3]) if dice.random() < 0.6 else 0 for _ in range(SLOTS // 16)]
        agents.append(tuple(level for level in levels for _ in range(16)))
    return document, first, agents


@pytest.mark.parametrize("seed", range(5))
def test_every_rule_holds_and_the_price_is_right(seed: int) -> None:
    raw, first, agents = instance(seed)
    document, need = parse(raw), Need(first, tuple(agents))
    found = solve_here(document, need, limit_s=1.5, processes=1)
    judge = Judge(duty_sheet(document, found).csv(), raw, first, agents)
    assert judge.faults() == []
    assert judge.penalty() == found.penalty
    assert broken_rules(document, need, found) == []
    begun = Plan(tuple(first_plan(document, need)), 0, 0, False, 0.0)
    start = Judge(duty_sheet(document, begun).csv(), raw, first, agents)
    assert found.bound <= found.penalty <= start.penalty()


def test_the_verifier_sees_what_is_wrong() -> None:
    """One thing wrong at a time."""
    raw: dict[str, Any] = {
        "shape": [{**SHAPES[0], "breaks": [LUNCH]}, SHAPES[1]],
        "person": [{"name": "Ola", "away": ["2026-11-25"], "shapes": ["early"], "worked_before": 4}, {"name": "Jan"}],
        "contract": {"default": {"hours": 20.0, "rest_h": 17.0}},
    }
    agents = [(1,) * SLOTS] * 4
    document = parse(raw)

    def faults(*duties: tuple[str, int, str, tuple[int, ...]]) -> str:
        made = tuple(Duty(name, MONDAY + timedelta(days=day), shape, breaks) for name, day, shape, breaks in duties)
        text = duty_sheet(document, Plan(made, 0, 0, False, 0.0)).csv()
        return "; ".join(Judge(text, raw, MONDAY, agents).faults())

    noon = (720,)
    assert faults(("Ola", 1, "early", noon)) == ""
    assert "cannot work" in faults(("Ola", 2, "early", noon))
    assert "cannot work" in faults(("Ola", 1, "late", ()))
    assert "out of its window" in faults(("Ola", 1, "early", (600,)))
    assert "days in a row" in faults(("Ola", 0, "early", noon), ("Ola", 1, "early", noon))
    assert "rests too little" in faults(("Jan", 0, "late", ()), ("Jan", 1, "early", noon))
    assert "too much" in faults(*(("Jan", day, "early", noon) for day in range(3)))


def test_the_week_goes_on_to_the_twin() -> None:
    raw, first, agents = instance(3)
    document, need = parse(raw), Need(first, tuple(agents))
    plan = Plan(tuple(first_plan(document, need)), 0, 0, False, 0.0)
    present, twin = coverage(document, need, plan), parse_roster(twin_text(document, need, plan))
    for number, day in list(enumerate(need.days))[:7]:
        for hour in range(24):
            assert abs(twin.agents[day.weekday()][hour] - sum(present[number][4 * hour : 4 * hour + 4]) / 4) <= 0.5
