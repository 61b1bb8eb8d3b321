"""A roster for people: who works when, and what the hours have beside what they need."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.requirement import Customer, Target
from pbx.staffing.roster.advice import advice
from pbx.staffing.roster.document import FREE, GRID, Document, clock
from pbx.staffing.roster.need import Need, of_skill
from pbx.staffing.roster.plan import Duty, Plan, coverage, hours_of

HOUR = 60 // GRID
NAMED = 20  # people in a line of what is lacking
COVERAGE = (
    Column("day", "Day", Unit.TEXT),
    Column("from", "From", Unit.TEXT),
    Column("need", "Need"),
    Column("planned", "Planned"),
    Column("missing", "Missing"),
    Column("calls", "Calls"),
    Column("served_within", "Within\ntarget", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
)


def roster_sheet(document: Document, need: Need, plan: Plan) -> Sheet:
    """A row a person, a column a day; breaks in brackets."""
    columns = [Column("person", "", Unit.TEXT)]
    columns += [Column(day.isoformat(), f"{day:%a}\n{day:%d.%m}", Unit.TEXT) for day in need.days]
    columns.append(Column("hours", "Hours"))
    worked = {(duty.person, duty.day): duty for duty in plan.duties}
    title = f"Roster {need.days[0]} to {need.days[-1]}"
    sheet = Sheet(title, columns, notes="\n".join(_judged(document, need, plan)))
    for person in document.person:
        cells = []
        for day in need.days:
            duty = worked.get((person.name, day))
            cells.append("away" if duty is None and day in person.away else _cell(document, duty))
        sheet.rows.append([person.name, *cells, hours_of(document, plan, person.name)])
    return sheet


def coverage_sheet(
    document: Document, need: Need, plan: Plan, customer: Customer | None = None, target: Target | None = None
) -> Sheet:
    """A row an hour: the highest need in it, the fewest people at their desks, and what that means for callers."""
    present = coverage(document, need, plan)
    sheet = Sheet(f"Need and plan {need.days[0]} to {need.days[-1]}", COVERAGE)
    lost = served = calls_in_all = 0.0
    for number, day in enumerate(need.days):
        for first in range(0, len(need.agents[number]), HOUR):
            slots = range(first, first + HOUR)
            wanted = max(need.agents[number][slot] for slot in slots)
            there = min(present[number][slot] for slot in slots)
            calls = sum(need.calls[number][slot] for slot in slots) if need.calls else 0.0
            if not wanted and not there and calls < 0.5:
                continue
            missing = sum(max(need.agents[number][slot] - present[number][slot], 0) for slot in slots) / HOUR
            figures: list[float | None] = [None, None, None]
            if customer is not None and target is not None and calls and there:
                office = customer.office(there, calls)
                figures = [office.served_within(target.within_s), office.abandoned, office.occupancy]
                served += calls * office.served_within(target.within_s)
                lost += calls * office.abandoned
            elif calls and need.calls:
                figures, lost = [0.0, 1.0, None], lost + calls
            calls_in_all += calls
            shown = round(calls, 1) if need.calls else None
            sheet.rows.append([f"{day:%a %d.%m}", clock(first * GRID), wanted, there, missing, shown, *figures])
    if calls_in_all:
        assert target is not None
        sheet.notes = (
            f"{calls_in_all:.0f} calls expected; {served / calls_in_all:.1%} served within {target.within_s:g} s, "
            f"{lost / calls_in_all:.1%} give up (Erlang A with the fewest people of each hour)."
        )
    return sheet


def _cell(document: Document, duty: Duty | None) -> str:
    if duty is None:
        return ""
    shape = next(one for one in document.shape if one.name == duty.shape)
    breaks = ", ".join(clock(begin) for begin in sorted(duty.breaks))
    return f"{clock(shape.begins)}-{clock(shape.ends)}" + (f" ({breaks})" if breaks else "")


def _judged(document: Document, need: Need, plan: Plan) -> list[str]:
    """What the plan lacks, in words; whoever has to sign it wants to know."""
    present = coverage(document, need, plan)
    places = [(day, slot, n) for day, slots in enumerate(need.agents) for slot, n in enumerate(slots) if n]
    wanted = sum(n for _, _, n in places) / HOUR
    missing = sum(max(n - present[day][slot], 0) for day, slot, n in places) / HOUR
    over = sum(max(present[day][slot] - n, 0) for day, slot, n in places) / HOUR
    lines = [f"Need {wanted:g} hours of people: {missing:g} are missing, {over:g} are more than needed."]
    for name, skill in document.skill.items():
        able = coverage(document, need, plan, skill=name)
        short = sum(max(of_skill(n, skill.share, skill.least) - able[day][slot], 0) for day, slot, n in places) / HOUR
        lines += [f"Skill {name}: {short:g} hours are missing."] if short else []
    for name, office in document.office.items():
        there = coverage(document, need, plan, office=name)
        short = sum(max(min(office.least, n) - there[day][slot], 0) for day, slot, n in places) / HOUR
        lines += [f"Office {name}: {short:g} hours without {office.least} people."] if short else []
    lines += advice(document, need)
    lines += _contracts(document, need, plan)
    lines += _wishes(document, need, plan)
    if plan.proven:
        return [*lines, f"No better plan exists (found in {plan.took_s:.1f} s)."]
    gap = (plan.penalty - plan.bound) / plan.penalty if plan.penalty else 0.0
    return [
        *lines,
        f"Stopped after {plan.took_s:.0f} s: a better plan may exist, by {gap:.0%} at most (more --seconds).",
    ]


def _contracts(document: Document, need: Need, plan: Plan) -> list[str]:
    weeks = len(need.agents) / 7
    short = []
    for person in document.person:
        least = document.contract[person.contract].least
        lacking = least * weeks - hours_of(document, plan, person.name)
        if lacking > 0.5 * weeks and not person.away:
            short.append(f"{person.name} {lacking:g} h")
    return [f"Below the contract: {_some(short)}."] if short else []


def _wishes(document: Document, need: Need, plan: Plan) -> list[str]:
    worked = {(duty.person, duty.day): duty.shape for duty in plan.duties}
    days = set(need.days)
    refused = [
        f"{person.name} {when:%d.%m} ({wish})"
        for person in document.person
        for when, wish in person.wishes.items()
        if when in days and worked.get((person.name, when), FREE) not in (wish, FREE)
    ]
    if not refused:
        return []
    remedy = f"more people who can work then, or a higher [weights] wish (now {document.weights.wish}), would meet them"
    return [f"Wishes that were not met: {_some(refused)}; {remedy}."]


def _some(names: Sequence[str]) -> str:
    """The first NAMED of them."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
