"""The figures of queues and trunks from exported files: those of pbx.reporting.queries, for millions of calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.reporting.analytics import AnalyticsError, connect, quoted
from pbx.reporting.figures import QueueFigures, TrunkFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.queries import DEFAULT_THRESHOLDS, Thresholds, queues_of
from pbx.reporting.sheet import Sheet
from pbx.store.outliers import LONGEST_S

if TYPE_CHECKING:
    import duckdb

_MICRO = 1_000_000


class Files:
    """Exported files in a folder. Use with `with`. Raises AnalyticsError where there are none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not folder.is_dir():
            text = f"{folder} is no folder of exported files: make it by `centrala export parquet {folder}`"
            raise AnalyticsError(text)
        self._duck: duckdb.DuckDBPyConnection = connect()

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def _table(self, name: str, interval: Interval, instant: str) -> str:
        """What is read; "" where nothing was exported."""
        if not next(self._folder.glob(f"{name}/month=*/*.parquet"), None):
            return ""
        files = quoted(str(self._folder / name / "month=*" / "*.parquet"))
        wanted = f"{instant} >= {interval.start_us} AND {instant} < {interval.end_us}"
        return f"(SELECT * FROM read_parquet({files}, hive_partitioning=false) WHERE {wanted})"

    def queues(self, interval: Interval, thresholds: Thresholds) -> list[QueueFigures]:
        """Of every queue that is configured or was joined, by name."""
        return self.queue_course(whole(interval), thresholds)[0]

    def queue_course(self, grid: Grid, thresholds: Thresholds) -> list[list[QueueFigures]]:
        """The same of each interval."""
        table = self._table("queue_visits", grid.period, "joined_us")
        given = {"t": _limit(thresholds, 0), "s": _limit(thresholds, 1), "cell": grid.text("joined_us")}
        found = self._duck.execute(_QUEUES.format(table=table, **given)).fetchall() if table else []
        rows = ((_at(grid, first), (*names, *map(int, sums))) for first, *names, sums in map(_parted, found))
        return queues_of(rows, grid, thresholds)

    def trunks(self, interval: Interval) -> list[TrunkFigures]:
        """Of every trunk that was seized, by name."""
        return self.trunk_course(whole(interval))[0]

    def trunk_course(self, grid: Grid) -> list[list[TrunkFigures]]:
        """The same of each interval."""
        table = self._table("trunk_calls", grid.period, "started_us")
        query = _TRUNKS.format(table=table, cell=grid.text("started_us"))
        course: list[dict[str, TrunkFigures]] = [{} for _ in grid.cells]
        for first, trunk, *sums in self._duck.execute(query).fetchall() if table else ():
            found = course[_at(grid, first)]
            _add(found.setdefault(trunk, TrunkFigures(trunk)), [int(value) for value in sums])
        return [list(found.values()) for found in course]

    def sheets(self, interval: Interval, thresholds: Thresholds, grid: Grid | None = None) -> Sequence[Sheet]:
        """Both as sheets; with `grid` the figures of each of its intervals. Raises BadRequest for too many rows."""
        from pbx.reporting.per.course import joined
        from pbx.reporting.queue_sheet import queues_sheet
        from pbx.reporting.trunk_sheet import trunks_sheet

        cut = grid if grid is not None else whole(interval)
        courses = self.queue_course(cut, thresholds), self.trunk_course(cut)
        parts = [
            [queues_sheet(cell.interval, queues), trunks_sheet(cell.interval, trunks)]
            for cell, queues, trunks in zip(cut.cells, *courses, strict=True)
        ]
        return parts[0] if grid is None else joined(grid, parts)


def _at(grid: Grid, first_us: int) -> int:
    return grid.index(first_us) if len(grid.cells) > 1 else 0


def _parted(row: Sequence[Any]) -> tuple[Any, ...]:
    """(first instant, queue, outcome, sums)."""
    return (*row[:3], row[3:])


def _add(one: TrunkFigures, sums: Sequence[int]) -> None:
    """A row of the query below, of which an interval may have several."""
    one.seizures += sums[0]
    one.answered += sums[1]
    one.busy += sums[2]
    one.no_answer += sums[3]
    one.rejected += sums[4]
    one.billed_s += sums[5] / _MICRO
    one.pdd_sum_s += sums[6] / _MICRO
    one.pdd_count += sums[7]
    one.pdd_max_s = max(one.pdd_max_s, sums[8] / _MICRO)
    one.cost += sums[9] / _MICRO
    one.mos_sum += sums[10] / _MICRO
    one.mos_count += sums[11]


def _limit(thresholds: Thresholds, which: int) -> str:
    cases = "".join(f" WHEN {quoted(name)} THEN {pair[which]!r}" for name, pair in thresholds.items())
    return f"CASE queue{cases} ELSE {DEFAULT_THRESHOLDS[which]!r} END" if cases else repr(DEFAULT_THRESHOLDS[which])


def _us(column: str) -> str:
    return f"CAST(round({column} * 1000000) AS BIGINT)"


_OUT = f"(talk_s + hold_s > {LONGEST_S} OR wrapup_s > {LONGEST_S})"


def _inside(column: str) -> str:
    """The sum without that of outliers (pbx.store.outliers)."""
    return f"coalesce(sum({_us(column)}) FILTER (NOT {_OUT}), 0)"


# ruff: noqa: S608 - what is put in is made of whole numbers and quoted names

_QUEUES = (
    "SELECT min(joined_us), queue, outcome, count(*), count(*) FILTER (wait_s <= {t}), count(*) FILTER (wait_s <= {s}),"
    f" sum({_us('wait_s')}), max({_us('wait_s')}), {_inside('talk_s')}, {_inside('hold_s')}, {_inside('wrapup_s')},"
    f" sum(offers), sum(offers_missed), count(*) FILTER ({_OUT} AND outcome = 'answered')"
    " FROM {table} WHERE contact = '' GROUP BY {cell}, queue, outcome"
)
_TRUNKS = (
    "SELECT min(started_us), trunk, count(*) FILTER (outcome <> 'continued'), count(*) FILTER (outcome = 'answered'),"
    " count(*) FILTER (outcome = 'busy'), count(*) FILTER (outcome = 'no_answer'),"
    " count(*) FILTER (outcome = 'rejected'),"
    f" sum({_us('billed_s')}), coalesce(sum({_us('pdd_s')}), 0), count(pdd_s), coalesce(max({_us('pdd_s')}), 0),"
    f" coalesce(sum({_us('cost')}), 0), coalesce(sum({_us('mos')}), 0), count(mos)"
    " FROM {table} GROUP BY {cell}, trunk ORDER BY trunk"
)
