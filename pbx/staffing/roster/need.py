"""How many people a roster needs, by quarter hour of each of its days."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from pbx.staffing.roster.document import DAY, GRID, RosterError, minutes

SLOTS = DAY // GRID
MOST = 2000


@dataclass(frozen=True, slots=True)
class Need:
    """`agents[day][slot]`: quarter hours from midnight, of the days from `first` on. `calls` likewise, where a forecast
    made it: expected calls.
    """

    first: date
    agents: tuple[tuple[int, ...], ...]
    calls: tuple[tuple[float, ...], ...] = ()

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(len(self.agents))]


def read_need(path: Path, first: date, days: int) -> Need:
    """A CSV with the columns day, from, agents: `day` is a date or a weekday (mon), `from` a time of day; each line
    holds until the next one of its day, or until `to` where there is such a column. Lines of several queues that begin
    at once add up: `centrala staffing need --to` writes such files, and what is taken is `agents`. Raises RosterError.
    """
    steps: dict[str, list[_Step]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if not {"day", "from", "agents"} <= set(table.fieldnames or ()):
                raise RosterError(f"{path} needs the heading day,from,agents as its first line, then mon,08:00,6")
            for number, row in enumerate(table, 2):
                steps.setdefault(_text(row, "day").lower(), []).append(_step(row, number, path))
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RosterError(f"{path} is not UTF-8") from None
    if not steps:
        raise RosterError(f"{path} has no line below its heading: write lines such as mon,08:00,6")
    agents = []
    for number in range(days):
        day = first + timedelta(days=number)
        agents.append(_levels(steps.get(day.isoformat()) or steps.get(f"{day:%a}".lower(), [])))
    return Need(first, tuple(agents))


def spread(per_interval: Sequence[int], minutes_each: int) -> tuple[int, ...]:
    """Intervals of 15, 30 or 60 minutes as quarter hours."""
    return tuple(value for value in per_interval for _ in range(minutes_each // GRID))


def of_skill(agents: int, share: float, least: int) -> int:
    """How many of them must have a skill."""
    return min(agents, max(least, math.ceil(share * agents - 1e-9))) if agents else 0


def _text(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()


class _Step(NamedTuple):
    """Minutes from midnight; `end` is 0 where the line says none."""

    at: int
    end: int
    agents: int
    queue: str


def _step(row: dict[str, str], number: int, path: Path) -> _Step:
    begin, end, count = _text(row, "from"), _text(row, "to"), _text(row, "agents")
    try:
        at, until, wanted = minutes(begin), minutes(end) if end else 0, int(count)
        if len(begin) != 5 or at % GRID or not 0 <= at < DAY or not 0 <= wanted <= MOST or not _text(row, "day"):
            raise ValueError
        if end and (len(end) != 5 or until % GRID or not at < until <= DAY):
            raise ValueError
    except ValueError:
        line = ",".join(str(value) for value in row.values())
        text = f"{path}, line {number}: {line!r} is none of day,from,agents; write mon,08:00,6 or 2026-11-23,08:00,6"
        raise RosterError(text) from None
    return _Step(at, until, wanted, _text(row, "queue"))


def _levels(steps: list[_Step]) -> tuple[int, ...]:
    """People by quarter hour; each queue's lines by themselves, then their sum."""
    total = [0] * SLOTS
    for queue in dict.fromkeys(step.queue for step in steps):
        at = {step.at: step for step in sorted(steps) if step.queue == queue}
        now: _Step | None = None
        for slot in range(SLOTS):
            now = at.get(slot * GRID, now)
            if now is not None and (not now.end or slot * GRID < now.end):
                total[slot] += now.agents
    return tuple(total)
