"""A finished roster, and what can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pbx.staffing.roster.document import DAY, GRID, Document, Person, Shape
from pbx.staffing.roster.need import SLOTS, Need


@dataclass(frozen=True, slots=True)
class Duty:
    """One shift of one person; `breaks` are minutes from the midnight before it, in the order of the shape's."""

    person: str
    day: date
    shape: str
    breaks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`proven`: nothing better exists; else `bound` says how low the penalty might still be brought."""

    duties: tuple[Duty, ...]
    penalty: int
    bound: int
    proven: bool
    took_s: float

    def data(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "penalty": self.penalty,
            "bound": self.bound,
            "proven": self.proven,
            "took_s": round(self.took_s, 2),
            "duties": [[one.person, one.day.isoformat(), one.shape, list(one.breaks)] for one in self.duties],
        }

    @classmethod
    def of(cls, data: dict[str, Any]) -> Plan:
        duties = tuple(
            Duty(person, date.fromisoformat(day), shape, tuple(breaks)) for person, day, shape, breaks in data["duties"]
        )
        return cls(duties, data["penalty"], data["bound"], data["proven"], data["took_s"])


def at_work(shape: Shape, breaks: tuple[int, ...]) -> list[int]:
    """Quarter hours from the midnight before, at which somebody with this shift sits at his desk."""
    away = {
        begin // GRID + number
        for begin, one in zip(breaks, shape.breaks, strict=True)
        for number in range(one.minutes // GRID)
    }
    return [slot for slot in range(shape.begins // GRID, shape.ends // GRID) if slot not in away]


def coverage(document: Document, need: Need, plan: Plan, *, skill: str = "", office: str = "") -> list[list[int]]:
    """People at their desks by day and quarter hour; only those with a skill, or of an office, where one is named."""
    people = {one.name: one for one in document.person}
    shapes = {one.name: one for one in document.shape}
    found = [[0] * SLOTS for _ in need.agents]
    for duty in plan.duties:
        if not _counts(people[duty.person], skill, office):
            continue
        for slot in at_work(shapes[duty.shape], duty.breaks):
            day = (duty.day - need.first).days + slot // SLOTS
            if day < len(found):
                found[day][slot % SLOTS] += 1
    return found


def hours_of(document: Document, plan: Plan, person: str) -> float:
    """Paid hours."""
    shapes = {one.name: one for one in document.shape}
    return sum(shapes[duty.shape].paid_minutes for duty in plan.duties if duty.person == person) / 60


def broken_rules(document: Document, need: Need, plan: Plan) -> list[str]:
    """What of the rules that must hold does not; nothing, unless the solver is wrong. A check by other means."""
    shapes = {one.name: one for one in document.shape}
    faults = []
    for person in document.person:
        duties = sorted((one for one in plan.duties if one.person == person.name), key=lambda one: one.day)
        faults += _personal(document, person, duties, shapes, need.first)
        weeks: dict[date, list[Duty]] = {}
        for duty in duties:
            weeks.setdefault(duty.day - timedelta(days=duty.day.weekday()), []).append(duty)
        contract = document.contract[person.contract]
        for week, worked in weeks.items():
            hours = sum(shapes[one.shape].paid_minutes for one in worked) / 60
            if hours > contract.hours or len(worked) > contract.days_a_week:
                faults.append(f"{person.name} works {hours:g} h on {len(worked)} days in the week of {week}")
    for duty in plan.duties:
        if not need.first <= duty.day < need.first + timedelta(days=len(need.agents)) or duty.day in document.closed:
            faults.append(f"{duty.person} works on {duty.day}, which is not a day of the roster")
    return faults


def _personal(
    document: Document, person: Person, duties: list[Duty], shapes: dict[str, Shape], first_day: date
) -> list[str]:
    contract, faults, row = document.contract[person.contract], [], person.worked_before
    for number, duty in enumerate(duties):
        shape, before = shapes[duty.shape], duties[number - 1] if number else None
        if duty.day in person.away or (person.shapes and duty.shape not in person.shapes):
            faults.append(f"{person.name} cannot work {duty.shape} on {duty.day}")
        if f"{duty.day:%a}".lower() not in shape.days:
            faults.append(f"{duty.shape} is not worked on {duty.day:%A}s")
        for begin, one in zip(duty.breaks, shape.breaks, strict=True):
            first, last = shape.span(one)
            if not first <= begin <= last - one.minutes:
                faults.append(f"{person.name}'s break on {duty.day} is not within {one.after}-{one.before}")
        if before is not None and before.day == duty.day:
            faults.append(f"{person.name} works twice on {duty.day}")
        if before is not None:
            rest = (duty.day - before.day).days * DAY + shape.begins - shapes[before.shape].ends
            if rest < contract.rest_h * 60:
                faults.append(f"{person.name} rests {rest / 60:g} h before {duty.day}")
        yesterday = duty.day == first_day if before is None else (duty.day - before.day).days == 1
        row = row + 1 if yesterday else 1
        if row > contract.days_in_row:
            faults.append(f"{person.name} works {row} days in a row up to {duty.day}")
    return faults


def _counts(person: Person, skill: str, office: str) -> bool:
    return (not skill or skill in person.skills) and (not office or person.office == office)
