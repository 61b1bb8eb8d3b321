"""Callers' steps through flows: how many left each block, and by which exit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, select

from pbx.reporting.intervals import Interval
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store.intervals.bins import total
from pbx.store.intervals.families import BLOCKS
from pbx.store.intervals.reading import sums

COLUMNS = (
    Column("flow", "Flow", Unit.TEXT),
    Column("block", "Block", Unit.TEXT),
    Column("exit", "Exit", Unit.TEXT),
    Column("steps", "Steps", formula="FLOW.STEPS"),
    Column("exit_share", "Of the\nblock", Unit.SHARE, "FLOW.EXIT"),
)
NOTES = (
    "Steps: how often callers left the block by this exit, at that time; one caller may pass it several times.\n"
    "Of the block: share of all who left it."
)
Exits = Counter[tuple[str, str, str]]


def blocks_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """The report."""
    return blocks_sheets(connection, request, whole(request.period))[0]


def blocks_sheets(connection: Connection, _: Request, grid: Grid) -> list[list[Sheet]]:
    """The same of each interval."""
    table = sums(connection, BLOCKS, grid.period.start_us, grid.period.end_us).c
    names = (table.flow, table.block, table.exit)
    query = select(grid.first(table.bin_us), *names, total(table.steps)).group_by(*grid.group(table.bin_us), *names)
    course: list[Exits] = [Counter() for _ in grid.cells]
    for row in connection.execute(query):
        at, (flow, block, exit_, steps) = grid.split(row)
        course[at][flow, block, exit_] += steps
    return [[_sheet(cell.interval, found)] for cell, found in zip(grid.cells, course, strict=True)]


def _sheet(interval: Interval, found: Exits) -> Sheet:
    of_block: Counter[Sequence[str]] = Counter()
    for key, steps in found.items():
        of_block[key[:2]] += steps
    rows = [(*key, steps, steps / of_block[key[:2]]) for key, steps in sorted(found.items())]
    return Sheet(f"Flow blocks, {interval.label}", COLUMNS, [*rows], NOTES)
