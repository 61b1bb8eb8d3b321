"""The SQL of the reports: one aggregate per table and interval, over an index on the instant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, literal, not_, select

from pbx.reporting.figures import CallFigures, QueueFigures, TrunkFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import Counts
from pbx.store import schema
from pbx.store.outcome import CONTINUED, Outcome

Thresholds = Mapping[str, tuple[float, float]]  # queue -> (T, S) in seconds
SAME_US = 1_000_000  # agents' instants are taken a little apart from the call's
DEFAULT_THRESHOLDS = (20.0, 5.0)


def queue_figures(connection: Connection, interval: Interval, thresholds: Thresholds) -> list[QueueFigures]:
    """Figures of every queue that is configured or was joined, by name."""
    figures = {name: QueueFigures(name, *pair) for name, pair in thresholds.items()}
    for name, offered, ans, ab, ans_t, ab_t, ab_s, *sums in connection.execute(_visits(interval, thresholds)):
        wait_ans, wait_ab, longest, talk, hold, offers, missed = sums
        figures[name] = QueueFigures(
            name,
            *thresholds.get(name, DEFAULT_THRESHOLDS),
            offered=offered,
            counts=Counts(ans, ab, ans_t, ab_t, ab_s),
            wait_answered_s=wait_ans,
            wait_abandoned_s=wait_ab,
            longest_wait_s=longest,
            talk_s=talk,
            hold_s=hold,
            offers=offers,
            offers_missed=missed,
        )
    for name, wrapup in _wrapup(connection, interval):
        figures[name].wrapup_s = wrapup
    for name, reason, count in _flows(connection, interval):
        figures[name].flows[reason] = count
    return [figures[name] for name in sorted(figures)]


def _visits(interval: Interval, thresholds: Thresholds) -> Select[Any]:
    """Counts and sums of the visits that began in the interval, by queue."""
    visit = schema.queue_visits.c
    answered, abandoned = visit.outcome == "answered", visit.outcome == "abandoned"
    in_time = visit.wait_s <= _threshold(visit.queue, thresholds, 0)
    short = visit.wait_s <= _threshold(visit.queue, thresholds, 1)
    return (
        select(
            visit.queue,
            func.count(),
            _count(answered),
            _count(abandoned),
            _count(and_(answered, in_time)),
            _count(and_(abandoned, in_time)),
            _count(and_(abandoned, short)),
            _sum(visit.wait_s, answered),
            _sum(visit.wait_s, abandoned),
            func.max(visit.wait_s),
            _sum(visit.talk_s, answered),
            _sum(visit.hold_s, answered),
            func.sum(visit.offers),
            func.sum(visit.offers_missed),
        )
        .where(visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us, visit.contact == "")
        .group_by(visit.queue)
    )


def _flows(connection: Connection, interval: Interval) -> list[tuple[str, str, int]]:
    """(queue, reason, callers) of those who left a queue neither answered nor hung up."""
    visit = schema.queue_visits.c
    query = (
        select(visit.queue, visit.outcome, func.count())
        .where(
            visit.joined_us >= interval.start_us,
            visit.joined_us < interval.end_us,
            visit.contact == "",
            visit.outcome.not_in(("answered", "abandoned")),
        )
        .group_by(visit.queue, visit.outcome)
    )
    return [(queue, reason, count) for queue, reason, count in connection.execute(query)]


def _wrapup(connection: Connection, interval: Interval) -> list[tuple[str, float]]:
    """Seconds of wrap-up after the answered callers who joined in the interval, by queue.

    An agent who answers the same call twice (it was transferred away and came back) wraps up twice: each wrap-up
    belongs to the last answer before it.
    """
    visit, log = schema.queue_visits.c, schema.agent_log.c
    later = schema.queue_visits.alias("later").c
    again = exists().where(
        later.call_id == visit.call_id,
        later.agent == visit.agent,
        later.outcome == "answered",
        later.visit > visit.visit,
        later.ended_us <= log.started_us,
    )
    query = (
        select(visit.queue, func.sum(log.duration_s))
        .join_from(schema.queue_visits, schema.agent_log, and_(log.call_id == visit.call_id, log.agent == visit.agent))
        .where(
            log.state == "wrapup",
            visit.outcome == "answered",
            visit.contact == "",
            visit.ended_us <= log.started_us + SAME_US,
            not_(again),
            visit.joined_us >= interval.start_us,
            visit.joined_us < interval.end_us,
        )
        .group_by(visit.queue)
    )
    return [(name, seconds) for name, seconds in connection.execute(query)]


def trunk_figures(connection: Connection, interval: Interval) -> list[TrunkFigures]:
    """Figures of every trunk that was seized, by name."""
    seizure = schema.trunk_calls.c
    query = (
        select(
            seizure.trunk,
            _count(seizure.outcome != CONTINUED),
            *(_count(seizure.outcome == outcome.value) for outcome in _KNOWN),
            func.sum(seizure.billed_s),
            func.coalesce(func.sum(seizure.pdd_s), 0.0),
            func.count(seizure.pdd_s),
            func.coalesce(func.max(seizure.pdd_s), 0.0),
            func.coalesce(func.sum(seizure.cost), 0.0),
        )
        .where(seizure.started_us >= interval.start_us, seizure.started_us < interval.end_us)
        .group_by(seizure.trunk)
        .order_by(seizure.trunk)
    )
    return [TrunkFigures(*row) for row in connection.execute(query)]


_KNOWN = (Outcome.ANSWERED, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.REJECTED)


def call_figures(connection: Connection, interval: Interval) -> CallFigures:
    """Figures of all calls that began in the interval."""
    cdr = schema.cdrs.c
    answered = cdr.answered_us.is_not(None)
    query = select(
        func.count(),
        _count(answered),
        _count(cdr.cause == "interrupted"),
        func.coalesce(func.sum(cdr.billed_s), 0.0),
        func.coalesce(func.sum(cdr.talk_s), 0.0),
        func.coalesce(func.sum(cdr.setup_s), 0.0),
        func.coalesce(func.max(cdr.setup_s), 0.0),
    ).where(cdr.started_us >= interval.start_us, cdr.started_us < interval.end_us, cdr.test == "")
    return CallFigures(*connection.execute(query).one())


def _threshold(queue: ColumnElement[str], thresholds: Thresholds, which: int) -> ColumnElement[Any]:
    default = literal(DEFAULT_THRESHOLDS[which])
    if not thresholds:
        return default
    return case({name: pair[which] for name, pair in thresholds.items()}, value=queue, else_=default)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sum(value: ColumnElement[float], condition: ColumnElement[bool]) -> ColumnElement[float]:
    return func.coalesce(func.sum(case((condition, value), else_=0.0)), 0.0)
