"""Pools of numbers: how full they were, who went without, and how many numbers the busiest hour needs.

Needed: the smallest N with Erlang B(N, A) of at most `tracking.loss`, as pbx.tracking.sizing computed it in each hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from pbx.erlang import erlang_b
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.store.schema_tracking import pool_hours

NOTES = (
    "Utilisation: numbers held at the peak / numbers. Needed, expected loss: Erlang B for the busiest hour, stays and\n"
    "hold time included. Who finds no number is shown that of his channel."
)
COLUMNS = (
    Column("pool", "pool", Unit.TEXT),
    Column("size", "size"),
    Column("visits", "visits"),
    Column("given", "given"),
    Column("short", "short"),
    Column("short_share", "short\nshare", Unit.SHARE),
    Column("most_held", "peak"),
    Column("utilisation", "utili-\nsation", Unit.SHARE),
    Column("visits_per_hour", "busiest\nhour"),
    Column("stay_s", "mean\nstay", Unit.SECONDS),
    Column("needed", "needed"),
    Column("expected_loss", "expected\nloss", Unit.SHARE),
)


def pools(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Utilisation, shortage and the size that is needed."""
    table, period = pool_hours.c, request.period
    query = select(pool_hours).where(table.hour_us >= period.start_us, table.hour_us < period.end_us)
    hours = defaultdict(list)
    for row in connection.execute(query.order_by(table.hour_us)).mappings():
        hours[row["pool"]].append(row)
    rows = [_row(pool, hours[pool]) for pool in sorted(hours)]
    return [Sheet(f"Pools of numbers, {period.label}", COLUMNS, rows, NOTES)]


def _row(pool: str, hours: Sequence[Mapping[Any, Any]]) -> Sequence[Value]:
    def total(name: str) -> float:
        return float(sum(hour[name] for hour in hours))

    visits, short, stays = int(total("visits")), int(total("short")), total("stays")
    size, held = int(hours[-1]["size"]), max(hour["most_held"] for hour in hours)
    load = max(hour["load"] for hour in hours)
    stay_s = total("stay_s") / stays if stays else None
    busiest = max(hour["visits"] for hour in hours)
    needed = max(hour["needed"] for hour in hours)
    loss = erlang_b(size, load) if size else None
    shares = share(short, visits), held, share(held, size)
    return (pool, size, visits, int(total("given")), short, *shares, busiest, stay_s, needed, loss)
