"""The document that a roster is made from: contracts, shifts, people, teams, offices, skills, and what counts most."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

GRID = 15  # minutes: the grain of shifts and breaks
DAY = 24 * 60
FREE = "free"  # a wish

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):(00|15|30|45)$|^24:00$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]


class RosterError(ValueError):
    """The document cannot be used; a line for each mistake, with its key and what to write."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contract(Part):
    hours: float = Field(default=40.0, gt=0, le=80)  # paid, a week, at most
    least_hours: float | None = Field(default=None, ge=0, le=80)  # paid, a week; unset: as `hours`; has a price only
    rest_h: float = Field(default=11.0, ge=0, le=48)  # from one shift to the next (directive 2003/88/EC, article 3)
    days_in_row: int = Field(default=5, ge=1, le=13)
    days_a_week: int = Field(default=5, ge=1, le=7)

    @model_validator(mode="after")
    def _check(self) -> Contract:
        if self.least_hours is not None and self.least_hours > self.hours:
            raise ValueError(f"least_hours {self.least_hours:g} are more than hours {self.hours:g}: lower them")
        return self

    @property
    def least(self) -> float:
        """Paid hours a week."""
        return self.hours if self.least_hours is None else self.least_hours


class Break(Part):
    minutes: int = Field(ge=GRID, le=180, multiple_of=GRID)
    after: Clock  # begins then at the earliest
    before: Clock  # and is over by then
    paid: bool = False


class Shape(Part):
    """A shift that can be worked; one whose end is not after its start goes over midnight."""

    name: Name
    start: Clock
    end: Clock
    days: list[Weekday] = list(DAYS)
    breaks: list[Break] = Field(default=[], max_length=4)
    unpopular: bool = False  # given out evenly

    @property
    def begins(self) -> int:
        """Minutes from midnight; the end is above 1,440 for one that goes over midnight."""
        return minutes(self.start)

    @property
    def ends(self) -> int:
        end = minutes(self.end)
        return end if end > self.begins else end + DAY

    @property
    def paid_minutes(self) -> int:
        return self.ends - self.begins - sum(one.minutes for one in self.breaks if not one.paid)

    def span(self, one: Break) -> tuple[int, int]:
        """Earliest begin and latest end of a break, in minutes from the midnight before the shift."""
        first, last = minutes(one.after), minutes(one.before)
        first += DAY if first < self.begins else 0
        last += DAY if last <= first else 0
        return first, last

    @model_validator(mode="after")
    def _check(self) -> Shape:
        if self.ends - self.begins > 16 * 60:
            raise ValueError("a shift lasts 16 hours at most")
        for one in self.breaks:
            first, last = self.span(one)
            if first < self.begins or last > self.ends or last - first < one.minutes:
                raise ValueError(f"the break {one.after}-{one.before} does not fit into {self.start}-{self.end}")
        return self


class Person(Part):
    name: Name
    agent: str = ""  # extension
    contract: Name = "default"
    team: str = ""
    office: str = ""
    skills: list[Name] = []
    shapes: list[Name] = []  # that he can work; empty: all
    away: list[date] = []
    wishes: dict[date, str] = {}  # a shift, or "free"
    worked_before: int = Field(default=0, ge=0, le=13)  # days in a row up to the day before the first


class Team(Part):
    same_shape: bool = False  # all its members work the same shift in a week
    rotate: list[Name] = []  # week by week, beginning with the week of `rotate_from`
    rotate_from: date | None = None


class Office(Part):
    least: int = Field(default=0, ge=0, le=1000)  # people there while anybody is needed


class Skill(Part):
    share: float = Field(default=0.0, ge=0, le=1)  # of those who are needed
    least: int = Field(default=0, ge=0, le=1000)  # while anybody is needed


class Weights(Part):
    """What the plan is judged by: each is the price of one person for a quarter of an hour, of one shift for the last
    three.
    """

    under: int = Field(default=100, ge=0, le=10_000)  # doubled from the second missing person on
    over: int = Field(default=2, ge=0, le=10_000)
    skill: int = Field(default=40, ge=0, le=10_000)
    office: int = Field(default=30, ge=0, le=10_000)
    short: int = Field(default=10, ge=0, le=10_000)  # of the least hours of a contract
    wish: int = Field(default=120, ge=0, le=10_000)
    fairness: int = Field(default=50, ge=0, le=10_000)
    weekend: int = Field(default=20, ge=0, le=10_000)  # fairness of weekends


class Document(Part):
    shape: list[Shape] = Field(min_length=1, max_length=24)
    person: list[Person] = Field(min_length=1, max_length=400)
    contract: dict[Name, Contract] = {"default": Contract()}
    team: dict[Name, Team] = {}
    office: dict[Name, Office] = {}
    skill: dict[Name, Skill] = {}
    closed: list[date] = []
    weights: Weights = Weights()

    @model_validator(mode="after")
    def _check(self) -> Document:
        shapes = [one.name for one in self.shape]
        known: dict[str, set[str]] = {
            "contract": set(self.contract),
            "team": {"", *self.team},
            "office": {"", *self.office},
            "shape": set(shapes),
        }
        faults: list[str] = []
        for what, names in (("shape", shapes), ("person", [one.name for one in self.person])):
            twice = sorted({name for name in names if names.count(name) > 1})
            faults += [f"{what} {name!r} is there twice: give each a name of its own" for name in twice]
        for one in self.person:
            for what, name in (("contract", one.contract), ("team", one.team), ("office", one.office)):
                if name not in known[what]:
                    faults.append(f"person {one.name!r}: there is no {what} {name!r}; write [{what}.{name}]")
            wished = [name for name in one.wishes.values() if name != FREE]
            for name in (*one.shapes, *wished):
                if name not in known["shape"]:
                    faults.append(f"person {one.name!r}: there is no shape {name!r}; there are {', '.join(shapes)}")
        for name, team in self.team.items():
            faults += [f"team {name!r}: there is no shape {s!r}" for s in team.rotate if s not in known["shape"]]
            if team.rotate and team.rotate_from is None:
                faults.append(f"team {name!r} says not when its rotation begins: write rotate_from = 2026-11-23")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def read(path: Path) -> Document:
    """The document of a TOML file. Raises RosterError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RosterError(f"{path} is no TOML: {error}") from None
    return parse(raw)


def parse(raw: dict[str, Any]) -> Document:
    """Raises RosterError."""
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"])
            lines.append(f"{where}: {_plain(fault['msg'])}" if where else _plain(fault["msg"]))
        raise RosterError("\n".join(lines)) from None


def minutes(clock: str) -> int:
    """Minutes from midnight."""
    return int(clock[:2]) * 60 + int(clock[3:])


def clock(minute: int) -> str:
    """ "08:30"; after midnight it is that of the next day."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def _plain(text: str) -> str:
    return re.sub(r"^Value error, ", "", text)
