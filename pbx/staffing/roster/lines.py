"""A roster for other programs: a line a shift with its breaks, and the week as `centrala twin` reads rosters."""

from __future__ import annotations

from itertools import groupby

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.roster.document import DAYS, GRID, Document, clock
from pbx.staffing.roster.need import Need
from pbx.staffing.roster.plan import Plan, coverage

HOURS, HOUR = 24, 60 // GRID
DUTIES = (
    *(Column(name, name, Unit.TEXT) for name in ("person", "agent", "team", "office", "contract")),
    *(Column(name, name, Unit.TEXT) for name in ("day", "shift", "start", "end", "breaks")),
    Column("paid_h", "paid_h"),
)


def duty_sheet(document: Document, plan: Plan) -> Sheet:
    """`day` is that on which the shift begins, an `end` before the start is on the next one; `breaks` are written as
    09:00-09:15 12:00-12:30, in the order of time.
    """
    people = {one.name: one for one in document.person}
    shapes = {one.name: one for one in document.shape}
    sheet = Sheet("Shifts", DUTIES)
    for duty in sorted(plan.duties, key=lambda one: (one.day, one.person)):
        person, shape = people[duty.person], shapes[duty.shape]
        pauses = sorted((begin, begin + one.minutes) for begin, one in zip(duty.breaks, shape.breaks, strict=True))
        sheet.rows.append(
            (
                *(person.name, person.agent, person.team, person.office, person.contract),
                *(duty.day.isoformat(), shape.name, clock(shape.begins), clock(shape.ends)),
                " ".join(f"{clock(begin)}-{clock(end)}" for begin, end in pauses),
                shape.paid_minutes / 60,
            )
        )
    return sheet


def twin_text(document: Document, need: Need, plan: Plan) -> str:
    """People at their desks in each hour of the first week, the mean of its quarters rounded: for --roster."""
    present = coverage(document, need, plan)
    parts = []
    for number, day in list(enumerate(need.days))[:7]:
        hours = [round(sum(present[number][HOUR * at : HOUR * (at + 1)]) / HOUR) for at in range(HOURS)]
        spans, begin = [], 0
        for people, alike in groupby(hours):
            end = begin + len(list(alike))
            spans += [f"{begin}-{end}:{people}"] if people else []
            begin = end
        if spans:
            parts.append(f"{DAYS[day.weekday()]} {' '.join(spans)}")
    return "; ".join(parts)
