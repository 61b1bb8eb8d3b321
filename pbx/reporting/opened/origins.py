"""Where callers of queues came from, as SQL of a visit or of an offer, for reports and what they open to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from pbx.store import schema
from pbx.store.intervals.bins import json_key
from pbx.store.intervals.families import BLOCK_KIND
from pbx.store.schema_tracking import call_sources

OF_CALL = ("source", "medium", "campaign", "number", "trunk")
BLOCK = "block"
NAMES = (*OF_CALL, BLOCK)
_EMPTY: ColumnElement[str] = literal_column("''")


def origins(call_id: ColumnElement[str], at_us: ColumnElement[int]) -> Mapping[str, ColumnElement[Any]]:
    """By name, of the call that joined a queue at an instant; "" where nothing is known.

    Source, medium, campaign: what tracking found, else what the dialled number says. Number: the one dialled. Block:
    the last one of the flow before the queue, with its exit, as FLOW:BLOCK:EXIT.
    """
    cdr, told = schema.cdrs.alias("its_call").c, call_sources.alias("its_source").c

    def of_call(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.coalesce(select(column).where(cdr.id == call_id).scalar_subquery(), _EMPTY)

    def tracked(column: ColumnElement[Any], dialled: ColumnElement[Any]) -> ColumnElement[Any]:
        known = select(func.nullif(column, _EMPTY)).where(told.call_id == call_id).scalar_subquery()
        return func.coalesce(known, select(dialled).where(cdr.id == call_id).scalar_subquery(), _EMPTY)

    return {
        "source": tracked(told.source, cdr.tag),
        "medium": tracked(told.medium, cdr.medium),
        "campaign": tracked(told.campaign, cdr.campaign),
        "number": of_call(cdr.did),
        "trunk": of_call(cdr.trunk),
        BLOCK: _block(call_id, at_us),
    }


def _block(call_id: ColumnElement[str], at_us: ColumnElement[int]) -> ColumnElement[Any]:
    step = schema.journey.alias("its_step").c
    colon: ColumnElement[str] = literal_column("':'")
    flow, block, exit_ = (func.coalesce(json_key(step.data, name), _EMPTY) for name in ("flow", "block", "exit"))
    last = (
        select(flow.concat(colon).concat(block).concat(colon).concat(exit_))
        .where(step.call_id == call_id, step.kind == BLOCK_KIND, step.at_us <= at_us)
        .order_by(step.seq.desc())
        .limit(1)
    )
    return func.coalesce(last.scalar_subquery(), _EMPTY)
