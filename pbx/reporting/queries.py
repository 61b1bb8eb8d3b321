"""The figures of queues, trunks and calls, added up from the sums of quarters of an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, not_, select

from pbx.reporting.figures import CallFigures, QueueFigures, TrunkFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.per.grid import Grid, whole
from pbx.store import schema
from pbx.store.intervals.bins import total
from pbx.store.intervals.families import CALLS, QUEUES, TRUNKS
from pbx.store.intervals.reading import sums
from pbx.store.outcome import CONTINUED, Outcome
from pbx.store.schema_intervals import WAITS_S

Thresholds = Mapping[str, tuple[float, float]]  # queue -> (T, S) in seconds
_MICRO = 1_000_000
DEFAULT_THRESHOLDS = (20.0, 5.0)


def queue_figures(connection: Connection, interval: Interval, thresholds: Thresholds) -> list[QueueFigures]:
    """Figures of every queue that is configured or was joined, by name."""
    return queue_course(connection, whole(interval), thresholds)[0]


def queue_course(connection: Connection, grid: Grid, thresholds: Thresholds) -> list[list[QueueFigures]]:
    """The same of each interval."""
    return queues_of(_visits(connection, grid, thresholds), grid, thresholds)


def queues_of(
    rows: Iterable[tuple[int, Sequence[Any]]], grid: Grid, thresholds: Thresholds
) -> list[list[QueueFigures]]:
    """Of each interval the figures of every queue that has thresholds or rows, by name.

    A row is the interval's number and (queue, outcome, visits, within T, within S, wait, longest wait, talk, hold,
    wrap-up, offers, offers missed, outliers), durations in microseconds; outliers are in no talk, hold and wrap-up.
    """
    course: list[dict[str, QueueFigures]] = [
        {name: QueueFigures(name, *pair) for name, pair in thresholds.items()} for _ in grid.cells
    ]
    for at, (name, outcome, visits, in_time, short, wait_us, longest_us, *rest) in rows:
        one = course[at].setdefault(name, QueueFigures(name, *DEFAULT_THRESHOLDS))
        talk_us, hold_us, wrapup_us, offers, missed, left_out = rest
        one.offered += visits
        one.offers += offers
        one.offers_missed += missed
        one.longest_wait_s = max(one.longest_wait_s, longest_us / _MICRO)
        if outcome == "answered":
            one.counts.answered += visits
            one.counts.answered_in_time += in_time
            one.wait_answered_s += wait_us / _MICRO
            one.talk_s += talk_us / _MICRO
            one.hold_s += hold_us / _MICRO
            one.wrapup_s += wrapup_us / _MICRO
            one.left_out += left_out
        elif outcome == "abandoned":
            one.counts.abandoned += visits
            one.counts.abandoned_in_time += in_time
            one.counts.abandoned_short += short
            one.wait_abandoned_s += wait_us / _MICRO
        else:
            one.flows[outcome] = one.flows.get(outcome, 0) + visits
    return [[figures[name] for name in sorted(figures)] for figures in course]


def _visits(connection: Connection, grid: Grid, thresholds: Thresholds) -> Iterable[tuple[int, Sequence[Any]]]:
    """What `queues_of` takes, of the visits of callers that began in the period."""
    interval = grid.period
    table = sums(connection, QUEUES, interval.start_us, interval.end_us).c
    in_time, short = (within_column(table, thresholds, which) for which in (0, 1))
    cell = grid.group(table.bin_us)
    query = (
        select(
            grid.first(table.bin_us),
            table.queue,
            table.outcome,
            total(table.visits),
            total(in_time),
            total(short),
            total(table.wait_us),
            func.max(table.wait_max_us),
            *(total(one) for one in (table.talk_us, table.hold_us, table.wrapup_us)),
            *(total(one) for one in (table.offers, table.offers_missed, table.left_out)),
        )
        .where(not_(table.callback))
        .group_by(*cell, table.queue, table.outcome)
    )
    odd = {name: pair for name, pair in thresholds.items() if not set(pair) <= set(WAITS_S)}
    exact = _exact(connection, grid, odd) if odd else {}
    told: set[tuple[int, str, str]] = set()
    for row in connection.execute(query):
        at, found = grid.split(row)
        key = (at, found[0], found[1])
        if found[0] in odd:  # several cells of a month: what was counted from the visits is of all of them
            counts = exact.get(key, (0, 0)) if key not in told else (0, 0)
            told.add(key)
            yield at, (*found[:3], *counts, *found[5:])
        else:
            yield at, found


def within_column(table: Any, thresholds: Thresholds, which: int = 0) -> ColumnElement[int]:
    """The column of the visits that waited for no longer than their queue's T or S."""
    default = table[f"within_{DEFAULT_THRESHOLDS[which]:g}_s"]
    kept = {
        name: table[f"within_{pair[which]:g}_s"]
        for name, pair in thresholds.items()
        if pair[which] in WAITS_S and pair[which] != DEFAULT_THRESHOLDS[which]
    }
    return case(kept, value=table.queue, else_=default) if kept else default


def _exact(connection: Connection, grid: Grid, thresholds: Thresholds) -> dict[tuple[int, str, str], tuple[int, int]]:
    """(within T, within S) by (interval, queue, outcome) of queues whose thresholds the interval tables do not have."""
    visit, interval = schema.queue_visits.c, grid.period
    limits = [case({name: pair[which] for name, pair in thresholds.items()}, value=visit.queue) for which in (0, 1)]
    query = (
        select(
            grid.first(visit.joined_us),
            visit.queue,
            visit.outcome,
            *(_count(visit.wait_s <= limit) for limit in limits),
        )
        .where(visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us, visit.contact == "")
        .where(visit.queue.in_(thresholds))
        .group_by(*grid.group(visit.joined_us), visit.queue, visit.outcome)
    )
    found: dict[tuple[int, str, str], tuple[int, int]] = {}
    for row in connection.execute(query):
        at, (queue, outcome, in_time, short) = grid.split(row)
        before = found.get((at, queue, outcome), (0, 0))
        found[at, queue, outcome] = before[0] + in_time, before[1] + short
    return found


def trunk_figures(connection: Connection, interval: Interval) -> list[TrunkFigures]:
    """Figures of every trunk that was seized, by name."""
    return trunk_course(connection, whole(interval))[0]


def trunk_course(connection: Connection, grid: Grid) -> list[list[TrunkFigures]]:
    """The same of each interval."""
    table = sums(connection, TRUNKS, grid.period.start_us, grid.period.end_us).c
    names = ("legs", "billed_us", "pdd_count", "pdd_us", "cost_micro", "mos_count", "mos_micro")
    query = select(
        grid.first(table.bin_us),
        *(table.trunk, table.outcome, func.max(table.pdd_max_us)),
        *(total(table[name]) for name in names),
    ).group_by(*grid.group(table.bin_us), table.trunk, table.outcome)
    course: list[dict[str, TrunkFigures]] = [{} for _ in grid.cells]
    for row in connection.execute(query):
        at, (trunk, outcome, pdd_max_us, legs, billed_us, pdd_count, pdd_us, cost, mos_count, mos) = grid.split(row)
        one = course[at].setdefault(trunk, TrunkFigures(trunk))
        if outcome != CONTINUED:
            one.seizures += legs
        if outcome in _KNOWN:
            setattr(one, _KNOWN[outcome], getattr(one, _KNOWN[outcome]) + legs)
        one.billed_s += billed_us / _MICRO
        one.pdd_count += pdd_count
        one.pdd_sum_s += pdd_us / _MICRO
        one.pdd_max_s = max(one.pdd_max_s, pdd_max_us / _MICRO)
        one.cost += cost / _MICRO
        one.mos_count += mos_count
        one.mos_sum += mos / _MICRO
    return [[figures[name] for name in sorted(figures)] for figures in course]


# Where a seizure's outcome is counted.
_KNOWN: dict[str, str] = {
    Outcome.ANSWERED.value: "answered",
    Outcome.BUSY.value: "busy",
    Outcome.NO_ANSWER.value: "no_answer",
    Outcome.REJECTED.value: "rejected",
}


def call_figures(connection: Connection, interval: Interval) -> CallFigures:
    """Figures of all calls that began in the interval."""
    table = sums(connection, CALLS, interval.start_us, interval.end_us).c
    names = ("calls", "answered", "interrupted", "billed_us", "talk_us", "setup_us")
    query = select(*(total(table[name]) for name in names), func.coalesce(func.max(table.setup_max_us), 0))
    calls, answered, interrupted, *micro = connection.execute(query).one()
    return CallFigures(calls, answered, interrupted, *(value / _MICRO for value in micro))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
