"""Customers who rang again because they had not got through: attempts until somebody spoke with them, and how long
that took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, select

from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.people import People
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema

WINDOW_US = 600 * 1_000_000
# A wish is looked at as a whole, wherever a period begins and ends: so far around it, which is longer than one lasts.
AROUND_US = 86_400 * 1_000_000
MOST = 5  # attempts that have a row of their own
COLUMNS = (
    Column("attempts", "attempts", Unit.TEXT),
    Column("got_through", "got through", formula="REDIALS"),
    Column("share", "of customers", Unit.SHARE, "REDIALS"),
    Column("median_s", "typically after", Unit.SECONDS, "REDIALS", Measure.MEDIAN),
    Column("gave_up", "gave up", formula="REDIALS.GAVE_UP"),
)
NOTES = (
    "A customer's calls from outside that begin within ten minutes of the end of the one before are attempts of one\n"
    "wish, until somebody speaks with him. Share: of all customers; time: from the first attempt to the talk, median.\n"
    "Test calls and callers without a number are left out."
)


class Attempt(NamedTuple):
    """One call from outside; instants in microseconds."""

    caller: str
    started_us: int
    ended_us: int
    bridged_us: int | None
    call_id: str = ""


@dataclass(slots=True)
class RedialFigures:
    """By the number of attempts: customers who `gave_up`, and of those who got through the seconds from the first
    attempt to the talk.
    """

    waits_s: dict[int, list[float]] = field(default_factory=dict)
    gave_up: Counter[int] = field(default_factory=Counter)

    @property
    def customers(self) -> int:
        return sum(map(len, self.waits_s.values())) + sum(self.gave_up.values())


def redials_sheet(connection: Connection, request: Request) -> Sheet:
    """A row for each number of attempts; what is beyond the last row is in it."""
    figures = redial_figures(connection, request)
    sheet = Sheet(f"Redials, {request.period.label}", COLUMNS, notes=NOTES)
    for attempts in range(1, MOST + 1):
        waits = [wait for count, found in figures.waits_s.items() if min(count, MOST) == attempts for wait in found]
        gave_up = sum(found for count, found in figures.gave_up.items() if min(count, MOST) == attempts)
        share = len(waits) / figures.customers if figures.customers else None
        typical = median(waits) if waits else None
        sheet.rows.append([_name(attempts), len(waits), share, typical, gave_up])
    return sheet


def _name(attempts: int) -> str:
    return f"{MOST}+" if attempts >= MOST else str(attempts)


def redial_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Of each wish the last call: the one that got through, or after which the customer gave up."""
    for chain in _chains(_attempts(connection, request), request.period.start_us, request.period.end_us):
        last, keys = chain[-1], {"attempts": _name(len(chain))}
        through = last.bridged_us is not None
        wait_s = (last.bridged_us - chain[0].started_us) / 1e6 if last.bridged_us is not None else None
        marks: dict[str, Mark] = {"REDIALS": (through, wait_s), "REDIALS.GAVE_UP": (not through, None)}
        yield Fact(last.started_us, last.call_id, keys, marks)


def redial_figures(connection: Connection, request: Request) -> RedialFigures:
    """Of the wishes whose first attempt lies in the period."""
    period = request.period
    return count_attempts(_attempts(connection, request), period.start_us, period.end_us)


def _attempts(connection: Connection, request: Request) -> list[Attempt]:
    """By person and time."""
    cdr, people = schema.cdrs.c, People(request.money.country)
    query = (
        select(cdr.caller, cdr.started_us, cdr.ended_us, cdr.bridged_us, cdr.id)
        .where(
            cdr.started_us >= request.period.start_us - AROUND_US,
            cdr.started_us < request.period.end_us + AROUND_US,
            cdr.direction == "inbound",
            cdr.caller != "",
            cdr.test == "",
        )
        .order_by(cdr.caller, cdr.started_us, cdr.id)
    )
    found = []
    for caller, *rest in connection.execute(query):
        who = people.who(caller)
        if who:
            found.append(Attempt(who, *rest))
    found.sort(key=lambda one: (one.caller, one.started_us, one.call_id))
    return found


def count_attempts(attempts: Iterable[Attempt], start_us: int, end_us: int) -> RedialFigures:
    """`attempts` ordered by caller and time; wishes that began in [start_us, end_us) count."""
    figures = RedialFigures()
    for chain in _chains(attempts, start_us, end_us):
        bridged_us = chain[-1].bridged_us
        if bridged_us is None:
            figures.gave_up[len(chain)] += 1
        else:
            figures.waits_s.setdefault(len(chain), []).append((bridged_us - chain[0].started_us) / 1e6)
    return figures


def _chains(attempts: Iterable[Attempt], start_us: int, end_us: int) -> Iterator[list[Attempt]]:
    """The attempts of each wish that began in the time."""
    chain: list[Attempt] = []
    for attempt in attempts:
        last = chain[-1] if chain else None
        goes_on = (
            last is not None
            and last.caller == attempt.caller
            and last.bridged_us is None
            and attempt.started_us - last.ended_us <= WINDOW_US
        )
        if not goes_on:
            if chain and start_us <= chain[0].started_us < end_us:
                yield chain
            chain = []
        chain.append(attempt)
    if chain and start_us <= chain[0].started_us < end_us:
        yield chain
