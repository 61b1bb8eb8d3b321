"""What the delay of a callback does: how many customers were reached by the first call, by how long they waited for it.

The trade's "392 %" is nowhere: a share of customers with its interval is, and the share that falls with the delay as
the numbers allow (isotonic regression: the best curve that never rises).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Subquery, and_, case, func, literal, select

from pbx.reporting.callbacks import LEFT_OUT
from pbx.reporting.opened.figure import Figure, Source, always, holds
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema

MICRO = 1_000_000
BOUNDS_S = (28, 60, 300, 900, 1800, 3600, 3 * 3600, 4 * 3600)
COLUMNS = (
    Column("delay", "First call\nafter", Unit.TEXT),
    Column("called", "Called", formula="DELAY.CALLED"),
    Column("reached", "Reached", formula="DELAY"),
    Column("reached_share", "Reached,\nshare", Unit.SHARE, "DELAY"),
    Column("reached_low", "from", Unit.SHARE),
    Column("reached_high", "to", Unit.SHARE),
    Column("falling_share", "Never\nrising", Unit.SHARE, "DELAY", Measure.CURVE),
)
NOTES = (
    "Share: of the customers whose first call came after so long, those whom this call reached; with the 95 %\n"
    "interval (Wilson). Never rising: isotonic regression, weighted by customers. Those who rang themselves meanwhile\n"
    "are left out."
)


@dataclass(slots=True)
class Delay:
    """Customers whose first call came within `most_s` (0: later than all bounds) and after the bound before."""

    most_s: int
    reached: Share


def delay_name(most_s: int) -> str:
    """ "<= 5 min"."""
    if not most_s:
        return f"> {BOUNDS_S[-1] // 3600} h"
    for unit, name in ((3600, "h"), (60, "min")):
        if most_s % unit == 0:
            return f"<= {most_s // unit} {name}"
    return f"<= {most_s} s"


def _first_calls() -> Subquery:
    """Of each contact its first call, with the bound that its delay lies within and the name of that."""
    item, attempt = schema.contacts.c, schema.contact_attempts.c
    wanted_us = case((item.not_before_us > item.created_us, item.not_before_us), else_=item.created_us)
    waited_us = attempt.at_us - wanted_us
    within = [(waited_us <= seconds * MICRO, seconds) for seconds in BOUNDS_S]
    query = select(
        *(item.id, item.created_us, item.queue, attempt.outcome, (waited_us / float(MICRO)).label("waited_s")),
        case(*((yes, literal(seconds)) for yes, seconds in within), else_=literal(0)).label("bound"),
        case(*((yes, literal(delay_name(seconds))) for yes, seconds in within), else_=literal(delay_name(0))).label(
            "delay"
        ),
    ).join_from(
        schema.contacts,
        schema.contact_attempts,
        and_(attempt.contact_id == item.id, attempt.attempt == 1, attempt.outcome != ""),
    )
    return query.where(item.ended_as.not_in(LEFT_OUT)).subquery("first_calls")


FIRST_CALLS = _first_calls()
DELAYS = Source(FIRST_CALLS, "id", "created_us", "contact", {"queue": "queue", "delay": "delay"})
_REACHED = holds(FIRST_CALLS.c.outcome == "reached")
FIGURES = (
    Figure("DELAY.CALLED", DELAYS, always, always, FIRST_CALLS.c.waited_s),
    Figure("DELAY", DELAYS, always, _REACHED, FIRST_CALLS.c.waited_s),
)


def delays(connection: Connection, request: Request) -> list[Delay]:
    """By delay, shortest first; those without customers are not there."""
    row = FIRST_CALLS.c
    query = (
        select(row.bound, func.count(), func.sum(case((row.outcome == "reached", 1), else_=0)))
        .where(row.created_us >= request.period.start_us, row.created_us < request.period.end_us)
        .group_by(row.bound)
    )
    if queue := request.filter("queue"):
        query = query.where(row.queue == queue)
    found = [Delay(seconds, Share(int(reached), count)) for seconds, count, reached in connection.execute(query)]
    return sorted(found, key=lambda one: (not one.most_s, one.most_s))


def falling(shares: Sequence[Share]) -> list[float]:
    """The curve nearest to the shares that never rises (pool adjacent violators; Ayer and others 1955)."""
    pools: list[tuple[float, int, int]] = []  # part, whole, how many shares
    for one in shares:
        pools.append((one.part, one.whole, 1))
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] < pools[-1][0] * pools[-2][1]:
            part, whole, count = pools.pop()
            pools[-1] = pools[-1][0] + part, pools[-1][1] + whole, pools[-1][2] + count
    return [part / whole if whole else 0.0 for part, whole, count in pools for _ in range(count)]


def delays_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """The report."""
    found = delays(connection, request)
    sheet = Sheet(f"Callback delay, {request.period.label}", COLUMNS, notes=NOTES)
    for one, smooth in zip(found, falling([one.reached for one in found]), strict=True):
        counts = (one.reached.whole, one.reached.part, one.reached.value)
        sheet.rows.append((delay_name(one.most_s), *counts, *one.reached.interval, smooth))
    return [sheet]
