"""Pages of what the ledger keeps: (connection, where the page before ended, how many) each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, or_, select, tuple_

from pbx.store import schema_ledger as schema
from pbx.store.encode import from_json, seconds

After = tuple[Any, ...] | None
_cost, _sale, _run, _row = schema.ad_costs.c, schema.sales.c, schema.reconcile_runs.c, schema.reconcile_rows.c
_KEY = (_cost.source, _cost.medium, _cost.campaign, _cost.number)


def cost_rows(connection: Connection, after: After, limit: int) -> list[dict[str, Any]]:
    """The newest day first."""
    query = select(*_KEY, _cost.day, _cost.amount_micro, _cost.currency).order_by(_cost.day.desc(), *_KEY).limit(limit)
    if after is not None:
        day, *named = after
        query = query.where(or_(_cost.day < day, (_cost.day == day) & (tuple_(*_KEY) > tuple(named))))
    return [
        {
            **{name: row[name] for name in ("day", "source", "medium", "campaign", "number", "currency")},
            "amount": row["amount_micro"] / 1e6,
        }
        for row in connection.execute(query).mappings()
    ]


def sale_rows(connection: Connection, after: After, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    query = select(schema.sales).order_by(_sale.at_us.desc(), _sale.order_id).limit(limit)
    if after is not None:
        at_us, order = after
        query = query.where(or_(_sale.at_us < at_us, (_sale.at_us == at_us) & (_sale.order_id > order)))
    return [
        {
            **{name: row[name] for name in ("order_id", "number", "currency", "call_id", "matched_by", "at_us")},
            "at": seconds(row["at_us"]),
            "amount": row["amount_micro"] / 1e6,
        }
        for row in connection.execute(query).mappings()
    ]


def has_sales(connection: Connection, since_us: int) -> bool:
    """Whether there is a sale that was made since (UTC microseconds)."""
    return connection.execute(select(_sale.order_id).where(_sale.at_us >= since_us).limit(1)).first() is not None


def spent_on(connection: Connection, day: str) -> tuple[int, int]:
    """How many advert costs there are of a local day, and their sum: other figures mean that costs were taken in."""
    query = select(func.count(), func.coalesce(func.sum(_cost.amount_micro), 0)).where(_cost.day == day)
    count, micro = connection.execute(query).one()
    return int(count), int(micro)


def runs(connection: Connection, after: After, limit: int, run: str) -> list[dict[str, Any]]:
    """The newest first; only `run` where it is not ""."""
    query = select(schema.reconcile_runs).order_by(_run.made_us.desc(), _run.id).limit(limit)
    if run:
        query = query.where(_run.id == run)
    if after is not None:
        made_us, last = after
        query = query.where(or_(_run.made_us < made_us, (_run.made_us == made_us) & (_run.id > last)))
    return [
        {
            "id": row["id"],
            "start": seconds(row["start_us"]),
            "end": seconds(row["end_us"]),
            "label": row["label"],
            "made": seconds(row["made_us"]),
            "made_us": row["made_us"],
            "made_by": row["made_by"],
            **from_json(row["summary"]),
        }
        for row in connection.execute(query).mappings()
    ]


def run_rows(connection: Connection, after: After, limit: int, run: str) -> list[dict[str, Any]]:
    """In the order of time."""
    query = select(schema.reconcile_rows).where(_row.run == run).order_by(_row.position).limit(limit)
    if after is not None:
        query = query.where(_row.position > after[0])
    return [
        {
            "position": row["position"],
            "call_id": row["call_id"],
            "at": seconds(row["at_us"]),
            "number": row["number"],
            "place": row["place"],
            "present": from_json(row["present"]),
            "reasons": from_json(row["reasons"]),
        }
        for row in connection.execute(query).mappings()
    ]
