"""One interval of a report, by its name: what opens a figure of it to its calls."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from pbx.reporting.intervals import Interval
from pbx.reporting.per.grid import EMPTY, Grid, grid_of
from pbx.reporting.per.step import Step
from pbx.reporting.refused import BadRequest

MOST_NAME = 40  # characters


@dataclass(frozen=True, slots=True)
class Fold:
    """A weekday or an hour of the day: of a period only the instants that are in it."""

    grid: Grid
    number: int

    def condition(self, at_us: ColumnElement[int]) -> ColumnElement[bool]:
        return self.grid.group(at_us)[0] == self.number

    def has(self, at_us: int) -> bool:
        return self.grid.index(at_us) == self.number


def one_of(period: Interval, per: str, name: str, zone: ZoneInfo, now_us: int) -> tuple[Interval, Fold | None]:
    """The interval that a report of the period has under this name; of a weekday or an hour of the day the period with
    what of it counts. Without `per` and `name` the period. Raises BadRequest.
    """
    if not per and not name:
        return period, None
    if not per or not name:
        raise BadRequest("per and interval go together: per=hour, interval=2026-10-25T02:00+02:00")
    if per not in list(Step):
        raise BadRequest(f"per is {per[:MOST_NAME]!r}: write one of {', '.join(one.value for one in Step)}")
    grid = grid_of(period, Step(per), zone, now_us)
    wanted = name.replace(" ", "+")  # as a + of an address is read
    for number, cell in enumerate(grid.cells):
        if cell.name == wanted and cell.part != EMPTY:
            return (period, Fold(grid, number)) if Step(per).folds else (cell.interval, None)
    first, last = grid.cells[0].name, grid.cells[-1].name
    raise BadRequest(f"per {per} the period has no interval {name[:MOST_NAME]!r}: they go from {first} to {last}")
