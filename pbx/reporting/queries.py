"""The figures of queues, trunks and calls, added up from the sums of quarters of an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, not_, select

from pbx.reporting.figures import CallFigures, QueueFigures, TrunkFigures
from pbx.reporting.intervals import Interval
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
    figures = {name: QueueFigures(name, *pair) for name, pair in thresholds.items()}
    for name, outcome, visits, in_time, short, wait_us, longest_us, *rest in _visits(connection, interval, thresholds):
        one = figures.setdefault(name, QueueFigures(name, *DEFAULT_THRESHOLDS))
        talk_us, hold_us, wrapup_us, offers, missed = rest
        one.offered += visits
        one.offers += offers
        one.offers_missed += missed
        one.longest_wait_s = max(one.longest_wait_s, longest_us / _MICRO)
        if outcome == "answered":
            one.counts.answered, one.counts.answered_in_time = visits, in_time
            one.wait_answered_s = wait_us / _MICRO
            one.talk_s, one.hold_s, one.wrapup_s = talk_us / _MICRO, hold_us / _MICRO, wrapup_us / _MICRO
        elif outcome == "abandoned":
            one.counts.abandoned, one.counts.abandoned_in_time, one.counts.abandoned_short = visits, in_time, short
            one.wait_abandoned_s = wait_us / _MICRO
        else:
            one.flows[outcome] = visits
    return [figures[name] for name in sorted(figures)]


def _visits(connection: Connection, interval: Interval, thresholds: Thresholds) -> Iterable[tuple[Any, ...]]:
    """(queue, outcome, visits, within T, within S, and sums) of the visits of callers that began in the interval."""
    table = sums(connection, QUEUES, interval.start_us, interval.end_us).c
    in_time, short = (_within(table, thresholds, which) for which in (0, 1))
    query = (
        select(
            table.queue,
            table.outcome,
            total(table.visits),
            total(in_time),
            total(short),
            total(table.wait_us),
            func.max(table.wait_max_us),
            *(total(one) for one in (table.talk_us, table.hold_us, table.wrapup_us, table.offers, table.offers_missed)),
        )
        .where(not_(table.callback))
        .group_by(table.queue, table.outcome)
    )
    odd = {name: pair for name, pair in thresholds.items() if not set(pair) <= set(WAITS_S)}
    exact = _exact(connection, interval, odd) if odd else {}
    for row in connection.execute(query):
        found = tuple(row)
        yield (*found[:3], *exact.get(found[:2], found[3:5]), *found[5:])


def _within(table: Any, thresholds: Thresholds, which: int) -> ColumnElement[int]:
    """The column of the visits that waited for no longer than their queue's T or S."""
    default = table[f"within_{DEFAULT_THRESHOLDS[which]:g}_s"]
    kept = {
        name: table[f"within_{pair[which]:g}_s"]
        for name, pair in thresholds.items()
        if pair[which] in WAITS_S and pair[which] != DEFAULT_THRESHOLDS[which]
    }
    return case(kept, value=table.queue, else_=default) if kept else default


def _exact(
    connection: Connection, interval: Interval, thresholds: Thresholds
) -> dict[tuple[str, str], tuple[int, int]]:
    """(within T, within S) by (queue, outcome) of queues whose thresholds the interval tables do not have."""
    visit = schema.queue_visits.c
    limits = [case({name: pair[which] for name, pair in thresholds.items()}, value=visit.queue) for which in (0, 1)]
    query = (
        select(visit.queue, visit.outcome, *(_count(visit.wait_s <= limit) for limit in limits))
        .where(visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us, visit.contact == "")
        .where(visit.queue.in_(thresholds))
        .group_by(visit.queue, visit.outcome)
    )
    return {(queue, outcome): (in_time, short) for queue, outcome, in_time, short in connection.execute(query)}


def trunk_figures(connection: Connection, interval: Interval) -> list[TrunkFigures]:
    """Figures of every trunk that was seized, by name."""
    table = sums(connection, TRUNKS, interval.start_us, interval.end_us).c
    names = ("legs", "billed_us", "pdd_count", "pdd_us", "cost_micro", "mos_count", "mos_micro")
    query = select(
        table.trunk, table.outcome, func.max(table.pdd_max_us), *(total(table[name]) for name in names)
    ).group_by(table.trunk, table.outcome)
    figures: dict[str, TrunkFigures] = {}
    for trunk, outcome, pdd_max_us, legs, billed_us, pdd_count, pdd_us, cost, mos_count, mos in connection.execute(
        query
    ):
        one = figures.setdefault(trunk, TrunkFigures(trunk))
        if outcome != CONTINUED:
            one.seizures += legs
        if outcome in _KNOWN:
            setattr(one, _KNOWN[outcome], legs)
        one.billed_s += billed_us / _MICRO
        one.pdd_count += pdd_count
        one.pdd_sum_s += pdd_us / _MICRO
        one.pdd_max_s = max(one.pdd_max_s, pdd_max_us / _MICRO)
        one.cost += cost / _MICRO
        one.mos_count += mos_count
        one.mos_sum += mos / _MICRO
    return [figures[name] for name in sorted(figures)]


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
