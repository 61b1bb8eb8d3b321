"""A reconciliation as a sheet, as what is kept of it, and as a page with a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.ledger.reconcile.records import Reason, System
from pbx.ledger.reconcile.solve import Solved
from pbx.ledger.terms import Terms
from pbx.numbers.table import TableError
from pbx.reporting.intervals import Interval, local
from pbx.reporting.money.compare import Given, compare
from pbx.reporting.money.reason_words import REASONS, SYSTEMS, WORDS
from pbx.reporting.money.waterfall import Fall, waterfall
from pbx.reporting.page.html import Page
from pbx.reporting.request import BadRequest, Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.reporting.words.remarks import remark
from pbx.store.database import reader_engine

if TYPE_CHECKING:
    from pbx.config import Language

ORDER = (System.PBX, System.CRM, System.GA, System.TRACKING)
MOST_LISTED = 200  # of the unexplained, on the page
KEYS = ("first_system", "second_system", "reason", "of_system")
COUNTED = "count"  # instead of a reason: what a system has
COLUMNS = (
    Column("first_system", "From", Unit.TEXT),
    Column("second_system", "To", Unit.TEXT),
    Column("reason", "Reason", Unit.TEXT),
    Column("of_system", "System", Unit.TEXT),
    Column("change", "Change", Unit.COUNT, "RECONCILED", Measure.SUM),
)
NOTES = "Each difference between two systems has a reason; their sum leads from one count to the other."


def reconciliation(connection: Connection, request: Request) -> Sequence[Sheet]:
    """The report of the registry: what other systems know from us; exports come with `centrala reconcile`."""
    solved = compare(connection, request.period, request.zone, request.money, {})
    return [steps_sheet(solved, request.period.label, request.language)]


def steps_sheet(solved: Solved, label: str, language: Language = "en") -> Sheet:
    """The steps from each system's count to the next one's."""
    sheet = Sheet(f"Reconciliation of counts, {label}", COLUMNS, notes=NOTES)
    for first, second in pairwise(systems_of(solved)):
        sheet.rows.append((first.value, second.value, COUNTED, first.value, solved.counts[first]))
        for step in solved.steps(first, second):
            sheet.rows.append((first.value, second.value, step.reason.value, step.of.value, step.count))
        sheet.rows.append((first.value, second.value, COUNTED, second.value, solved.counts[second]))
    sheet.remarks = remark(language, "unexplained", count=len(solved.unexplained()))
    if not sheet.rows:
        sheet.remarks = remark(language, "nothing")
    return sheet


def summary(solved: Solved) -> dict[str, Any]:
    """What is kept of a run beside its rows."""
    steps = [
        {
            "from": first.value,
            "to": second.value,
            "steps": [
                {"reason": step.reason.value, "system": step.of.value, "change": step.count}
                for step in solved.steps(first, second)
            ],
        }
        for first, second in pairwise(systems_of(solved))
    ]
    return {
        "counts": {system.value: count for system, count in solved.counts.items()},
        "matched": {system.value: dict(sorted(count.items())) for system, count in solved.by.items()},
        "clock_offset_s": {system.value: round(us / 1e6) for system, us in solved.offsets_us.items() if us},
        "steps": steps,
        "differences": len(solved.differences()),
        "unexplained": len(solved.unexplained()),
    }


def rows(solved: Solved) -> list[list[Any]]:
    """Each difference, as pbx.ledger.ports.LedgerStore.put_run takes it."""
    return [
        [
            line.call_id or line.about,
            line.at_us,
            line.number,
            line.place,
            [system.value for system in line.present],
            {system.value: reason.value for system, reason in line.reasons.items()},
        ]
        for line in solved.differences()
    ]


def differences_sheet(solved: Solved, label: str, zone: ZoneInfo) -> Sheet:
    """Each call or record that not every system has, with its reasons."""
    columns = [Column("at", "At", Unit.TEXT), Column("number", "Number", Unit.TEXT), Column("call", "Call", Unit.TEXT)]
    columns += [Column("place", "Line", Unit.TEXT), Column("systems", "In", Unit.TEXT)]
    columns += [Column(f"reason_{system.value}", system.value, Unit.TEXT) for system in systems_of(solved)[1:]]
    sheet = Sheet(f"Differences, {label}", columns)
    for line in solved.differences():
        at = f"{local(line.at_us, zone):%Y-%m-%d %H:%M:%S}"
        row: list[Value] = [at, line.number, line.call_id or line.about, line.place, " ".join(line.present)]
        sheet.rows.append([*row, *(line.reasons.get(system, "") for system in systems_of(solved)[1:])])
    return sheet


def page(solved: Solved, label: str, zone: ZoneInfo, language: Language) -> str:
    """The HTML: a waterfall for each pair of systems, and the unexplained one by one."""
    words, systems, reasons = WORDS[language], SYSTEMS[language], REASONS[language]
    made = Page(words["title"].format(period=label), language)
    made.say(words["made"].format(now=f"{local(_now_us(), zone):%Y-%m-%d %H:%M}", zone=zone.key), "lead")
    made.tiles([(f"{solved.counts[system]}", systems[system]) for system in systems_of(solved)])
    for first, second in pairwise(systems_of(solved)):
        heading = f"{systems[first]} → {systems[second]}"
        made.heading(heading)
        steps = solved.steps(first, second)
        falls = [Fall(_named(step.reason, step.of, reasons, systems), step.count) for step in steps]
        start, end = (systems[first], solved.counts[first]), (systems[second], solved.counts[second])
        made.picture(waterfall(heading, words["about"], start, falls, end))
        table = [[_named(step.reason, step.of, reasons, systems), f"{step.count:+d}"] for step in steps]
        made.table([words["reason"], words["change"]], table or [[words["same"], "0"]])
    left = solved.unexplained()
    made.heading(words["unexplained"].format(count=len(left)))
    if left:
        lines = [
            [f"{local(one.at_us, zone):%Y-%m-%d %H:%M:%S}", one.number, one.call_id or one.place, " ".join(one.present)]
            for one in left[:MOST_LISTED]
        ]
        made.table([words["at"], words["number"], words["call"], words["systems"]], lines)
    return made.html()


def _named(reason: Reason, of: System, reasons: Mapping[Reason, str], systems: Mapping[System, str]) -> str:
    return f"{reasons[reason]} ({systems[of]})"


def systems_of(solved: Solved) -> list[System]:
    """Those that were compared, in the order of the report."""
    return [system for system in ORDER if system in solved.counts]


def _now_us() -> int:
    return round(datetime.now(UTC).timestamp() * 1e6)


@dataclass(frozen=True, slots=True)
class ReconcileJob:
    """For a child process; see pbx.reporting.jobs.Job."""

    url: URL
    zone: str
    terms: Terms
    period: Interval
    given: Mapping[System, Given] = field(default_factory=dict)

    def solve(self) -> Solved:
        """Raises BadRequest for an export that cannot be read, StoreError without a database."""
        engine = reader_engine(self.url)
        try:
            with engine.begin() as connection:
                return compare(connection, self.period, ZoneInfo(self.zone), self.terms, self.given)
        except TableError as error:
            raise BadRequest(str(error)) from None
        finally:
            engine.dispose()

    def run(self) -> dict[str, Any]:
        solved = self.solve()
        return {"summary": summary(solved), "rows": rows(solved)}
