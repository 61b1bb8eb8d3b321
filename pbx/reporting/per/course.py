"""The sheets of a report's intervals as one: a row for each interval and key, none of them missing.

What the report says of an interval alone stands in its rows. A key that an interval does not have (a queue without
calls) has counts of zero there and no shares: there is nothing that they could be a share of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pbx.reporting.intervals import local
from pbx.reporting.per.grid import EMPTY, MOST, Cell, Grid
from pbx.reporting.refused import BadRequest
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value

ALL = "all"
INTERVAL = Column("interval", "Interval", Unit.TEXT)
FROM, TO = Column("from", "From", Unit.TEXT, shown=False), Column("to", "To", Unit.TEXT, shown=False)
DAYS = Column("days", "Days")
PART = Column("part", "Part", Unit.TEXT)
OWN = (INTERVAL, FROM, TO, DAYS, PART)
Key = tuple[Value, ...]
Parts = Sequence[Sequence[Sheet]]  # of each interval the sheets of the report


def joined(grid: Grid, parts: Parts, keys: Sequence[str] = ()) -> list[Sheet]:
    """One sheet for each that the report has. `keys`: the columns that name a row; without them the texts it begins
    with. Raises BadRequest where there are too many rows.
    """
    return [_joined(grid, [one[number] for one in parts], keys) for number in range(len(parts[0]))]


def _joined(grid: Grid, sheets: Sequence[Sheet], keys: Sequence[str]) -> Sheet:
    first = sheets[0]
    columns = [column for column in first.columns if column.name != INTERVAL.name]
    kept = [at for at, column in enumerate(first.columns) if column.name != INTERVAL.name]
    named = _keys(columns, keys)
    rows = [{tuple(row[kept[at]] for at in named): [row[at] for at in kept] for row in sheet.rows} for sheet in sheets]
    order = _order(rows, len(named))
    shown = [at for at, cell in enumerate(grid.cells) if cell.part != EMPTY]
    if len(shown) * len(order) > MOST:
        raise BadRequest(
            f"{len(shown)} intervals of {len(order)} rows each are {len(shown) * len(order)} rows, and {MOST} is the "
            "most: ask for a shorter period, for longer intervals, or filter by one of them"
        )
    own = _own(grid)
    made: list[Sequence[Value]] = []
    for at in shown:
        start = _start(grid, grid.cells[at], own)
        made += [(*start, *row) for row in _rows(rows[at], order, columns, named)]
    remarks = {sheet.remarks for sheet in sheets}
    return replace(
        first,
        title=f"{first.title.partition(', ')[0]}, {grid.period.label}",
        columns=[*_shown(own, grid), *columns],
        rows=made,
        remarks=remarks.pop() if len(remarks) == 1 else "",
        bar=next((one.name for one in columns if one.formula and one.measured is Measure.COUNT), ""),
    )


def _keys(columns: Sequence[Column], names: Sequence[str]) -> list[int]:
    if names:
        return [at for at, column in enumerate(columns) if column.name in names]
    end = next((at for at, column in enumerate(columns) if column.unit is not Unit.TEXT), len(columns))
    return list(range(end))


def _order(rows: Sequence[dict[Key, list[Value]]], width: int) -> list[Key]:
    """Every key once: by name where the report has its rows so, else in the report's own order; all of them last."""
    parts = [[key for key in one if key[:1] != (ALL,)] for one in rows]
    found = list(dict.fromkeys(key for mine in parts for key in mine))
    if all(mine == sorted(mine, key=_sortable) for mine in parts):
        found.sort(key=_sortable)
    else:
        found = _merged(parts)
    last = dict.fromkeys(key for one in rows for key in one if key[:1] == (ALL,))
    return [*found, *last] or [(ALL, *[""] * (width - 1))]


def _merged(parts: Sequence[Sequence[Key]]) -> list[Key]:
    """What is new stands behind the one that it stands behind in its interval."""
    found: list[Key] = []
    known: set[Key] = set()
    for mine in parts:
        for at, key in enumerate(mine):
            if key not in known:
                found.insert(found.index(mine[at - 1]) + 1 if at else 0, key)
                known.add(key)
    return found


def _sortable(key: Key) -> list[tuple[bool, float, str]]:
    return [(value is None, *((value, "") if isinstance(value, int | float) else (0.0, str(value)))) for value in key]


def _rows(
    given: dict[Key, list[Value]], order: Sequence[Key], columns: Sequence[Column], named: Sequence[int]
) -> Iterable[Sequence[Value]]:
    for key in order:
        row = given.get(key)
        if row is None and key[:1] == (ALL,) and len(given) == 1:  # the only one is all of them
            row = list(next(iter(given.values())))
        elif row is None:
            row = [_nothing(column) for column in columns]
        for at, value in zip(named, key, strict=True):
            row[at] = value
        yield row


def _nothing(column: Column) -> Value:
    if column.unit is Unit.TEXT:
        return ""
    if column.unit is Unit.COUNT and column.measured is Measure.COUNT:
        return 0
    return 0.0 if column.formula and column.unit is Unit.SECONDS and column.measured is Measure.SUM else None


def _own(grid: Grid) -> list[Column]:
    folds = grid.step is not None and grid.step.folds
    return [one for one in OWN if one not in ((FROM, TO) if folds else (DAYS,))]


def _shown(own: Sequence[Column], grid: Grid) -> Iterable[Column]:
    parts = any(cell.part not in ("", EMPTY) for cell in grid.cells)
    return (replace(one, shown=parts) if one is PART else one for one in own)


def _start(grid: Grid, cell: Cell, own: Sequence[Column]) -> list[Value]:
    bounds = [local(us, grid.zone).isoformat() for us in cell.span] if FROM in own else []
    values: dict[Column, Value] = {INTERVAL: cell.name, DAYS: cell.days, PART: cell.part}
    values.update(zip((FROM, TO), bounds, strict=False))
    return [values[one] for one in own]
