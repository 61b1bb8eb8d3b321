"""`centrala twin replay --flow`: a past day of our own through a changed flow, with waits, cost and ranges."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pbx.cli.console import err, fail, out, show_sheet
from pbx.cli.staffing_reports import Past, date_of, reading
from pbx.cli.twin_reports import write_page
from pbx.config import Config, Language
from pbx.config_queue import members_of
from pbx.configfile.problem import ConfigError
from pbx.flow.errors import FlowError
from pbx.reporting.demo_note import demo_note
from pbx.reporting.intervals import Interval
from pbx.reporting.intervals import day as day_of
from pbx.reporting.reporter import Reporter
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.history import known_queues
from pbx.twin.drafted.choices import parse_choices
from pbx.twin.drafted.guests import Guest, read_guests
from pbx.twin.drafted.lived import Lived
from pbx.twin.drafted.many import Draft, Scenario, replays
from pbx.twin.drafted.sheet import as_replayed, as_told, row, sheet
from pbx.twin.drafted.story import Line, fill
from pbx.twin.house import Offers, Shift, people, staffed
from pbx.twin.page import Story, Words, page_of
from pbx.twin.past import QUARTER_S, PastDay, quarters, read_day
from pbx.twin.peopled import Staff, replay_people
from pbx.twin.roster import Roster, parse_roster
from pbx.twin.scenarios import Price
from pbx.twin.shifts import read_offers, read_shifts

WEEKS = 12  # of calls that tell how patient callers are


@dataclass(slots=True)
class Asked:
    """What the command was given; `roster` "" for the day's own people."""

    draft: Draft
    day: str
    queue: str
    roster: str
    within_s: float
    patience_s: float
    times: int
    seed: int
    price: Price
    choices: list[str]
    callback_share: float
    reached: float
    processes: int
    page: Path | None
    language: Language


@dataclass(slots=True)
class _Day:
    """What was read of the day."""

    interval: Interval
    when: date
    queue: str
    guests: list[Guest]
    shifts: Sequence[Shift]
    offers: Offers
    past: PastDay
    patience_s: float
    demo: str


def flow_report(config: Config, asked: Asked, form: str) -> None:
    """Reads the day, leads it through the flow, prints, and writes the page."""
    try:
        given = parse_choices(asked.choices)
        flow, _ = asked.draft.load(config)
    except (FlowError, ConfigError, ValueError) as error:
        fail(error, 2)
    missing = sorted(set(given) - set(flow.blocks))
    if missing:
        fail(f"--choose: flow {flow.name!r} has no block {missing[0]!r}; it has: {', '.join(flow.blocks)}", 2)
    asked.draft = replace(asked.draft, name=flow.name)
    with reading(config) as reporter:
        day = _read(reporter, config, asked)
        zone = reporter.zone
    members = _agents(config, day.queue)
    rosters: list[tuple[str, Sequence[Shift]]] = [("flow", day.shifts)]
    if asked.roster:
        try:
            hours = parse_roster(asked.roster).agents[day.when.weekday()]
        except ValueError as error:
            fail(error, 2)
        counts = quarters(hours, day.interval, zone)
        rosters.append(("as given", staffed(day.shifts, members, counts, QUARTER_S)))
    base = rosters[-1][1]
    rosters += [(f"{abs(more)} {'less' if more < 0 else 'more'}", _more(base, members, day, more)) for more in (-1, 1)]
    rest = {
        "start": day.interval.start_us / 1e6,
        "length_s": day.interval.duration_s,
        "patience_s": day.patience_s,
        "within_s": asked.within_s,
        "given": given,
        "callback_share": asked.callback_share,
        "reached": asked.reached,
        "offers": day.offers,
    }
    scenarios = [
        Scenario(name, asked.draft, config, {**rest, "shifts": shifts}, _people(shifts, day))
        for name, shifts in rosters
    ]
    _print(asked, day, _lived(asked, config, day, scenarios), form)


def _read(reporter: Reporter, config: Config, asked: Asked) -> _Day:
    when = date_of(asked.day) if asked.day else reporter.today().fromordinal(reporter.today().toordinal() - 1)
    interval = day_of(when, reporter.zone)
    with reporter.connection() as connection:
        known = [name for name in known_queues(connection) if name in {entry.name for entry in config.queue}]
        queue = asked.queue or (known[0] if len(known) == 1 else "")
        if queue not in {entry.name for entry in config.queue}:
            fail(
                f"name a queue of the configuration by --queue: {', '.join(e.name for e in config.queue) or 'none'}", 2
            )
        guests = read_guests(connection, interval)
        served = {one.past.call_id for one in guests if one.answered}
        shifts = read_shifts(connection, config, interval, served)
        offers = read_offers(connection, interval)
        members = next(entry for entry in config.queue if entry.name == queue)
        past = read_day(connection, queue, when, interval, _agents(config, members.name))
        demo = demo_note(connection, asked.language)
    if not guests:
        fail(f"nobody called on {when}: name a day with calls by --date")
    if not shifts and not asked.roster:
        fail(f"the journey tells of no agent at work on {when}: give a --roster")
    tells = Past(config, queue, WEEKS, 0.0, asked.patience_s)
    patience_s = asked.patience_s or tells.customer(tells.history(reporter, when)).patience_s
    return _Day(interval, when, queue, guests, shifts, offers, past, patience_s, demo)


def _agents(config: Config, queue: str) -> Sequence[str]:
    return members_of(next(entry for entry in config.queue if entry.name == queue), config.team)


def _people(shifts: Sequence[Shift], day: _Day) -> list[int]:
    """Everybody at work by quarter hour."""
    return people(shifts, round(day.interval.duration_s / QUARTER_S), QUARTER_S)


def _more(base: Sequence[Shift], members: Sequence[str], day: _Day, more: int) -> list[Shift]:
    """So many people of the queue more (or less) in each quarter hour in which anybody is there."""
    there = _people([shift for shift in base if shift.like in members], day)
    return staffed(base, members, Roster((tuple(there),)).with_agents(more).agents[0], QUARTER_S)


def _lived(
    asked: Asked, config: Config, day: _Day, scenarios: Sequence[Scenario]
) -> list[tuple[str, Sequence[int], list[Lived]]]:
    """(name, people at work, replays): what was, the day without a flow, then each scenario."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    processes = asked.processes or min(os.cpu_count() or 1, 4)
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("replays", total=asked.times * len(scenarios))
        try:
            told = replays(
                *(scenarios, day.guests, asked.times, asked.seed, processes),
                lambda done, _all: bar.update(task, completed=done),
            )
        except (ValueError, FlowError, ConfigError) as error:
            fail(error)
    agents = _people(day.shifts, day)
    found = [("as it was", agents, [as_told(day.guests, asked.within_s)])]
    if len(config.queue) == 1 and day.past.answered:
        staff = Staff(config, day.shifts, day.offers)
        seeds = range(asked.seed * 1_000_003, asked.seed * 1_000_003 + asked.times)
        again = [replay_people(day.past, staff, day.patience_s, asked.within_s, seed) for seed in seeds]
        found.append(("replayed", agents, [as_replayed(day.past, one, len(day.guests)) for one in again]))
    return found + [(one.name, one.agents, some) for one, some in zip(scenarios, told, strict=True)]


def _print(asked: Asked, day: _Day, lived: Sequence[tuple[str, Sequence[int], list[Lived]]], form: str) -> None:
    words = Words("en")
    table = _sheet(asked, day, lived, words)
    if form == "table":
        show_sheet(sheet_table(table))
        for heading, said in fill(_story(asked, day, table, words), _lines(lived, words), words, 20, 300).paragraphs[
            :2
        ]:
            for line in said:
                out.print(f"{heading}: {line}", markup=False, highlight=False, soft_wrap=True)
    else:
        sys.stdout.write(table.csv() if form == "csv" else table.json() + "\n")
    if asked.page is not None:
        words = Words(asked.language)
        story = _story(asked, day, _sheet(asked, day, lived, words), words)
        text = page_of(fill(story, _lines(lived, words), words, asked.within_s, day.patience_s), words)
        write_page(asked.page, text)


def _sheet(asked: Asked, day: _Day, lived: Sequence[tuple[str, Sequence[int], list[Lived]]], words: Words) -> Sheet:
    rows = [row(_named(name, words), agents, some, asked.price) for name, agents, some in lived]
    title = words("replay", queue=asked.draft.name, day=f"{day.when}")
    return sheet(title, rows, words("limits", patience=f"{day.patience_s:.0f}"))


def _story(asked: Asked, day: _Day, table: Sheet, words: Words) -> Story:
    lead = words("lead_replay", calls=words.count(len(day.guests)), times=asked.times)
    return Story(table.title, lead, table, day.demo)


def _lines(lived: Sequence[tuple[str, Sequence[int], list[Lived]]], words: Words) -> list[Line]:
    return [Line(_named(name, words), some) for name, _agents, some in lived]


def _named(name: str, words: Words) -> str:
    count, _, word = name.partition(" ")
    return words(word, n=count) if count.isdigit() else words(name)
