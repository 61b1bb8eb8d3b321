"""`centrala staffing roster`: who works when, so that the hours have the people whom they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pbx.call.hours import OpeningHours
from pbx.cli.console import err, fail, out, show_sheet
from pbx.cli.staffing_reports import Choice, Past, date_of, noted, reading, written
from pbx.config import Config
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.demand import day_need, days_from
from pbx.staffing.forecast import by_slots
from pbx.staffing.requirement import Customer, Target
from pbx.staffing.roster.document import GRID, Document, RosterError, read
from pbx.staffing.roster.draft import draft
from pbx.staffing.roster.lines import duty_sheet, twin_text
from pbx.staffing.roster.need import Need, read_need, spread
from pbx.staffing.roster.plan import Plan
from pbx.staffing.roster.sheets import coverage_sheet, roster_sheet
from pbx.staffing.roster.solver import solve
from pbx.staffing.smoothed import NotInstalled
from pbx.staffing.words import ENGLISH, Say

EXAMPLE = Path(__file__).resolve().parent.parent / "staffing" / "roster" / "example.toml"
MINUTES = 30  # the intervals of a forecast need


@dataclass(slots=True)
class Asked:
    """`need`: a CSV instead of a forecast."""

    plan: Path
    need: Path | None
    first: str
    days: int
    target: Target
    shrinkage: float
    seconds: float
    processes: int
    seed: int
    to: Path | None = None  # the roster as CSV
    duties: Path | None = None  # a line a shift
    twin: Path | None = None  # the week for `centrala twin --roster`
    language: Choice = ""
    config: Path = Path()  # whose language it is where none is asked for


def draft_of(config: Config, first: str) -> str:
    """A document for the agents of the configuration, for the span of its first opening hours' longest day."""
    begin = date_of(first, "--from") if first else _next_monday(date.today())
    opens = [OpeningHours.of(entry, config.server.timezone).open_on(begin) for entry in config.hours]
    spans = [one for one in opens if one]
    try:
        if not spans:
            return draft([(one.extension, one.name) for one in config.agent], begin)
        span = (_clock(spans[0][0][0]), _clock(spans[0][-1][1]))
        return draft([(one.extension, one.name) for one in config.agent], begin, span)
    except ValueError as error:
        fail(error)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def roster_report(past: Callable[[], Past], asked: Asked, form: str) -> None:
    """Solves, writes what is to be written, and prints."""
    told = form == "table" and not asked.language and asked.config.exists()
    known = past() if asked.need is None or told else None  # --need needs no configuration
    spoken = known.config.server.language if known is not None else "en"
    say = Say(asked.language or spoken) if form == "table" else ENGLISH
    try:
        document = read(asked.plan)
        first = date_of(asked.first) if asked.first else _next_monday(date.today())
        if asked.need is not None:
            need, customer, around = read_need(asked.need, first, asked.days), None, ""
        else:
            assert known is not None
            need, customer, around = _forecast(known, asked, first, say)
        plan = _solved(document, need, asked)
    except (RosterError, NotInstalled) as error:
        fail(error)
    roster = roster_sheet(document, need, plan)
    covered = coverage_sheet(document, need, plan, customer, asked.target, say)
    noted(covered, around)
    if asked.to is not None:
        written(asked.to, roster.csv())
    if asked.duties is not None:
        written(asked.duties, duty_sheet(document, plan).csv())
    if asked.twin is not None:
        written(asked.twin, twin_text(document, need, plan) + "\n")
    if form == "json":
        out.print_json(
            data={
                "plan": plan.data(),
                "roster": _rows(roster),
                "coverage": _rows(covered),
                "notes": "\n".join(filter(None, (covered.below, roster.below))),
            }
        )
    elif form == "csv":
        out.print(roster.csv(), markup=False, soft_wrap=True, end="")
    else:
        show_sheet(sheet_table(covered, say.language))
        show_sheet(sheet_table(roster_sheet(document, need, plan, say), say.language))


def _rows(sheet: Sheet) -> list[dict[str, object]]:
    return [dict(zip((column.name for column in sheet.columns), row, strict=True)) for row in sheet.rows]


def _forecast(asked: Past, options: Asked, first: date, say: Say) -> tuple[Need, Customer, str]:
    with reading(asked.config) as reporter:
        past = asked.history(reporter, first)
    is_holiday = asked.is_holiday()
    agents, calls = [], []
    try:
        customer = asked.customer(past)
        around = asked.around(past, first + timedelta(days=options.days - 1), say)
        terms = asked.terms(options.target, MINUTES, options.shrinkage)
        for day in days_from(first, options.days):
            found = day_need(past, day, is_holiday, terms, asked.method, asked.events, asked.ignored)
            agents.append(spread(found.agents(MINUTES, people=True), MINUTES))
            calls.append(tuple(float(n) for n in by_slots(found.found.calls, GRID)))
    except ValueError as error:
        fail(error)
    if not any(map(any, agents)):
        fail(f"queue {past.queue!r} has no calls to plan for before {first}: give a --need file, or another --from")
    return Need(first, tuple(agents), tuple(calls)), customer, around


def _solved(document: Document, need: Need, asked: Asked) -> Plan:
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    ) as shown:
        task = shown.add_task(f"{len(document.person)} people, {len(need.agents)} days, {asked.seconds:g} s at most")

        def tell(penalty: int, bound: int, _s: float) -> None:
            shown.update(task, description=f"penalty {penalty}, at best {max(bound, 0)}")

        return solve(document, need, limit_s=asked.seconds, processes=asked.processes, seed=asked.seed, progress=tell)


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())
