"""The roster as a constraint model of OR-tools' CP-SAT: who works which shift on which day, and when the breaks are.

Rules of contracts hold in every plan. What is missing (people, skills, offices, hours of a contract) and what is unfair
or against a wish has a price, so that a plan always exists and says what it lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from ortools.sat.python import cp_model

from pbx.staffing.roster.document import DAY, FREE, GRID, Document, Person, Shape
from pbx.staffing.roster.need import SLOTS, Need, of_skill
from pbx.staffing.roster.plan import Duty

Term = Any  # a linear expression of CP-SAT
Key = tuple[int, int, int]  # person, day, shape
Options = Sequence[tuple[int, Any]]  # minutes from midnight, chosen
SHIFT_SLOTS = 3  # quarter hours that the price of a shift is worth


class Model:
    """Built whole; `duties(value)` reads a solution by a function from variables to integers."""

    def __init__(self, document: Document, need: Need) -> None:
        self.document = document
        self.need = need
        self.cp = cp_model.CpModel()
        self.works: dict[Key, Any] = {}
        self._begins: dict[tuple[Key, int], list[tuple[int, Any]]] = {}  # break of a shift: when, chosen
        self._penalty: list[Term] = []
        self._prices: list[tuple[int, Term]] = []  # weight, of what; nothing where it is below 0
        self._evens: list[tuple[int, list[Term]]] = []  # weight, of the most less the least
        self._assign()
        self._contracts()
        self._teams()
        self._cover()
        self._wishes()
        self._fairness()
        self.cp.minimize(sum(self._penalty))

    def duties(self, value: Any) -> tuple[Duty, ...]:
        """The shifts of a solution."""
        found = []
        for key, chosen in self.works.items():
            if value(chosen):
                person, day, shape = key
                breaks = [
                    next(at for at, variable in self._begins[key, number] if value(variable))
                    for number in range(len(self.document.shape[shape].breaks))
                ]
                names = self.document.person[person].name, self.need.days[day], self.document.shape[shape].name
                found.append(Duty(*names, tuple(breaks)))
        return tuple(found)

    def penalty(self, value: Any) -> int:
        """Of a solution. The solver's own sum may be higher when time ran out: a price is only bounded from below."""
        found = sum(weight * max(int(value(missing)), 0) for weight, missing in self._prices)
        for weight, had in self._evens:
            counts = [int(value(one)) for one in had]
            found += SHIFT_SLOTS * weight * (max(counts) - min(counts))
        return found

    def hint(self, duties: Iterable[Duty]) -> None:
        """Where the solver is to begin: these shifts and breaks, and no other."""
        document = self.document
        people = {one.name: number for number, one in enumerate(document.person)}
        shapes = {one.name: number for number, one in enumerate(document.shape)}
        given = {(people[one.person], (one.day - self.need.first).days, shapes[one.shape]): one for one in duties}
        for key, chosen in self.works.items():
            duty = given.get(key)
            self.cp.add_hint(chosen, duty is not None)
            for number in range(len(document.shape[key[2]].breaks)):
                for at, option in self._begins[key, number]:
                    self.cp.add_hint(option, duty is not None and duty.breaks[number] == at)

    # -- what must hold --------------------------------------------------------------------------------------------

    def _assign(self) -> None:
        for number, person in enumerate(self.document.person):
            for day, when in enumerate(self.need.days):
                if when in person.away or not self._open[day]:
                    continue
                today = [
                    self._shift((number, day, at), shape)
                    for at, shape in enumerate(self.document.shape)
                    if f"{when:%a}".lower() in shape.days and (not person.shapes or shape.name in person.shapes)
                ]
                self.cp.add_at_most_one(today)

    def _shift(self, key: Key, shape: Shape) -> Any:
        chosen = self.works[key] = self.cp.new_bool_var("")
        taken: list[list[tuple[int, Any]]] = []
        for number, one in enumerate(shape.breaks):
            first, last = shape.span(one)
            options = [(at, self.cp.new_bool_var("")) for at in range(first, last - one.minutes + 1, GRID)]
            self.cp.add(sum(variable for _, variable in options) == chosen)
            self._begins[key, number] = options
            for before, earlier in zip(taken, shape.breaks, strict=False):
                self._apart(before, earlier.minutes, options, one.minutes)
            taken.append(options)
        return chosen

    def _apart(
        self, first: Sequence[tuple[int, Any]], long: int, second: Sequence[tuple[int, Any]], other: int
    ) -> None:
        """Two breaks of one shift do not overlap."""
        for at, one in first:
            for begin, two in second:
                if at < begin + other and begin < at + long:
                    self.cp.add_bool_or(~one, ~two)

    def _contracts(self) -> None:
        for number, person in enumerate(self.document.person):
            contract = self.document.contract[person.contract]
            self._rest(number, contract.rest_h)
            whole = [sum(self._of_day(number, day)) for day in range(len(self.need.agents))]
            for start in range(-person.worked_before, len(whole) - contract.days_in_row):
                days = range(max(start, 0), start + contract.days_in_row + 1)
                if days:  # those before the roster are over, however many they were
                    most = max(contract.days_in_row + min(0, start), 0)
                    self.cp.add(sum(whole[day] for day in days) <= most)
            for week in self._weeks:
                paid = sum(
                    self.document.shape[key[2]].paid_minutes // GRID * self.works[key]
                    for key in self._keys(number, week)
                )
                self.cp.add(paid <= int(contract.hours * 60 / GRID))
                self.cp.add(sum(whole[day] for day in week) <= contract.days_a_week)
                self._least(person, week, paid)

    def _least(self, person: Person, week: Sequence[int], paid: Term) -> None:
        days, least_hours = self.need.days, self.document.contract[person.contract].least
        there = sum(self._open[day] and days[day] not in person.away for day in week)
        wanted = int(least_hours * 60 / GRID * min(there / 5, 1.0))
        self._pay(wanted - paid, wanted, self.document.weights.short)

    def _rest(self, person: int, rest_h: float) -> None:
        shapes = self.document.shape
        tight = [  # a long rest reaches over a whole day
            (late, early, ahead)
            for late, earlier in enumerate(shapes)
            for early, later in enumerate(shapes)
            for ahead in (1, 2, 3)
            if ahead * DAY + later.begins - earlier.ends < rest_h * 60
        ]
        for day in range(len(self.need.agents)):
            for late, early, ahead in tight:
                before, after = (person, day, late), (person, day + ahead, early)
                if before in self.works and after in self.works:
                    self.cp.add_bool_or(~self.works[before], ~self.works[after])

    def _teams(self) -> None:
        shapes = [shape.name for shape in self.document.shape]
        for name, team in self.document.team.items():
            members = [number for number, one in enumerate(self.document.person) if one.team == name]
            for week in self._weeks:
                allowed = {shape: self.cp.new_bool_var("") for shape in range(len(shapes))}
                if team.rotate and team.rotate_from is not None:
                    now = team.rotate[_weeks_between(team.rotate_from, self.need.days[week[0]]) % len(team.rotate)]
                    for shape, variable in allowed.items():
                        self.cp.add(variable == (shapes[shape] == now))
                elif team.same_shape:
                    self.cp.add_at_most_one(allowed.values())
                else:
                    continue
                for number in members:
                    for key in self._keys(number, week):
                        self.cp.add_implication(self.works[key], allowed[key[2]])

    # -- what has a price ------------------------------------------------------------------------------------------

    def _cover(self) -> None:
        document, weights = self.document, self.document.weights
        present = self._present(range(len(document.person)))
        for (day, slot), wanted in self._needed():
            here = sum(present[day, slot])
            self._pay(wanted - here, wanted, weights.under)
            self._pay(wanted - 1 - here, wanted - 1, weights.under)
        for place, people in present.items():
            wanted = self.need.agents[place[0]][place[1]]
            self._pay(sum(people) - wanted, len(people), weights.over if wanted else 4 * weights.over)
        for name, skill in document.skill.items():
            able = self._present([n for n, one in enumerate(document.person) if name in one.skills])
            for place, wanted in self._needed():
                least = of_skill(wanted, skill.share, skill.least)
                self._pay(least - sum(able[place]), least, weights.skill)
        for name, office in document.office.items():
            there = self._present([n for n, one in enumerate(document.person) if one.office == name])
            for place, wanted in self._needed():
                least = min(office.least, wanted)
                self._pay(least - sum(there[place]), least, weights.office)

    def _wishes(self) -> None:
        for number, person in enumerate(self.document.person):
            for when, wish in person.wishes.items():
                day = (when - self.need.first).days
                if not 0 <= day < len(self.need.agents):
                    continue
                against = [
                    self.works[key]
                    for key in self._keys(number, [day])
                    if wish == FREE or self.document.shape[key[2]].name != wish
                ]
                self._penalty += [SHIFT_SLOTS * self.document.weights.wish * one for one in against]
                self._prices += [(SHIFT_SLOTS * self.document.weights.wish, one) for one in against]

    def _fairness(self) -> None:
        """The most and the least of unpopular shifts and of weekends that people of one contract have."""
        document, days = self.document, self.need.days
        unpopular = {number for number, shape in enumerate(document.shape) if shape.unpopular}
        for contract in document.contract:
            alike = [number for number, one in enumerate(document.person) if one.contract == contract]
            self._even(alike, lambda key: key[2] in unpopular, document.weights.fairness)
            self._even(alike, lambda key: days[key[1]].weekday() > 4, document.weights.weekend)

    def _even(self, people: Sequence[int], counts: Any, weight: int) -> None:
        able = [[key for key in self._by_person[number] if counts(key)] for number in people]
        able = [keys for keys in able if keys]
        if len(able) < 2 or not weight:
            return
        high, low = (self.cp.new_int_var(0, len(self.need.agents), "") for _ in range(2))
        counts = [sum(self.works[key] for key in keys) for keys in able]
        for had in counts:
            self.cp.add(had <= high)
            self.cp.add(had >= low)
        self._evens.append((weight, counts))
        self._penalty.append(SHIFT_SLOTS * weight * (high - low))

    def _pay(self, missing: Term, most: int, weight: int) -> None:
        """`weight` for each unit by which `missing` is above 0; it is `most` at most."""
        if most <= 0 or not weight:
            return
        paid = self.cp.new_int_var(0, most, "")
        self.cp.add(paid >= missing)
        self._penalty.append(weight * paid)
        self._prices.append((weight, missing))

    # -- what is looked at often -----------------------------------------------------------------------------------

    def _present(self, people: Iterable[int]) -> dict[tuple[int, int], list[Term]]:
        """Who sits at his desk, by day and quarter hour."""
        found: dict[tuple[int, int], list[Term]] = defaultdict(list)
        last = len(self.need.agents)
        for number in people:
            for key in self._by_person[number]:
                shape = self.document.shape[key[2]]
                away: dict[int, list[Any]] = defaultdict(list)
                for position, one in enumerate(shape.breaks):
                    for at, chosen in self._begins[key, position]:
                        for slot in range(at // GRID, (at + one.minutes) // GRID):
                            away[slot].append(chosen)
                for slot in range(shape.begins // GRID, shape.ends // GRID):
                    day = key[1] + slot // SLOTS
                    if day < last:
                        found[day, slot % SLOTS].append(self.works[key] - sum(away[slot]))
        return found

    def _needed(self) -> list[tuple[tuple[int, int], int]]:
        return [
            ((day, slot), wanted)
            for day, slots in enumerate(self.need.agents)
            for slot, wanted in enumerate(slots)
            if wanted
        ]

    @cached_property
    def _open(self) -> list[bool]:
        """Days on which anybody is needed: nobody is called in to fill his contract."""
        days = zip(self.need.days, self.need.agents, strict=True)
        return [any(slots) and when not in self.document.closed for when, slots in days]

    @cached_property
    def _by_person(self) -> dict[int, list[Key]]:
        found: dict[int, list[Key]] = defaultdict(list)
        for key in self.works:
            found[key[0]].append(key)
        return found

    @cached_property
    def _weeks(self) -> list[list[int]]:
        """Days of the roster by calendar week, Monday first."""
        weeks: dict[date, list[int]] = defaultdict(list)
        for day, when in enumerate(self.need.days):
            weeks[when - timedelta(days=when.weekday())].append(day)
        return list(weeks.values())

    def _keys(self, person: int, days: Sequence[int]) -> list[Key]:
        return [key for key in self._by_person[person] if key[1] in days]

    def _of_day(self, person: int, day: int) -> list[Any]:
        return [self.works[key] for key in self._keys(person, [day])]


def _weeks_between(first: date, then: date) -> int:
    monday = first - timedelta(days=first.weekday())
    return (then - timedelta(days=then.weekday()) - monday).days // 7
