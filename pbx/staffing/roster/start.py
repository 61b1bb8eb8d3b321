"""A plan made shift by shift that keeps every rule: where the solver begins, so that large rosters have one at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from pbx.staffing.roster.document import DAY, GRID, Document, Person, Shape
from pbx.staffing.roster.need import SLOTS, Need
from pbx.staffing.roster.plan import Duty, at_work


@dataclass(slots=True)
class _Worker:
    """A person and what he has been given so far."""

    person: Person
    number: int
    last: tuple[int, Shape] | None = None  # day and shape
    row: int = 0  # days worked in a row up to `last`
    paid: dict[date, int] = field(default_factory=lambda: defaultdict(int))  # quarter hours by week
    days: dict[date, int] = field(default_factory=lambda: defaultdict(int))


def first_plan(document: Document, need: Need) -> list[Duty]:
    """Day by day: whichever shift pays most by the document's weights, for whoever has worked least in that week."""
    return _Start(document, need).made()


class _Start:
    def __init__(self, document: Document, need: Need) -> None:
        self.document = document
        self.need = need
        self.left = [list(slots) for slots in need.agents]  # people still needed; below 0 where there are too many
        self.workers = [_Worker(one, number, row=one.worked_before) for number, one in enumerate(document.person)]
        self.shape_of_team: dict[tuple[str, date], str] = {}
        self.duties: list[Duty] = []

    def made(self) -> list[Duty]:
        for day, when in enumerate(self.need.days):
            if when in self.document.closed or not any(self.need.agents[day]):
                continue
            idle = set(range(len(self.workers)))
            while idle and self._one(day, when, idle):
                pass
        return self.duties

    def _one(self, day: int, when: date, idle: set[int]) -> bool:
        """Gives out one shift of that day; whether there was one worth it."""
        worth = sorted(((self._worth(day, shape), shape.name, shape) for shape in self.document.shape), reverse=True)
        for gain, _name, shape in worth:
            able = [one for one in self.workers if one.number in idle and self._may(one, day, when, shape)]
            if gain <= 0:  # nobody is needed: who has to work today to fill his contract
                able = [one for one in able if self._has_to(one, day, when, shape)]
                gain += self.document.weights.short * shape.paid_minutes // GRID
            if gain > 0 and able:
                worker = min(able, key=lambda one: (self._share(one, when), one.number))
                self._give(worker, day, when, shape)
                idle.discard(worker.number)
                return True
        return False

    def _worth(self, day: int, shape: Shape) -> int:
        weights = self.document.weights
        slots = list(self._slots(day, range(shape.begins // GRID, shape.ends // GRID)))
        return sum(weights.under if self.left[on][slot] > 0 else -weights.over for on, slot in slots)

    def _slots(self, day: int, numbers: range | list[int]) -> Iterator[tuple[int, int]]:
        for number in numbers:
            on = day + number // SLOTS
            if on < len(self.left):
                yield on, number % SLOTS

    def _may(self, one: _Worker, day: int, when: date, shape: Shape) -> bool:
        person, week = one.person, when - timedelta(days=when.weekday())
        contract = self.document.contract[person.contract]
        if when in person.away or f"{when:%a}".lower() not in shape.days:
            return False
        if (person.shapes and shape.name not in person.shapes) or person.wishes.get(when, shape.name) != shape.name:
            return False
        if not self._team_may(person.team, week, shape):
            return False
        if one.paid[week] + shape.paid_minutes // GRID > int(contract.hours * 60 / GRID):
            return False
        if one.days[week] >= contract.days_a_week or self._row(one, day) >= contract.days_in_row:
            return False
        if one.last is None:
            return True
        gap = (day - one.last[0]) * DAY + shape.begins - one.last[1].ends
        return gap >= contract.rest_h * 60

    def _row(self, one: _Worker, day: int) -> int:
        """Days in a row that he would have behind him."""
        if one.last is None:
            return one.row if day == 0 else 0
        return one.row if one.last[0] == day - 1 else 0

    def _team_may(self, name: str, week: date, shape: Shape) -> bool:
        team = self.document.team.get(name)
        if team is None:
            return True
        if team.rotate and team.rotate_from is not None:
            first = team.rotate_from - timedelta(days=team.rotate_from.weekday())
            return team.rotate[(week - first).days // 7 % len(team.rotate)] == shape.name
        return not team.same_shape or self.shape_of_team.get((name, week), shape.name) == shape.name

    def _has_to(self, one: _Worker, day: int, when: date, shape: Shape) -> bool:
        """Whether the rest of the week is too short for the least hours of his contract."""
        week = when - timedelta(days=when.weekday())
        least = int(self.document.contract[one.person.contract].least * 60 / GRID)
        later = [
            number
            for number in range(day + 1, min(day + 7 - when.weekday(), len(self.need.agents)))
            if any(self.need.agents[number]) and self.need.days[number] not in one.person.away
        ]
        return one.paid[week] + len(later) * (shape.paid_minutes // GRID) < least

    def _share(self, one: _Worker, when: date) -> float:
        week = when - timedelta(days=when.weekday())
        return one.paid[week] / (self.document.contract[one.person.contract].hours * 60 / GRID)

    def _give(self, one: _Worker, day: int, when: date, shape: Shape) -> None:
        week = when - timedelta(days=when.weekday())
        breaks = self._breaks(day, shape)
        self.duties.append(Duty(one.person.name, when, shape.name, breaks))
        for on, slot in self._slots(day, at_work(shape, breaks)):
            self.left[on][slot] -= 1
        one.row = self._row(one, day) + 1
        one.last = day, shape
        one.paid[week] += shape.paid_minutes // GRID
        one.days[week] += 1
        self.shape_of_team.setdefault((one.person.team, week), shape.name)

    def _breaks(self, day: int, shape: Shape) -> tuple[int, ...]:
        """Each where it is missed least, apart from those before it."""
        taken: list[tuple[int, int]] = []
        for one in shape.breaks:
            first, last = shape.span(one)
            options = [
                at
                for at in range(first, last - one.minutes + 1, GRID)
                if all(at >= end or at + one.minutes <= begin for begin, end in taken)
            ]
            if not options:  # windows so narrow that the solver has to find the way
                options = [first]

            def missed(at: int, minutes: int = one.minutes) -> int:
                slots = range(at // GRID, (at + minutes) // GRID)
                return sum(max(self.left[on][slot], 0) for on, slot in self._slots(day, slots))

            at = min(options, key=missed)
            taken.append((at, at + one.minutes))
        return tuple(begin for begin, _ in taken)
