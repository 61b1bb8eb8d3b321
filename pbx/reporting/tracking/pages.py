"""Masked numbers that visitors asked for, with the calls that came of them; and pages that showed a wrong number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, case, func, select

from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.store.encode import seconds
from pbx.store.schema_tracking import number_guard
from pbx.store.tracking_lists import reveal_list

REVEAL_COLUMNS = (
    Column("masked", "masked", Unit.TEXT),
    Column("dealer", "dealer", Unit.TEXT),
    Column("number", "number", Unit.TEXT),
    Column("reveals", "reveals", formula="REVEALS"),
    Column("calls", "calls", formula="REVEAL.CALLS"),
    Column("answered", "answ.", formula="REVEAL.ANSWERED"),
    Column("missed", "missed", formula="REVEAL.MISSED"),
    Column("missed_share", "missed\nshare", Unit.SHARE, "REVEAL.MISSED"),
    Column("talk_s", "talk", Unit.SECONDS, "REVEAL.ANSWERED", Measure.SUM),
)
REVEAL_NOTES = (
    "Reveals: visits that asked for the whole number. Calls: of that number in the same time, tests left out."
)
GUARD_COLUMNS = (
    Column("site", "site", Unit.TEXT),
    Column("page", "page", Unit.TEXT),
    Column("verdict", "verdict", Unit.TEXT),
    Column("reports", "reports", formula="GUARD.REPORTS"),
    Column("visits", "visits", formula="GUARD.VISITS"),
    Column("shown", "shown", Unit.TEXT),
    Column("assigned", "assigned", Unit.TEXT),
    Column("fixed", "fixed", formula="GUARD.FIXED"),
)
GUARD_NOTES = (
    "Pages on which the number guard found a wrong number. Fixed: 1 when the last report of the page was good."
)
GOOD = "number_ok"


def reveals(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Masked numbers by dealer, joined with their calls."""
    period = request.period
    rows: list[Sequence[Value]] = []
    for row in reveal_list(connection, seconds(period.start_us), seconds(period.end_us)):
        calls, answered = int(row["calls"]), int(row["answered"])
        missed = calls - answered
        counts = (row["reveals"], calls, answered, missed, share(missed, calls), float(row["talk_s"]))
        rows.append((row["subject"], row["dealer"], row["number"], *counts))
    return [Sheet(f"Masked numbers, {period.label}", REVEAL_COLUMNS, rows, REVEAL_NOTES)]


def guard(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Pages that showed something else than the number they were given."""
    table, period = number_guard.c, request.period
    within = (table.at_us >= period.start_us, table.at_us < period.end_us)
    last_good = func.max(case((table.verdict == GOOD, table.at_us), else_=0))
    last_bad = func.max(case((table.verdict != GOOD, table.at_us), else_=0))
    ended = select(table.site, table.page, last_good, last_bad).where(*within).group_by(table.site, table.page)
    fixed = {(site, page): int(good > bad) for site, page, good, bad in connection.execute(ended)}
    counted = (
        select(
            table.site, table.page, table.verdict, func.count(), func.count(table.visit.distinct()),
            func.max(table.shown), func.max(table.assigned),
        )
        .where(*within, table.verdict != GOOD)
        .group_by(table.site, table.page, table.verdict)
        .order_by(func.count().desc(), table.page)
    )  # fmt: skip
    rows = [(*row, fixed[row[0], row[1]]) for row in connection.execute(counted)]
    return [Sheet(f"Number guard, {period.label}", GUARD_COLUMNS, list(rows), GUARD_NOTES)]
