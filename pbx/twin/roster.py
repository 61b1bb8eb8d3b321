"""Who is at work in which hour of the week, as people write it: "mon-fri 8-13:6 13-18:6; sat 9-13:2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = 24
_SPAN = re.compile(r"(\d{1,2})(?::00)?-(\d{1,2})(?::00)?:(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Roster:
    """`agents[weekday][hour]`."""

    agents: tuple[tuple[int, ...], ...]

    @property
    def hours(self) -> int:
        """Agents' hours of a week."""
        return sum(map(sum, self.agents))

    def with_agents(self, more: int) -> Roster:
        """So many more (or less) in every hour in which anybody works; one stays."""
        return Roster(tuple(tuple(max(n + more, 1) if n else 0 for n in day) for day in self.agents))


def parse_roster(text: str) -> Roster:
    """Days are separated by semicolons, spans by spaces or commas; spans of one day add up. Or ValueError."""
    agents = [[0] * HOURS for _ in WEEKDAYS]
    for part in filter(None, (piece.strip() for piece in text.lower().split(";"))):
        days, *spans = re.split(r"[ ,]+", part)
        if not spans:
            raise ValueError(f"{part!r} has no hours: write mon-fri 8-18:6 (from hour to hour: agents)")
        for span in spans:
            found = _SPAN.fullmatch(span)
            begin, end, count = (int(n) for n in found.groups()) if found else (0, 0, 0)
            if not begin < end <= HOURS:
                raise ValueError(f"{span!r} is no span of hours with agents: write 8-18:6")
            for day in _days(days):
                for hour in range(begin, end):
                    agents[day][hour] += count
    return Roster(tuple(map(tuple, agents)))


def _days(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    except ValueError:
        raise ValueError(f"{text!r} is no day: write {', '.join(WEEKDAYS)}, or mon-fri") from None
    if end < begin:
        raise ValueError(f"{text!r} ends before it begins: write sat-sun and mon-fri apart")
    return range(begin, end + 1)
