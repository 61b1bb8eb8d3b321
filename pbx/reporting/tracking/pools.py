"""Pools of numbers: how full they were, who went without, and how many numbers the busiest hour needs.

Needed: the smallest N with Erlang B(N, A) of at most `tracking.loss`, as pbx.tracking.sizing computed it in each hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from pbx.erlang import erlang_b
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.reporting.tracking.pool_use import OF_USES, Hours, pool_hours_of, uses

NOTES = (
    "Utilisation: numbers held at the peak / numbers. Needed, expected loss: Erlang B for the busiest hour, stays and\n"
    "hold time included. Who finds no number is shown that of his channel. Assignments: numbers that visits were\n"
    "given in the period. Collisions: calls of the pool's numbers that more than one visitor may have made."
)
COLUMNS = (
    Column("pool", "pool", Unit.TEXT),
    Column("size", "size", Unit.COUNT, "POOL.SIZE", Measure.MAX),
    Column("visits", "visits", Unit.COUNT, "POOL.VISITS", Measure.SUM),
    Column("given", "given", Unit.COUNT, "POOL.GIVEN", Measure.SUM),
    Column("short", "short", Unit.COUNT, "POOL.SHORT", Measure.SUM),
    Column("short_share", "short\nshare", Unit.SHARE, "POOL.SHORT.SHARE", Measure.RATIO),
    Column("most_held", "peak", Unit.COUNT, "POOL.HELD", Measure.MAX),
    Column("utilisation", "utili-\nsation", Unit.SHARE, "POOL.UTILISATION", Measure.MAX),
    Column("visits_per_hour", "busiest\nhour", Unit.COUNT, "POOL.VISITS", Measure.MAX),
    Column("stay_s", "mean\nstay", Unit.SECONDS, "POOL.STAY", Measure.QUOTIENT),
    Column("needed", "needed", Unit.COUNT, "POOL.NEEDED", Measure.MAX),
    Column("expected_loss", "expected\nloss", Unit.SHARE, "POOL.LOSS", Measure.MAX),
    Column("assignments", "assign-\nments", formula="POOL.ASSIGNED"),
    Column("calls", "calls", formula="POOL.CALLS"),
    Column("collisions", "colli-\nsions", formula="POOL.COLLISIONS"),
)


def pools(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Utilisation, shortage and the size that is needed."""
    hours = pool_hours_of(connection, request.period)
    used = {pool: Counter[str]() for pool in hours}
    for use in uses(connection, request.period):
        if use.pool in used:
            used[use.pool].update(use.figures)
    rows: list[Sequence[Value]] = [
        [*_row(pool, hours[pool]), *(used[pool][name] for name in OF_USES)] for pool in sorted(hours)
    ]
    return [Sheet(f"Pools of numbers, {request.period.label}", COLUMNS, rows, NOTES)]


def _row(pool: str, hours: Hours) -> Sequence[Value]:
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
