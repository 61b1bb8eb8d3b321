"""The figures of queues and trunks from exported files: those of pbx.reporting.queries, for millions of calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.reporting.analytics import AnalyticsError, connect, quoted
from pbx.reporting.figures import QueueFigures, TrunkFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.queries import DEFAULT_THRESHOLDS, Thresholds
from pbx.reporting.service_level import Counts
from pbx.reporting.sheet import Sheet

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
        figures = {name: QueueFigures(name, *pair) for name, pair in thresholds.items()}
        table = self._table("queue_visits", interval, "joined_us")
        query = _QUEUES.format(table=table, t=_limit(thresholds, 0), s=_limit(thresholds, 1))
        for row in self._duck.execute(query).fetchall() if table else ():
            name, outcome, visits, in_time, short, wait_us, longest_us, talk_us, hold_us, wrapup_us, offers, missed = (
                row
            )
            one = figures.setdefault(name, QueueFigures(name, *DEFAULT_THRESHOLDS))
            one.offered += visits
            one.offers += int(offers)
            one.offers_missed += int(missed)
            one.longest_wait_s = max(one.longest_wait_s, longest_us / _MICRO)
            if outcome == "answered":
                one.counts.answered, one.counts.answered_in_time = visits, int(in_time)
                one.wait_answered_s = int(wait_us) / _MICRO
                one.talk_s, one.hold_s, one.wrapup_s = (int(us) / _MICRO for us in (talk_us, hold_us, wrapup_us))
            elif outcome == "abandoned":
                counts: Counts = one.counts
                counts.abandoned, counts.abandoned_in_time, counts.abandoned_short = visits, int(in_time), int(short)
                one.wait_abandoned_s = int(wait_us) / _MICRO
            else:
                one.flows[outcome] = visits
        return [figures[name] for name in sorted(figures)]

    def trunks(self, interval: Interval) -> list[TrunkFigures]:
        """Of every trunk that was seized, by name."""
        table = self._table("trunk_calls", interval, "started_us")
        rows = self._duck.execute(_TRUNKS.format(table=table)).fetchall() if table else []
        return [_trunk(*row) for row in rows]

    def sheets(self, interval: Interval, thresholds: Thresholds) -> Sequence[Sheet]:
        """Both as sheets."""
        from pbx.reporting.queue_sheet import queues_sheet
        from pbx.reporting.trunk_sheet import trunks_sheet

        return [
            queues_sheet(interval, self.queues(interval, thresholds)),
            trunks_sheet(interval, self.trunks(interval)),
        ]


def _trunk(trunk: str, *rest: int) -> TrunkFigures:
    """A row of the query below."""
    one = TrunkFigures(trunk)
    one.seizures, one.answered, one.busy, one.no_answer, one.rejected = rest[:5]
    one.billed_s, one.pdd_sum_s, one.pdd_count = rest[5] / _MICRO, rest[6] / _MICRO, rest[7]
    one.pdd_max_s, one.cost = rest[8] / _MICRO, rest[9] / _MICRO
    one.mos_sum, one.mos_count = rest[10] / _MICRO, rest[11]
    return one


def _limit(thresholds: Thresholds, which: int) -> str:
    cases = "".join(f" WHEN {quoted(name)} THEN {pair[which]!r}" for name, pair in thresholds.items())
    return f"CASE queue{cases} ELSE {DEFAULT_THRESHOLDS[which]!r} END" if cases else repr(DEFAULT_THRESHOLDS[which])


def _us(column: str) -> str:
    return f"CAST(round({column} * 1000000) AS BIGINT)"


# ruff: noqa: S608 - what is put in is made of whole numbers and quoted names

_QUEUES = (
    "SELECT queue, outcome, count(*), count(*) FILTER (wait_s <= {t}), count(*) FILTER (wait_s <= {s}),"
    f" sum({_us('wait_s')}), max({_us('wait_s')}), sum({_us('talk_s')}), sum({_us('hold_s')}),"
    f" sum({_us('wrapup_s')}), sum(offers), sum(offers_missed)"
    " FROM {table} WHERE contact = '' GROUP BY queue, outcome"
)
_TRUNKS = (
    "SELECT trunk, count(*) FILTER (outcome <> 'continued'), count(*) FILTER (outcome = 'answered'),"
    " count(*) FILTER (outcome = 'busy'), count(*) FILTER (outcome = 'no_answer'),"
    " count(*) FILTER (outcome = 'rejected'),"
    f" sum({_us('billed_s')}), coalesce(sum({_us('pdd_s')}), 0), count(pdd_s), coalesce(max({_us('pdd_s')}), 0),"
    f" coalesce(sum({_us('cost')}), 0), coalesce(sum({_us('mos')}), 0), count(mos)"
    " FROM {table} GROUP BY trunk ORDER BY trunk"
)
