"""What `centrala twin` prints; imported when it is asked for."""

from __future__ import annotations

import os
import sys
import tempfile
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pbx.cli.console import err, fail, out, show, show_sheet
from pbx.config import Language
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.requirement import Target
from pbx.twin.caveats import caveats
from pbx.twin.cleaning import Cleaned, clean
from pbx.twin.dates import Order
from pbx.twin.fitting import LEAST, Fit, fit
from pbx.twin.found import Reading, mean_wrapup_s
from pbx.twin.page import Words, page_of
from pbx.twin.reading import files_of, read_all
from pbx.twin.record import TwinError
from pbx.twin.records import Records
from pbx.twin.roster import parse_roster
from pbx.twin.scenarios import Price, run, sheet
from pbx.twin.sheets import Wanted, customer_of, summary, week_sheet
from pbx.twin.simulation import World
from pbx.twin.table import Source
from pbx.twin.values import telephone
from pbx.twin.verdict import story, verdict

MORE = (-2, -1, 0, 1, 2)  # people in each hour, beside what is given
GIVEN = MORE.index(0)
ASSUMED_RETRIALS = 0.3
Times = tuple[float, float | None, float]  # talk (or handling), wrap-up, patience; 0, None, 0: what the calls tell


@dataclass(slots=True)
class Asked:
    """What the command was given."""

    files: Sequence[Path]
    zone: str
    country: str
    columns: Sequence[str]
    own: Sequence[str]
    tests: Sequence[str]
    dates: Order | None = None

    def source(self) -> Source:
        try:
            zone = zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            fail(f"{self.zone!r} is no time zone; write one like Europe/Warsaw", 2)
        columns = {}
        for text in self.columns:
            meaning, equals, heading = text.partition("=")
            if not equals:
                fail(f"{text!r} names no column; write --column at=Start", 2)
            columns[meaning.strip()] = heading.strip()
        return Source(zone, self.country.upper(), columns, tuple(self.own), self.dates)


def read_report(asked: Asked, target: tuple[float, float, float], times: Times, form: str) -> None:
    """Reads, cleans, fits and prints; a table of the needs is what CSV and JSON hold."""
    source = asked.source()
    readings, cleaned = calls_of(asked, source)
    for _name, reading in readings:
        if reading.demo:
            err.print(reading.demo["en"], markup=False)
    if form == "table":
        for name, reading in readings:
            _show_reading(name, reading)
        _show_cleaned(cleaned)
    try:
        found = fit(cleaned, source.zone)
        handling, _, patience = times
        needs = week_sheet(found, Wanted(Target(*target), handling, _wrapup(times, readings), patience))
    except ValueError as error:
        fail(error)
    if form == "table":
        show("The calls", ["what", "figure"], [list(line) for line in summary(found)], "")
        for line in caveats(found):
            out.print(f"! {line}", markup=False, highlight=False, soft_wrap=True)
    _print(needs, form)


@dataclass(slots=True)
class Simulated:
    """What is to be lived through."""

    roster: str
    days: int
    lines: int
    within_s: float
    times: Times
    retrials: float | None
    seed: int
    processes: int
    share: float
    page: Path | None
    language: Language


def simulate_report(asked: Asked, wanted: Simulated, prices: tuple[float, float, float], form: str) -> None:
    """Five rosters over the same days."""
    source = asked.source()
    try:
        roster = parse_roster(wanted.roster)
        readings, cleaned = calls_of(asked, source)
        found = fit(cleaned, source.zone)
        world = _world(found, wanted, _wrapup(wanted.times, readings) or 0.0)
    except ValueError as error:
        fail(error)
    rosters = [(f"{more:+d}" if more else "as given", roster.with_agents(more)) for more in MORE]
    processes = wanted.processes or os.cpu_count() or 1
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("days", total=wanted.days * len(rosters))
        lived = run(
            *(world, rosters, wanted.days, wanted.seed, processes),
            lambda done, _all: bar.update(task, completed=done),
        )
    table = sheet(lived, world, Price(*prices))
    for _name, one in readings:
        if one.demo:
            err.print(one.demo["en"], markup=False)
    _print(table, form)
    if form == "table":
        for line in verdict(lived, GIVEN, wanted.share, (found, world, Price(*prices)), Words("en")):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if wanted.page is not None:
        words = Words(wanted.language)
        table.rows = [[words("as given") if row[0] == "as given" else row[0], *row[1:]] for row in table.rows]
        page = story(lived, GIVEN, wanted.share, (found, world, Price(*prices), table), words)
        page.demo = next((one.demo[wanted.language] for _name, one in readings if one.demo), "")
        write_page(wanted.page, page_of(page, words))


def _wrapup(times: Times, readings: Sequence[tuple[str, Reading]]) -> float | None:
    """What is given counts, 0 as well, then what the sources tell."""
    return times[1] if times[1] is not None else mean_wrapup_s(reading for _, reading in readings)


def _world(found: Fit, wanted: Simulated, wrapup: float) -> World:
    """First attempts come as in the files; who is not served rings again as often as there."""
    talk, _, patience = wanted.times
    customer, _assumed = customer_of(found, Wanted(Target(), talk, 0.0, patience))
    spread = found.talk_spread if found.talk_spread and not talk else 1.0
    retrials = wanted.retrials
    if retrials is None:
        retrials = min(found.again.value or 0.0, 0.95) if found.again.whole >= LEAST else ASSUMED_RETRIALS
    return World(
        *(found.fresh, customer.handling_s, spread, wrapup, customer.patience_s, wanted.lines, retrials),
        within_s=wanted.within_s,
    )


def calls_of(asked: Asked, source: Source) -> tuple[list[tuple[str, Reading]], Cleaned]:
    """What the files hold, cleaned, with a bar that shows how far the reading is. Ends with an error."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        try:
            task = bar.add_task("read", total=sum(path.stat().st_size for path in files_of(asked.files)))
            readings = read_all(asked.files, source, lambda more: bar.advance(task, more))
            bar.update(task, description="put together", total=None)
            records = Records()
            for _, reading in readings:
                reading.calls = len(reading.records)
                records.extend(reading.records)
            tests = {telephone(number, source.country) for number in asked.tests}
            return readings, clean(records, tests)
        except TwinError as error:
            fail(error)
        except OSError as error:
            fail(f"{error.filename or tempfile.gettempdir()}: {error.strerror}")


def _print(found: Sheet, form: str) -> None:
    if form == "table":
        show_sheet(sheet_table(found))
    else:
        sys.stdout.write(found.csv() if form == "csv" else found.json() + "\n")


def write_page(path: Path, text: str) -> None:
    """Ends with an error where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
    err.print(f"Written to {path}", markup=False, soft_wrap=True)


def _show_reading(name: str, reading: Reading) -> None:
    show(
        f"{name}: {reading.form}, {reading.calls:,} lines of calls",
        ["meaning", "column"],
        [[meaning, column] for meaning, column in reading.mapping.items()],
        f"{name}: {reading.form}, {reading.calls:,} calls",
    )
    for note in reading.notes:
        err.print(note, markup=False, highlight=False, soft_wrap=True)
    for reason, count in reading.counted.most_common():
        err.print(
            f"{count:,} {'call' if count == 1 else 'calls'} {reason}", markup=False, highlight=False, soft_wrap=True
        )
    for reason, count in reading.skipped.most_common():
        err.print(
            f"{count:,} lines left out: {reason} ({reading.examples[reason]})",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _show_cleaned(cleaned: Cleaned) -> None:
    rows: list[list[object]] = [[reason, f"{count:,}"] for reason, count in cleaned.removed.most_common()]
    show("Taken out or put together", ["why", "lines"], rows, "Every line is a call of its own.")
