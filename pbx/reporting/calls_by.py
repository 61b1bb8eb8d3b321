"""Calls, queued or not, by direction, trunk, tag of the number, number, source, queue or agent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from pbx.reporting.figures import CallFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.calls import CALLS as SOURCE
from pbx.reporting.opened.figure import ALL, NONE
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.store import schema
from pbx.store.intervals.bins import count, millionths, total
from pbx.store.intervals.families import CALLS
from pbx.store.intervals.reading import sums

SUMMED = ("direction", "trunk", "tag")  # what the sums of quarters know
BY = (*SUMMED, "number", "source", "medium", "campaign", "queue", "agent")
MICRO = 1_000_000
COLUMNS = (
    Column("calls", "Calls", formula="CALLS"),
    Column("answered", "An-\nswered", formula="CALLS.ANSWERED"),
    Column("answer_rate", "Answered,\nshare", Unit.SHARE, "CALLS.ANSWERED"),
    Column("average_talk_s", "Talk", Unit.SECONDS, "CALLS.ANSWERED", Measure.MEAN),
    Column("interrupted", "Inter-\nrupted", formula="CALLS.INTERRUPTED"),
)
NOTES = (
    "Answered: by anything, an announcement too. Talk: average of answered calls, without hold. Interrupted: cut off\n"
    "by a crash of the PBX. Queue, agent: the last ones of the call. Test calls are left out."
)
_cdr = schema.cdrs.c


def calls_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """The report."""
    return calls_sheets(connection, request, whole(request.period))[0]


def calls_sheets(connection: Connection, request: Request, grid: Grid) -> list[list[Sheet]]:
    """The same of each interval."""
    by = request.filter("by") or BY[0]
    course: list[dict[str, CallFigures]] = [{} for _ in grid.cells]
    narrowed = any(request.filter(name) for name in BY if name != by)
    rows = _summed(connection, grid, by) if by in SUMMED and not narrowed else _read(connection, request, grid, by)
    for at, (name, calls, answered, interrupted, talk_us) in rows:
        for key in (name or NONE, ALL):
            one = course[at].setdefault(key, CallFigures())
            one.calls += calls
            one.answered += answered
            one.interrupted += interrupted
            one.talk_s += talk_us / MICRO
    return [[_sheet(cell.interval, by, found)] for cell, found in zip(grid.cells, course, strict=True)]


def _summed(connection: Connection, grid: Grid, by: str) -> Iterator[tuple[int, Sequence[Any]]]:
    table = sums(connection, CALLS, grid.period.start_us, grid.period.end_us).c
    names = ("calls", "answered", "interrupted", "talk_us")
    query = select(grid.first(table.bin_us), table[by], *(total(table[name]) for name in names))
    for row in connection.execute(query.group_by(*grid.group(table.bin_us), table[by])):
        yield grid.split(row)


def _read(connection: Connection, request: Request, grid: Grid, by: str) -> Iterator[tuple[int, Sequence[Any]]]:
    period = grid.period
    wanted = [(name, request.filter(name)) for name in BY if request.filter(name)]
    call = (
        select(_cdr.started_us, _cdr.answered_us, _cdr.cause, _cdr.talk_s, _named(by).label("name"))
        .where(SOURCE.base, _cdr.started_us >= period.start_us, _cdr.started_us < period.end_us)
        .where(*(_named(name) == ("" if value == NONE else value) for name, value in wanted))
        .subquery("named_calls")
        .c
    )
    query = select(
        *(grid.first(call.started_us), call.name, count(), count(call.answered_us.is_not(None))),
        *(count(call.cause == "interrupted"), total(millionths(call.talk_s))),
    ).group_by(*grid.group(call.started_us), call.name)
    for row in connection.execute(query):
        yield grid.split(row)


def _named(name: str) -> ColumnElement[Any]:
    return SOURCE.told[name] if name in SOURCE.told else _cdr[SOURCE.keys[name]]


def _sheet(interval: Interval, by: str, found: dict[str, CallFigures]) -> Sheet:
    """A row for each name, and one for all."""
    names = sorted(found, key=lambda name: (name == ALL, name))
    columns = (Column(by, by.capitalize(), Unit.TEXT), *COLUMNS)
    rows: list[Sequence[Value]] = [_row(name, found[name]) for name in names]
    return replace(Sheet(f"Calls, {interval.label}", columns, notes=NOTES), rows=rows)


def _row(name: str, one: CallFigures) -> Sequence[Value]:
    return name, one.calls, one.answered, one.answer_rate, share(one.talk_s, one.answered), one.interrupted
