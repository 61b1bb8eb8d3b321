"""What the figures of pools are made of: their hours, the assignments of numbers, and the calls of these numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from pbx.erlang import erlang_b
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.store.encode import from_json
from pbx.store.schema import cdrs
from pbx.store.schema_tracking import call_sources, number_leases, pool_hours

ASSIGNED, CALLED, COLLIDED = OF_USES = ("POOL.ASSIGNED", "POOL.CALLS", "POOL.COLLISIONS")
OF_HOURS = (
    *("POOL.SIZE", "POOL.VISITS", "POOL.GIVEN", "POOL.SHORT", "POOL.SHORT.SHARE", "POOL.HELD"),
    *("POOL.UTILISATION", "POOL.STAY", "POOL.NEEDED", "POOL.LOSS"),
)
HELD_BEFORE_US = 31 * 86_400_000_000  # assignments that tell which pool a number is of
Hours = Sequence[Mapping[Any, Any]]


class Use(NamedTuple):
    """An assignment of a number to a visit, or a call of it; in `figures`. `value`: its stay in s, or how sure it is
    who called.
    """

    pool: str
    at_us: int
    id: str
    number: str
    figures: tuple[str, ...]
    value: float


def pool_hours_of(connection: Connection, period: Interval) -> dict[str, Hours]:
    """The hours of each pool, in order."""
    table, found = pool_hours.c, defaultdict(list)
    query = select(pool_hours).where(table.hour_us >= period.start_us, table.hour_us < period.end_us)
    for row in connection.execute(query.order_by(table.hour_us)).mappings():
        found[row["pool"]].append(row)
    return dict(found)


def uses(connection: Connection, period: Interval) -> Iterator[Use]:
    """Assignments and calls of the period; test calls are left out."""
    lease, pool_of = number_leases.c, {}
    query = select(lease.pool, lease.number, lease.visit, lease.since_us, lease.seen_us).where(
        lease.since_us >= period.start_us - HELD_BEFORE_US, lease.since_us < period.end_us
    )
    for pool, number, visit, since_us, seen_us in connection.execute(query.order_by(lease.since_us)):
        pool_of[number.removeprefix("+")] = pool
        if since_us >= period.start_us:
            yield Use(pool, since_us, visit, number, (ASSIGNED,), (seen_us - since_us) / 1e6)
    if not pool_of:
        return
    told, cdr = call_sources.c, cdrs.c
    called = (
        select(cdr.id, cdr.started_us, told.number, told.candidates, told.probability)
        .join_from(call_sources, cdrs, cdr.id == told.call_id)
        .where(cdr.started_us >= period.start_us, cdr.started_us < period.end_us, cdr.direction == "inbound")
        .where(cdr.test == "", told.number != "")
    )
    for call_id, at_us, number, candidates, sure in connection.execute(called):
        pool = pool_of.get(number.removeprefix("+"))
        if pool is not None:
            several = bool(candidates) and len(from_json(candidates)) > 1
            yield Use(pool, at_us, call_id, number, (CALLED, COLLIDED) if several else (CALLED,), sure)


def hour_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each hour of each pool. A share and a mean have two rows an hour: what is above the line, and what is below."""
    for pool, hours in pool_hours_of(connection, request.period).items():
        size = int(hours[-1]["size"])
        for number, hour in enumerate(hours, 1):
            visits, short, held = hour["visits"], hour["short"], hour["most_held"]
            marks: dict[str, Mark] = {
                "POOL.SIZE": (number == len(hours), float(hour["size"])),
                "POOL.VISITS": (True, float(visits)),
                "POOL.GIVEN": (True, float(hour["given"])),
                "POOL.SHORT": (True, float(short)),
                "POOL.HELD": (True, float(held)),
                "POOL.NEEDED": (True, float(hour["needed"])),
            }
            if size:
                marks["POOL.UTILISATION"] = True, held / size
                marks["POOL.LOSS"] = True, erlang_b(size, hour["load"])
            at_us, keys = hour["hour_us"], {"pool": pool}
            yield Fact(at_us, pool, keys, marks)
            short_marks: dict[str, Mark] = {
                "POOL.SHORT.SHARE": (True, float(short)),
                "POOL.STAY": (True, hour["stay_s"]),
            }
            yield Fact(at_us, pool, keys, short_marks, "short, stay_s")
            others: dict[str, Mark] = {
                "POOL.SHORT.SHARE": (False, float(visits - short)),
                "POOL.STAY": (False, float(hour["stays"])),
            }
            yield Fact(at_us, pool, keys, others, "others, stays")


def use_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each assignment, and each call of a pool's number."""
    for use in uses(connection, request.period):
        marks: dict[str, Mark] = dict.fromkeys(use.figures, (True, use.value))
        yield Fact(use.at_us, use.id, {"pool": use.pool}, marks, use.number)
