"""What the sums of each interval table are made of: a SELECT in the order of the table's columns, for spans of time.

The SELECT fills the table, and it is what a report reads where the table is not up to date, so both are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal_column, select

from pbx.events import Kind
from pbx.store import schema
from pbx.store.intervals.bins import Moments, bin_of, count, greatest, json_key, millionths, total, within
from pbx.store.intervals.states import states
from pbx.store.outliers import inside, is_outlier
from pbx.store.schema_intervals import (
    WAITS_S,
    interval_agents,
    interval_blocks,
    interval_calls,
    interval_offers,
    interval_queues,
    interval_states,
    interval_trunks,
)

Made = Callable[[Sequence[Moments]], Select[Any]]


@dataclass(frozen=True, slots=True)
class Family:
    """A table and what it is made of."""

    table: Table
    made: Made


def _calls(wanted: Sequence[Moments]) -> Select[Any]:
    cdr = schema.cdrs.c
    return (
        select(
            bin_of(cdr.started_us).label("bin_us"),
            cdr.direction,
            cdr.trunk,
            cdr.tag,
            count().label("calls"),
            count(cdr.answered_us.is_not(None)).label("answered"),
            count(cdr.cause == "interrupted").label("interrupted"),
            total(millionths(cdr.billed_s)).label("billed_us"),
            total(millionths(cdr.talk_s)).label("talk_us"),
            total(millionths(cdr.setup_s)).label("setup_us"),
            greatest(millionths(cdr.setup_s)).label("setup_max_us"),
            count(cdr.mos.is_not(None)).label("mos_count"),
            total(millionths(cdr.mos)).label("mos_micro"),
        )
        .where(within(cdr.started_us, wanted), cdr.test == "")
        .group_by(bin_of(cdr.started_us), cdr.direction, cdr.trunk, cdr.tag)
    )


def _queues(wanted: Sequence[Moments]) -> Select[Any]:
    visit = schema.queue_visits.c
    callback, out = visit.contact != "", is_outlier(visit.talk_s, visit.hold_s, visit.wrapup_s)
    return (
        select(
            bin_of(visit.joined_us).label("bin_us"),
            visit.queue,
            visit.outcome,
            callback.label("callback"),
            count().label("visits"),
            total(millionths(visit.wait_s)).label("wait_us"),
            greatest(millionths(visit.wait_s)).label("wait_max_us"),
            total(millionths(inside(visit.talk_s, out))).label("talk_us"),
            total(millionths(inside(visit.hold_s, out))).label("hold_us"),
            total(millionths(inside(visit.wrapup_s, out))).label("wrapup_us"),
            total(visit.offers).label("offers"),
            total(visit.offers_missed).label("offers_missed"),
            *(count(visit.wait_s <= seconds).label(f"within_{seconds}_s") for seconds in WAITS_S),
            count(and_(out, visit.outcome == "answered")).label("left_out"),
        )
        .where(within(visit.joined_us, wanted))
        .group_by(bin_of(visit.joined_us), visit.queue, visit.outcome, callback)
    )


def _agents(wanted: Sequence[Moments]) -> Select[Any]:
    visit = schema.queue_visits.c
    callback, times = visit.contact != "", (visit.talk_s, visit.hold_s, visit.wrapup_s)
    endless, out = is_outlier(*times[:2]), is_outlier(*times)
    return (
        select(
            bin_of(visit.joined_us).label("bin_us"),
            visit.agent,
            visit.queue,
            callback.label("callback"),
            count().label("calls"),
            total(millionths(visit.talk_s)).label("talk_us"),
            total(millionths(visit.hold_s)).label("hold_us"),
            total(millionths(visit.wait_s)).label("wait_us"),
            total(millionths(visit.wrapup_s)).label("wrapup_us"),
            count(endless).label("left_out"),
            total(millionths(visit.talk_s) + millionths(visit.hold_s), endless).label("left_out_us"),
            *(total(millionths(inside(one, out))).label(f"averaged_{one.name[:-1]}us") for one in times),
            count(out).label("not_averaged"),
        )
        .where(within(visit.joined_us, wanted), visit.outcome == "answered")
        .group_by(bin_of(visit.joined_us), visit.agent, visit.queue, callback)
    )


def _offers(wanted: Sequence[Moments]) -> Select[Any]:
    offer = schema.queue_offers.c
    return (
        select(
            bin_of(offer.offered_us).label("bin_us"),
            offer.agent,
            offer.outcome,
            count().label("offers"),
            total(millionths(offer.alert_s)).label("alert_us"),
        )
        .where(within(offer.offered_us, wanted))
        .group_by(bin_of(offer.offered_us), offer.agent, offer.outcome)
    )


def _trunks(wanted: Sequence[Moments]) -> Select[Any]:
    seizure = schema.trunk_calls.c
    return (
        select(
            bin_of(seizure.started_us).label("bin_us"),
            seizure.trunk,
            seizure.outcome,
            count().label("legs"),
            total(millionths(seizure.billed_s)).label("billed_us"),
            count(seizure.pdd_s.is_not(None)).label("pdd_count"),
            total(millionths(seizure.pdd_s)).label("pdd_us"),
            greatest(millionths(seizure.pdd_s)).label("pdd_max_us"),
            total(millionths(seizure.cost)).label("cost_micro"),
            count(seizure.mos.is_not(None)).label("mos_count"),
            total(millionths(seizure.mos)).label("mos_micro"),
        )
        .where(within(seizure.started_us, wanted))
        .group_by(bin_of(seizure.started_us), seizure.trunk, seizure.outcome)
    )


def _blocks(wanted: Sequence[Moments]) -> Select[Any]:
    step = schema.journey.c
    # The kind is written into the statement, or SQLite does not take the index of these steps.
    inside = (
        select(
            bin_of(step.at_us).label("bin_us"),
            *(func.coalesce(json_key(step.data, name), "").label(name) for name in ("flow", "block", "exit")),
        )
        .where(step.kind == BLOCK_KIND, within(step.at_us, wanted))
        .subquery()
    )
    names = [inside.c.bin_us, inside.c.flow, inside.c.block, inside.c.exit]
    return select(*names, count().label("steps")).group_by(*names)


BLOCK_KIND: ColumnElement[str] = literal_column(f"'{Kind.FLOW_BLOCK.value}'")

CALLS = Family(interval_calls, _calls)
QUEUES = Family(interval_queues, _queues)
AGENTS = Family(interval_agents, _agents)
OFFERS = Family(interval_offers, _offers)
STATES = Family(interval_states, states)
TRUNKS = Family(interval_trunks, _trunks)
BLOCKS = Family(interval_blocks, _blocks)
FAMILIES = (CALLS, QUEUES, AGENTS, OFFERS, STATES, TRUNKS, BLOCKS)
