"""A roster for people: who works when, and what the hours have beside what they need."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.requirement import Customer, Target
from pbx.staffing.roster.advice import advice
from pbx.staffing.roster.document import FREE, GRID, Document, clock
from pbx.staffing.roster.need import Need, of_skill
from pbx.staffing.roster.plan import Duty, Plan, coverage, hours_of
from pbx.staffing.words import ENGLISH, Say

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


def roster_sheet(document: Document, need: Need, plan: Plan, say: Say = ENGLISH) -> Sheet:
    """A row a person, a column a day; breaks in brackets."""
    columns = [Column("person", "", Unit.TEXT)]
    columns += [Column(day.isoformat(), f"{say.short(day)}\n{day:%d.%m}", Unit.TEXT) for day in need.days]
    columns += say.columns("roster", [Column("hours", "Hours")])
    worked = {(duty.person, duty.day): duty for duty in plan.duties}
    title = say("roster", first=need.days[0], last=need.days[-1])
    sheet = Sheet(title, columns, notes="\n".join(_judged(document, need, plan, say)))
    for person in document.person:
        cells = []
        for day in need.days:
            duty = worked.get((person.name, day))
            cells.append(say("away") if duty is None and day in person.away else _cell(document, duty))
        sheet.rows.append([person.name, *cells, hours_of(document, plan, person.name)])
    return sheet


def coverage_sheet(
    document: Document,
    need: Need,
    plan: Plan,
    customer: Customer | None = None,
    target: Target | None = None,
    say: Say = ENGLISH,
) -> Sheet:
    """A row an hour: the highest need in it, the fewest people at their desks, and what that means for callers."""
    present = coverage(document, need, plan)
    sheet = Sheet(say("coverage", first=need.days[0], last=need.days[-1]), say.columns("coverage", COVERAGE))
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
            sheet.rows.append(
                [f"{say.short(day)} {day:%d.%m}", clock(first * GRID), wanted, there, missing, shown, *figures]
            )
    if calls_in_all:
        assert target is not None
        given = {"served": served / calls_in_all, "lost": lost / calls_in_all, "within": target.within_s}
        sheet.notes = say("coverage_notes", calls=calls_in_all, **given)
    return sheet


def _cell(document: Document, duty: Duty | None) -> str:
    if duty is None:
        return ""
    shape = next(one for one in document.shape if one.name == duty.shape)
    breaks = ", ".join(clock(begin) for begin in sorted(duty.breaks))
    return f"{clock(shape.begins)}-{clock(shape.ends)}" + (f" ({breaks})" if breaks else "")


def _judged(document: Document, need: Need, plan: Plan, say: Say) -> list[str]:
    """What the plan lacks, in words; whoever has to sign it wants to know."""
    present = coverage(document, need, plan)
    places = [(day, slot, n) for day, slots in enumerate(need.agents) for slot, n in enumerate(slots) if n]
    wanted = sum(n for _, _, n in places) / HOUR
    missing = sum(max(n - present[day][slot], 0) for day, slot, n in places) / HOUR
    over = sum(max(present[day][slot] - n, 0) for day, slot, n in places) / HOUR
    lines = [say("needed", wanted=wanted, missing=missing, over=over)]
    for name, skill in document.skill.items():
        able = coverage(document, need, plan, skill=name)
        short = sum(max(of_skill(n, skill.share, skill.least) - able[day][slot], 0) for day, slot, n in places) / HOUR
        lines += [say("skill_short", name=name, hours=short)] if short else []
    for name, office in document.office.items():
        there = coverage(document, need, plan, office=name)
        short = sum(max(min(office.least, n) - there[day][slot], 0) for day, slot, n in places) / HOUR
        lines += [say("office_short", name=name, hours=short, least=office.least)] if short else []
    lines += advice(document, need, say)
    lines += _contracts(document, need, plan, say)
    lines += _wishes(document, need, plan, say)
    if plan.proven:
        return [*lines, say("proven", seconds=plan.took_s)]
    gap = (plan.penalty - plan.bound) / plan.penalty if plan.penalty else 0.0
    return [*lines, say("stopped", seconds=plan.took_s, gap=gap)]


def _contracts(document: Document, need: Need, plan: Plan, say: Say) -> list[str]:
    weeks = len(need.agents) / 7
    short = []
    for person in document.person:
        least = document.contract[person.contract].least
        lacking = least * weeks - hours_of(document, plan, person.name)
        if lacking > 0.5 * weeks and not person.away:
            short.append(f"{person.name} {lacking:g} h")
    return [say("contracts", names=_some(short, say))] if short else []


def _wishes(document: Document, need: Need, plan: Plan, say: Say) -> list[str]:
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
    return [say("wishes", names=_some(refused, say), weight=document.weights.wish)]


def _some(names: Sequence[str], say: Say) -> str:
    """The first NAMED of them."""
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return say("more", names=shown, count=more) if more > 0 else shown
