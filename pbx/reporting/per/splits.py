"""Which reports tell the figures of each interval, and how: all intervals by one reading where there is a way to it.

A report without such a way is made for each interval, which costs as much as to ask for each; so it has fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pbx.reporting.agents import agent_course, agents_sheet
from pbx.reporting.calls_by import calls_sheets
from pbx.reporting.customers import customer_course, customers_rows
from pbx.reporting.flow_blocks import blocks_sheets
from pbx.reporting.opened.team import spans
from pbx.reporting.per.course import Parts, joined
from pbx.reporting.per.grid import Grid, grid_of
from pbx.reporting.per.step import Step
from pbx.reporting.queries import trunk_course
from pbx.reporting.queues_by import queue_sheets
from pbx.reporting.refused import BadRequest
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet
from pbx.reporting.teams import teams_sheets
from pbx.reporting.trunk_sheet import trunks_sheet

MOST_MADE = 400  # intervals of a report that is made for each of them
MOST_OF_MONEY = 31  # of one that reads the calls of the time before for each of them
Split = Callable[[Connection, Request, Grid], Parts]
Make = Callable[[Connection, Request], Sequence[Sheet]]
Keep = Callable[[Sheet], Sheet]  # what the filters leave


@dataclass(frozen=True, slots=True)
class Per:
    """How a report is told per interval. `split` reads all intervals at once; `finest` is the shortest interval that
    its figures mean something in; `folds`: days may be put together; `keys` name a row.
    """

    split: Split | None = None
    finest: Step = Step.QUARTER_HOUR
    folds: bool = False
    keys: tuple[str, ...] = ()
    most: int = MOST_MADE  # intervals, without `split`

    @property
    def steps(self) -> tuple[Step, ...]:
        """What it can be asked per."""
        return tuple(one for one in Step if one.rank >= self.finest.rank and (self.folds or not one.folds))


def _trunks(connection: Connection, _: Request, grid: Grid) -> Parts:
    course = trunk_course(connection, grid)
    return [[trunks_sheet(cell.interval, found)] for cell, found in zip(grid.cells, course, strict=True)]


def _agents(connection: Connection, request: Request, grid: Grid) -> Parts:
    given = (spans(connection, request), request.filter("team"))
    course = agent_course(connection, grid, request.now_us)
    known = {cell.span: found for cell, found in zip(grid.cells, course, strict=True)}
    return [[agents_sheet(connection, [cell.interval], request.now_us, *given, known=known)] for cell in grid.cells]


def _customers(connection: Connection, request: Request, grid: Grid) -> Parts:
    course = customer_course(connection, request, grid)
    return [[customers_rows(cell.interval, found)] for cell, found in zip(grid.cells, course, strict=True)]


PER: Mapping[str, Per] = {
    "queues": Per(queue_sheets, folds=True),
    "agents": Per(_agents, keys=("agent",)),
    "teams": Per(teams_sheets),
    "trunks": Per(_trunks, folds=True),
    "calls": Per(calls_sheets, folds=True),
    "blocks": Per(blocks_sheets, folds=True),
    "callbacks": Per(keys=("queue",)),
    "missed": Per(),
    "patience": Per(),
    "promises": Per(keys=("queue", "at_most_s")),
    "customers": Per(_customers, finest=Step.DAY),
    "redials": Per(),
    "delays": Per(),
    "lost": Per(),
    "tools": Per(),
    "automatic": Per(),
    "campaigns": Per(finest=Step.DAY),
    "sms": Per(),
    "surveys": Per(),
    "dealers": Per(),
    "partners": Per(keys=("partner",)),
    "money": Per(finest=Step.DAY, most=MOST_OF_MONEY),
    "missed_money": Per(finest=Step.DAY, most=MOST_OF_MONEY),
    "sources": Per(),
    "pools": Per(finest=Step.HOUR),
    "reveals": Per(),
}


def course(connection: Connection, name: str, make: Make, request: Request, keep: Keep) -> list[Sheet]:
    """The sheets of a report per interval. Raises BadRequest."""
    step, how = request.per, PER.get(name)
    assert step is not None
    if how is None:
        told = ", ".join(PER)
        raise BadRequest(f"report {name} has no intervals: leave per out, or ask for one of {told}")
    if step not in how.steps:
        given = ", ".join(one.value for one in how.steps)
        raise BadRequest(f"report {name} cannot be told per {step.value}: write one of {given}")
    grid = grid_of(request.period, step, request.zone, request.now_us)
    if how.split is not None:
        parts = how.split(connection, request, grid)
    else:
        parts = _made(connection, name, make, request, grid)
    return joined(grid, [[keep(sheet) for sheet in one] for one in parts], how.keys)


def _made(connection: Connection, name: str, make: Make, request: Request, grid: Grid) -> Parts:
    if len(grid.cells) > PER[name].most:
        raise BadRequest(
            f"{len(grid.cells)} intervals of report {name} take too long, and {PER[name].most} is the most: ask for a "
            "shorter period, or for longer intervals"
        )
    return [make(connection, replace(request, period=cell.interval, per=None)) for cell in grid.cells]
