"""Rosters: the rules of contracts hold in every plan, what is missing is told, and the best plan is the best."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.staffing.requirement import Customer, Target
from pbx.staffing.roster.advice import advice
from pbx.staffing.roster.document import Document, RosterError, parse, read
from pbx.staffing.roster.need import SLOTS, Need, of_skill, read_need, spread
from pbx.staffing.roster.plan import Plan, broken_rules, coverage, hours_of
from pbx.staffing.roster.sheets import coverage_sheet, roster_sheet
from pbx.staffing.roster.solver import solve_here
from pbx.staffing.roster.start import first_plan

pytest.importorskip("ortools")
MONDAY = date(2026, 11, 23)
EARLY = {"name": "early", "start": "08:00", "end": "16:00"}
LATE = {"name": "late", "start": "12:00", "end": "20:00"}
NIGHT = {"name": "night", "start": "22:00", "end": "06:00"}
LUNCH = {"minutes": 30, "after": "11:00", "before": "13:00"}


def document(*names: str, shapes: list[dict[str, Any]] | None = None, **more: Any) -> Document:
    people = more.pop("person", [{"name": name} for name in names])
    return parse({"shape": shapes or [EARLY, LATE], "person": people, **more})


def need(*days: dict[range, int]) -> Need:
    """A day is hours and how many are needed in them."""
    rows = []
    for day in days:
        row = [0] * SLOTS
        for hours, count in day.items():
            for hour in hours:
                row[4 * hour : 4 * hour + 4] = [count] * 4
        rows.append(tuple(row))
    return Need(MONDAY, tuple(rows))


def solved(plan: Document, wanted: Need, limit_s: float = 30.0) -> Plan:
    found = solve_here(plan, wanted, limit_s=limit_s, processes=1)
    assert broken_rules(plan, wanted, found) == []
    return found


def shapes_of(plan: Plan, person: str) -> list[str]:
    return [duty.shape for duty in sorted(plan.duties, key=lambda one: one.day) if duty.person == person]


OFFICE_HOURS = {range(8, 20): 1}
LONG = range(8, 20)


def test_the_fewest_shifts_that_cover_the_day_are_found_and_proven_best() -> None:
    plan = document("Ola", "Jan", "Ewa", contract={"default": {"least_hours": 0}})
    found = solved(plan, need(OFFICE_HOURS))
    assert found.proven
    assert sorted(duty.shape for duty in found.duties) == ["early", "late"]
    assert all(there >= 1 for there in coverage(plan, need(OFFICE_HOURS), found)[0][32:80])


def test_one_is_covered_for_while_the_other_has_lunch() -> None:
    plan = document("Ola", "Jan", shapes=[{**EARLY, "breaks": [LUNCH]}])
    found = solved(plan, need({range(8, 16): 1}))
    lunches = [duty.breaks[0] for duty in found.duties]
    assert len(lunches) == 2
    assert abs(lunches[0] - lunches[1]) >= 30
    assert hours_of(plan, found, "Ola") == 7.5


def test_nobody_comes_in_early_after_a_late_shift() -> None:
    """16 hours between 20:00 and 08:00 are 12: a rest of 13 forbids it."""
    week = [OFFICE_HOURS] * 5
    plan = document("Ola", "Jan", contract={"default": {"rest_h": 13}})
    found = solved(plan, need(*week))
    for name in ("Ola", "Jan"):
        assert "late early" not in " ".join(shapes_of(found, name))


def test_days_in_a_row_count_those_before_the_roster() -> None:
    people = [{"name": "Ola", "worked_before": 3}]
    found = solved(document(person=people), need(*[{range(8, 16): 1}] * 7))
    worked = [duty.day.day for duty in found.duties]
    assert len(worked) == 5
    assert 23 not in worked or 24 not in worked or 25 not in worked


def test_teams_take_turns_week_by_week() -> None:
    teams = {
        "A": {"rotate": ["early", "late"], "rotate_from": "2026-11-16"},
        "B": {"rotate": ["late", "early"], "rotate_from": "2026-11-16"},
    }
    people = [{"name": "Ola", "team": "A"}, {"name": "Jan", "team": "B"}]
    plan = document(person=people, team=teams)
    found = solved(plan, need(*[*[OFFICE_HOURS] * 5, {}, {}] * 2))
    assert shapes_of(found, "Ola") == ["late"] * 5 + ["early"] * 5
    assert shapes_of(found, "Jan") == ["early"] * 5 + ["late"] * 5


def test_skills_offices_wishes_and_absences() -> None:
    people = [
        {"name": "Ola", "skills": ["ru"], "office": "Gdańsk", "wishes": {"2026-11-25": "free"}},
        {"name": "Jan", "skills": ["ru"], "away": ["2026-11-24"]},
        {"name": "Ewa", "office": "Gdańsk", "wishes": {"2026-11-23": "late"}},
    ]
    plan = document(person=people, skill={"ru": {"least": 1}}, office={"Gdańsk": {"least": 1}})
    wanted = need(*[{range(12, 16): 2}] * 5)
    found = solved(plan, wanted)
    by_day = {(duty.person, duty.day.day): duty.shape for duty in found.duties}
    assert ("Jan", 24) not in by_day
    assert ("Ola", 24) in by_day, "somebody has to speak Russian"
    assert ("Ola", 25) not in by_day
    assert by_day["Ewa", 23] == "late"
    for day, slot in ((0, 50), (2, 50), (4, 50)):
        assert coverage(plan, wanted, found, skill="ru")[day][slot] >= 1
        assert coverage(plan, wanted, found, office="Gdańsk")[day][slot] >= 1


def test_unpopular_shifts_are_given_out_evenly() -> None:
    plan = document("Ola", "Jan", shapes=[EARLY, {**LATE, "unpopular": True}])
    found = solved(plan, need(*[{LONG: 1}] * 4))
    late = {name: shapes_of(found, name).count("late") for name in ("Ola", "Jan")}
    assert late["Ola"] == late["Jan"] == 2


def test_a_night_reaches_into_the_next_day() -> None:
    plan = document("Ola", shapes=[NIGHT])
    wanted = need({range(22, 24): 1}, {range(6): 1})
    found = solved(plan, wanted)
    present = coverage(plan, wanted, found)
    assert all(present[0][88:96]) and all(present[1][:24])  # noqa: PT018


def test_what_is_missing_is_told_and_not_hidden() -> None:
    plan = document("Ola", contract={"default": {"hours": 16}})
    wanted = need({range(8, 16): 3}, {range(8, 16): 1}, {range(8, 16): 1})
    found = solved(plan, wanted)
    notes = roster_sheet(plan, wanted, found).notes
    assert "24 are missing" in notes
    assert len(found.duties) == 2
    assert coverage_sheet(plan, wanted, found).rows[0][2:5] == [3, 1, 2.0]


def test_what_callers_will_have_of_it() -> None:
    plan = document("Ola", "Jan")
    wanted = Need(MONDAY, need({range(8, 16): 2}).agents, ((2.5,) * SLOTS,))
    sheet = coverage_sheet(plan, wanted, solved(plan, wanted), Customer(180, 300), Target())
    alone = Customer(180, 300).office(2, 10)
    row = next(row for row in sheet.rows if row[1] == "09:00")
    assert row[2:5] == [2, 2, 0.0]
    assert row[6:8] == [alone.served_within(20), alone.abandoned]
    assert "240 calls expected" in sheet.notes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"person": [{"name": "Ola", "contract": "half"}]}, "there is no contract 'half'; write [contract.half]"),
        ({"person": [{"name": "Ola"}, {"name": "Ola"}]}, "person 'Ola' is there twice"),
        ({"person": [{"name": "Ola", "shapes": ["noon"]}]}, "there is no shape 'noon'; there are early"),
        ({"shape": [{**EARLY, "start": "08:10"}]}, "shape.0.start"),
        ({"shape": [{**EARLY, "breaks": [{**LUNCH, "after": "15:45"}]}]}, "does not fit into 08:00-16:00"),
        ({"team": {"A": {"rotate": ["early"]}}}, "rotate_from = 2026-11-23"),
        ({"persons": []}, "persons"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(RosterError, match=told.replace("[", r"\[").replace("]", r"\]")):
        parse({"shape": [EARLY], "person": [{"name": "Ola"}], **change})


def test_the_need_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "need.csv"
    path.write_text("day,from,agents\nmon,08:00,2\nmon,10:00,5\nmon,16:00,0\n2026-11-24,09:00,1\n")
    found = read_need(path, MONDAY, 3)
    assert found.agents[0][32:42] == (2,) * 8 + (5,) * 2
    assert (found.agents[0][64], found.agents[1][35:37], sum(found.agents[2])) == (0, (0, 1), 0)
    path.write_text("day,from,agents\nmon,8,2\n")
    with pytest.raises(RosterError, match=r"line 2.*write mon,08:00,6"):
        read_need(path, MONDAY, 3)
    path.write_text("mon,08:00,2\nmon,10:00,5\n")
    with pytest.raises(RosterError, match="needs the heading day,from,agents"):
        read_need(path, MONDAY, 3)
    assert spread([1, 2], 30) == (1, 1, 2, 2)
    assert [of_skill(n, 0.25, 1) for n in (0, 1, 4, 5, 9)] == [0, 1, 1, 2, 3]


def test_the_command_and_its_example(tmp_path: Path) -> None:
    run = CliRunner().invoke
    example = run(app, ["staffing", "roster", "--example"])
    path, needed = tmp_path / "roster.toml", tmp_path / "need.csv"
    path.write_text(example.stdout)
    assert len(read(path).person) == 3
    needed.write_text("day,from,agents\nmon,08:00,1\nmon,20:00,0\n")
    to = tmp_path / "out.csv"
    words = ["staffing", "roster", str(path), "--need", str(needed), "--from", "2026-11-23", "--days", "1"]
    done = run(app, [*words, "--processes", "1", "--to", str(to)])
    assert done.exit_code == 0, done.output
    assert "Need 12 hours of people: 0 are missing" in done.stdout
    assert to.read_text().splitlines()[1].startswith('Ola,"08:00-16:00 (')
    polish = run(app, [*words, "--processes", "1", "--language", "pl"])
    assert "Potrzeba godzin pracy: 12; brakuje 0" in polish.stdout
    assert "pon." in polish.stdout
    path.write_text(example.stdout.replace('contract = "half"', 'contract = "third"'))
    wrong = run(app, words)
    assert (wrong.exit_code, "[contract.third]" in wrong.output) == (1, True)


def test_the_plan_that_is_made_shift_by_shift_keeps_every_rule() -> None:
    """Two hundred people in four offices: where the solver begins, at once; teams, nights, wishes and absences."""
    lunch = {**EARLY, "breaks": [LUNCH]}
    people = [
        {"name": f"P{n}", "contract": "half" if n % 4 == 0 else "full", "team": "AB"[n % 2] if n % 5 == 1 else ""}
        | {"office": f"O{n % 4}", "away": [MONDAY] if n % 9 == 0 else [], "worked_before": n % 6}
        | {"wishes": {MONDAY: "free"} if n % 7 == 0 else {}}
        for n in range(200)
    ]
    plan = document(
        shapes=[lunch, LATE, {**NIGHT, "days": ["mon", "tue", "wed", "thu"]}],
        person=people,
        contract={"full": {"hours": 37.5, "days_in_row": 4}, "half": {"hours": 16, "days_a_week": 3}},
        team={
            "A": {"rotate": ["early", "late"], "rotate_from": MONDAY},
            "B": {"same_shape": True},
        },
        office={f"O{n}": {} for n in range(4)},
    )
    wanted = need(*[{range(0, 6): 3, range(8, 20): 60, range(22, 24): 3}] * 5, {range(8, 12): 5}, {range(0, 1): 0})
    began = time.thread_time()
    duties = first_plan(plan, wanted)
    assert time.thread_time() - began < 5
    found = Plan(tuple(duties), 0, 0, False, 0.0)
    assert broken_rules(plan, wanted, found) == []
    here = coverage(plan, wanted, found)
    assert [here[day][40] for day in range(1, 5)] == [60] * 4
    assert not any(duty.day == MONDAY for duty in duties if int(duty.person[1:]) % 7 == 0)


def test_what_no_plan_can_fulfil_is_told_by_name_with_a_remedy() -> None:
    plan = document(
        shapes=[EARLY, LATE],
        person=[
            {"name": "Ola", "contract": "tiny"},
            {"name": "Jan", "contract": "rare"},
            {"name": "Ewa", "shapes": ["early"], "team": "L", "wishes": {"2026-11-24": "late"}},
            {"name": "Iza", "away": ["2026-11-24"], "wishes": {"2026-11-24": "late"}},
            {"name": "Ula", "team": "L", "wishes": {"2026-11-24": "early", "2026-11-25": "free"}},
        ],
        contract={"default": {}, "tiny": {"hours": 3}, "rare": {"hours": 40, "days_a_week": 2}},
        team={"L": {"rotate": ["late"], "rotate_from": MONDAY}},
        skill={"vip": {"least": 2}, "ru": {"share": 0.2}},
        office={"Gdansk": {"least": 1}},
    )
    wanted = need(*[OFFICE_HOURS] * 5)
    told = advice(plan, wanted)
    for words in (
        "Ola: the shortest shift he can work has 8 h, contract 'tiny' 3 h",
        "Jan: 2 days a week of 8 h at most cannot fill the 40 h",
        "least_hours = 16",
        "Ewa: team 'L' has the turn 'late', which he cannot work",
        "Ewa's wish of 24.11 (late) cannot be met: his shapes do not hold it",
        "Iza's wish of 24.11 (late) cannot be met: he is away",
        "Ula's wish of 24.11 (early) cannot be met: his team's turn in that week is 'late'",
        "Skill vip: 2 are wanted at a time and nobody has it",
        "Office Gdansk: 1 are wanted and 0 belong to it",
    ):
        assert any(words in line for line in told), words
    found = solved(plan, wanted)
    assert not [duty for duty in found.duties if duty.person == "Ola"]
    assert "Iza's wish" in roster_sheet(plan, wanted, found).notes


def test_nobody_is_needed_and_nobody_is_called_in() -> None:
    found = solved(document("Ola", "Jan"), need(*[{range(0, 1): 0}] * 7))
    assert found.duties == ()
    assert found.proven


def test_the_solver_begins_with_the_plan_that_is_there() -> None:
    """The first thing that is told is that plan, and no end is worse."""
    plan = document(*(f"P{n}" for n in range(12)), contract={"default": {"least_hours": 0}})
    wanted = need(*[{range(8, 20): 5}] * 5)
    told: list[int] = []
    found = solve_here(plan, wanted, limit_s=20, processes=1, progress=lambda penalty, *_: told.append(penalty))
    assert told[0] >= found.penalty
    assert told == sorted(told, reverse=True)
