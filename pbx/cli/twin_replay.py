"""`centrala twin replay`: a past day of our own once more, with another roster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pbx.cli.console import err, fail, show_sheet
from pbx.cli.staffing_reports import Past, date_of, reading
from pbx.config import Config
from pbx.config_queue import members_of
from pbx.reporting.intervals import day as day_of
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.history import known_queues
from pbx.twin.house import Offers, Shift, staffed
from pbx.twin.past import QUARTER_S, PastDay, Visitor, quarters, read_day
from pbx.twin.peopled import Staff
from pbx.twin.replay_sheet import replay_sheet
from pbx.twin.roster import Roster, parse_roster
from pbx.twin.scenarios import Price
from pbx.twin.shifts import read_staff

WEEKS = 12  # of calls that tell how patient callers are


@dataclass(slots=True)
class Asked:
    """`roster`: "" for the day's own, with one and two people less and more."""

    day: str
    queue: str
    roster: str
    within_s: float
    patience_s: float
    times: int
    seed: int
    price: Price


def replay_report(config: Config, asked: Asked, form: str) -> None:
    """Reads the day from the database, lives through it, and prints."""
    with reading(config) as reporter:
        when = date_of(asked.day) if asked.day else reporter.today().fromordinal(reporter.today().toordinal() - 1)
        interval = day_of(when, reporter.zone)
        with reporter.connection() as connection:
            queue = asked.queue or _only(known_queues(connection))
            members = _members(config, queue)
            past = read_day(connection, queue, when, interval, members)
            house = _House(config, members, *read_staff(connection, config, queue, (when, interval), past))
        tells = Past(config, queue, WEEKS, 0.0, asked.patience_s)
        patience_s = asked.patience_s or tells.customer(tells.history(reporter, when)).patience_s
        rosters = [("replayed", past.agents)]
        if asked.roster:
            try:
                given = parse_roster(asked.roster)
            except ValueError as error:
                fail(error, 2)
            hours = given.agents[when.weekday()]
            rosters.append(("as given", quarters(hours, interval, reporter.zone)))
    _checked(past, when)
    base = rosters[-1][1]
    rosters += [(f"{abs(more)} {'less' if more < 0 else 'more'}", _with(base, more)) for more in (-2, -1, 1, 2)]
    staff = {name: house.staff(past, agents) for name, agents in rosters}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("replays", total=asked.times * len(rosters))
        try:
            sheet = replay_sheet(
                past,
                rosters,
                patience_s=patience_s,
                within_s=asked.within_s,
                times=asked.times,
                seed=asked.seed,
                price=asked.price,
                staff=staff,
                progress=lambda done, _all: bar.update(task, completed=done),
            )
        except ValueError as error:
            fail(error)
    if form == "table":
        show_sheet(sheet_table(sheet))
    else:
        sys.stdout.write(sheet.csv() if form == "csv" else sheet.json() + "\n")


@dataclass(frozen=True, slots=True)
class _House:
    """The people of that day and what came to the other queues that they serve."""

    config: Config
    members: Sequence[str]
    shifts: Sequence[Shift]
    offers: Offers
    others: Sequence[tuple[str, Visitor]]

    def staff(self, past: PastDay, agents: Sequence[int]) -> Staff:
        """As they were, or so many in each quarter hour."""
        same = agents == past.agents
        shifts = self.shifts if same else staffed(self.shifts, self.members, agents, QUARTER_S)
        return Staff(self.config, shifts, self.offers, self.others)


def _checked(past: PastDay, when: date) -> None:
    if not past.visitors:
        fail(f"nobody called queue {past.queue!r} on {when}: name a day with calls by --date")
    if not any(past.agents):
        fail(f"the journey tells of no agent of queue {past.queue!r} at work on {when}: give a --roster")


def _members(config: Config, queue: str) -> Sequence[str]:
    entry = next((one for one in config.queue if one.name == queue), None)
    if entry is None:
        there = ", ".join(one.name for one in config.queue) or "none"
        fail(f"the configuration has no queue {queue!r}; it has: {there}")
    return members_of(entry, config.team)


def _only(known: Sequence[str]) -> str:
    if len(known) != 1:
        fail(f"name a queue by --queue: {', '.join(known) or 'none has a call yet'}", 2)
    return known[0]


def _with(agents: Sequence[int], more: int) -> list[int]:
    return list(Roster((tuple(agents),)).with_agents(more).agents[0])
