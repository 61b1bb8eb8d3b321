"""Judges a roster by the lines of its CSV and the document as it was written (plain dicts): shares no code with it."""

from __future__ import annotations

import csv
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

QUARTER = timedelta(minutes=15)


def moment(day: date, clock: str) -> datetime:
    """ "24:00" is the next midnight."""
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)


class Shift:
    """One line."""

    def __init__(self, row: dict[str, str], document: dict[str, Any]) -> None:
        self.person, self.shape = row["person"], row["shift"]
        self.day = date.fromisoformat(row["day"])
        self.start = moment(self.day, row["start"])
        self.end = self._after(moment(self.day, row["end"]), self.start)
        self.breaks = []
        for text in row["breaks"].split():
            begin, end = text.split("-")
            starts = self._from(moment(self.day, begin), self.start)
            self.breaks.append((starts, self._after(moment(self.day, end), starts)))
        given = next(one for one in document["shape"] if one["name"] == self.shape)
        assert (row["start"], row["end"]) == (given["start"], given["end"].replace("24:00", "00:00"))
        self.given = given
        unpaid = sum(one["minutes"] for one in given.get("breaks", []) if not one.get("paid"))
        self.paid_min = (self.end - self.start).total_seconds() / 60 - unpaid
        assert float(row["paid_h"]) == self.paid_min / 60

    @staticmethod
    def _after(at: datetime, other: datetime) -> datetime:
        return at if at > other else at + timedelta(days=1)

    @staticmethod
    def _from(at: datetime, other: datetime) -> datetime:
        return at if at >= other else at + timedelta(days=1)

    def quarters(self) -> list[datetime]:
        """At which he sits at his desk."""
        found, at = [], self.start
        while at < self.end:
            if not any(begin <= at < end for begin, end in self.breaks):
                found.append(at)
            at += QUARTER
        return found


class Judge:
    """`agents[day][quarter]` are needed from `first` on."""

    def __init__(self, text: str, document: dict[str, Any], first: date, agents: Sequence[Sequence[int]]) -> None:
        self.document, self.first, self.agents = document, first, agents
        self.days = [first + timedelta(days=number) for number in range(len(agents))]
        self.shifts = [Shift(row, document) for row in csv.DictReader(text.splitlines())]
        self.people = {one["name"]: one for one in document["person"]}
        self.weights = {"under": 100, "over": 2, "skill": 40, "office": 30, "short": 10, "wish": 120}
        self.weights |= {"fairness": 50, "weekend": 20} | document.get("weights", {})

    def contract(self, person: dict[str, Any]) -> dict[str, Any]:
        given = self.document.get("contract", {}).get(person.get("contract", "default"), {})
        usual = {"hours": 40.0, "rest_h": 11.0, "days_in_row": 5, "days_a_week": 5}
        return {**usual, **given, "least": given.get("least_hours", given.get("hours", 40.0))}

    def open(self, day: date) -> bool:
        number = (day - self.first).days
        return 0 <= number < len(self.days) and any(self.agents[number]) and day.isoformat() not in self._closed()

    def _closed(self) -> set[str]:
        return {str(day) for day in self.document.get("closed", [])}

    def may(self, person: dict[str, Any], day: date, shape: dict[str, Any]) -> bool:
        """Whether the shift can be his at all."""
        if not self.open(day) or day.isoformat() in [str(one) for one in person.get("away", [])]:
            return False
        if person.get("shapes") and shape["name"] not in person["shapes"]:
            return False
        return f"{day:%a}".lower() in shape.get("days", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])

    # -- rules -------------------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        found = []
        by_person: dict[str, list[Shift]] = defaultdict(list)
        for one in self.shifts:
            by_person[one.person].append(one)
            if not self.may(self.people[one.person], one.day, one.given):
                found.append(f"{one.person} cannot work {one.shape} on {one.day}")
            found += self._breaks(one)
        for name, shifts in by_person.items():
            found += self._personal(self.people[name], sorted(shifts, key=lambda one: one.day))
        return found + self._teams()

    def _breaks(self, one: Shift) -> list[str]:
        """Each of the shape's breaks is one of those on the line; a matching of them exists in the order of windows."""
        wanted = list(one.given.get("breaks", []))
        if len(wanted) != len(one.breaks):
            return [f"{one.person} {one.day}: {len(one.breaks)} breaks"]
        if any(left[1] > right[0] for left, right in itertools.pairwise(one.breaks)):
            return [f"{one.person} {one.day}: breaks overlap"]
        return [] if self._matched(one, one.breaks, wanted) else [f"{one.person} {one.day}: a break out of its window"]

    def _matched(self, shift: Shift, given: list[tuple[datetime, datetime]], wanted: list[dict[str, Any]]) -> bool:
        if not given:
            return True
        (begin, end), rest = given[0], given[1:]
        for number, one in enumerate(wanted):
            first = Shift._from(moment(shift.day, one["after"]), shift.start)
            last = Shift._after(moment(shift.day, one["before"]), first)
            fits = first <= begin and end <= last and end - begin == timedelta(minutes=one["minutes"])
            if fits and self._matched(shift, rest, wanted[:number] + wanted[number + 1 :]):
                return True
        return False

    def _personal(self, person: dict[str, Any], shifts: list[Shift]) -> list[str]:
        contract, found, name = self.contract(person), [], person["name"]
        worked = {one.day for one in shifts}
        if len(worked) < len(shifts):
            found.append(f"{name} works twice on a day")
        for before, after in itertools.pairwise(shifts):
            if (after.start - before.end).total_seconds() < contract["rest_h"] * 3600:
                found.append(f"{name} rests too little before {after.day}")
        row = person.get("worked_before", 0)
        for day in self.days:
            row = row + 1 if day in worked else 0
            if row > contract["days_in_row"]:
                found.append(f"{name} works {row} days in a row on {day}")
        weeks: dict[tuple[int, int], list[Shift]] = defaultdict(list)
        for one in shifts:
            weeks[one.day.isocalendar()[:2]].append(one)
        for week, of_week in weeks.items():
            if sum(one.paid_min for one in of_week) > contract["hours"] * 60 or len(of_week) > contract["days_a_week"]:
                found.append(f"{name} works too much in week {week}")
        return found

    def _teams(self) -> list[str]:
        found = []
        for name, team in self.document.get("team", {}).items():
            for week in {one.isocalendar()[:2] for one in self.days}:
                of_week = [one for one in self.shifts if one.day.isocalendar()[:2] == week]
                worked = {one.shape for one in of_week if self.people[one.person].get("team") == name}
                if team.get("rotate"):
                    monday, began = (date.fromisocalendar(*week, 1), date.fromisoformat(str(team["rotate_from"])))
                    weeks = (monday - (began - timedelta(days=began.weekday()))).days // 7
                    if worked - {team["rotate"][weeks % len(team["rotate"])]}:
                        found.append(f"team {name} has not its turn in week {week}")
                elif team.get("same_shape") and len(worked) > 1:
                    found.append(f"team {name} works {worked} in week {week}")
        return found

    # -- prices ------------------------------------------------------------------------------------------------------

    def penalty(self) -> int:
        return sum((*self._cover(), *self._hours(), *self._wishes(), *self._fairness()))

    def _present(self, key: str = "", value: str = "") -> Counter[datetime]:
        def counts(person: dict[str, Any]) -> bool:
            return not key or (value in person.get(key, []) if key == "skills" else person.get(key) == value)

        return Counter(at for one in self.shifts if counts(self.people[one.person]) for at in one.quarters())

    def _cover(self) -> list[int]:
        here, prices, weights = self._present(), [], self.weights
        able = {name: self._present("skills", name) for name in self.document.get("skill", {})}
        there = {name: self._present("office", name) for name in self.document.get("office", {})}
        for number, day in enumerate(self.days):
            for quarter, wanted in enumerate(self.agents[number]):
                at = datetime.combine(day, time()) + quarter * QUARTER
                present = here[at]
                missing = max(wanted - present, 0)
                prices.append(weights["under"] * (missing + max(missing - 1, 0)))
                prices.append(weights["over"] * (1 if wanted else 4) * max(present - wanted, 0))
                for name, skill in self.document.get("skill", {}).items():
                    least = max(skill.get("least", 0), math.ceil(skill.get("share", 0.0) * wanted - 1e-9))
                    prices.append(weights["skill"] * max(min(wanted, least) - able[name][at], 0))
                for name, office in self.document.get("office", {}).items():
                    prices.append(weights["office"] * max(min(office.get("least", 0), wanted) - there[name][at], 0))
        return prices

    def _hours(self) -> list[int]:
        prices = []
        for name, person in self.people.items():
            away = [str(one) for one in person.get("away", [])]
            for week in {one.isocalendar()[:2] for one in self.days}:
                days = [one for one in self.days if one.isocalendar()[:2] == week]
                there = sum(self.open(one) and one.isoformat() not in away for one in days)
                least = int(self.contract(person)["least"] * 4 * min(there / 5, 1.0))
                paid = sum(one.paid_min for one in self.shifts if one.person == name and one.day in days) / 15
                prices.append(self.weights["short"] * max(least - int(paid), 0))
        return prices

    def _wishes(self) -> list[int]:
        worked = {(one.person, one.day.isoformat()): one.shape for one in self.shifts}
        return [
            3 * self.weights["wish"]
            for name, person in self.people.items()
            for day, wish in person.get("wishes", {}).items()
            if worked.get((name, str(day)), wish) != wish
        ]

    def _fairness(self) -> list[int]:
        unpopular = {one["name"] for one in self.document["shape"] if one.get("unpopular")}
        prices = []
        for contract in {one.get("contract", "default") for one in self.people.values()}:
            alike = [one for one in self.people.values() if one.get("contract", "default") == contract]
            for weight, shapes, late in (("fairness", unpopular, False), ("weekend", None, True)):
                counts = [
                    sum(
                        one.person == person["name"]
                        and (shapes is None or one.shape in shapes)
                        and (not late or one.day.weekday() > 4)
                        for one in self.shifts
                    )
                    for person in alike
                    if self._can(person, shapes, late=late)
                ]
                if len(counts) > 1:
                    prices.append(3 * self.weights[weight] * (max(counts) - min(counts)))
        return prices

    def _can(self, person: dict[str, Any], shapes: set[str] | None, *, late: bool) -> bool:
        return any(
            self.may(person, day, shape)
            for day in self.days
            for shape in self.document["shape"]
            if (shapes is None or shape["name"] in shapes) and (not late or day.weekday() > 4)
        )
