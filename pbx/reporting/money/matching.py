"""Which call a sale belongs to: the call that it names, the call of the contact that it names, or the last attributed
call of its number within the window before it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.engine import URL

from pbx.ledger.terms import Terms
from pbx.numbers.plan import NumberPlan
from pbx.reporting.intervals import Interval
from pbx.reporting.money.calls import MoneyCall, money_calls
from pbx.store import schema
from pbx.store.database import reader_engine
from pbx.store.schema_ledger import sales

_sale, _cdr, _item = sales.c, schema.cdrs.c, schema.contacts.c
CALL, CONTACT, NUMBER = "call", "contact", "number"


def match_sales(connection: Connection, since_us: int, terms: Terms) -> dict[str, tuple[str, str]]:
    """(call, by) for each order that was made since and is matched otherwise than the database says."""
    rows = connection.execute(select(sales).where(_sale.at_us >= since_us)).all()
    if not rows:
        return {}
    plan = NumberPlan(terms.country)
    interval = Interval("", min(row.at_us for row in rows) - terms.sale_window_us, max(row.at_us for row in rows) + 1)
    by_number: dict[str, list[MoneyCall]] = {}
    for call in money_calls(connection, interval, plan):
        if call.attributed and call.number:
            by_number.setdefault(call.number, []).append(call)
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        match = _named(connection, row.told_id) or _called(by_number.get(row.number, []), row.at_us, terms)
        if match != (row.call_id, row.matched_by):
            found[row.order_id] = match
    return found


def _named(connection: Connection, told: str) -> tuple[str, str] | None:
    """The call of this id, or that of the contact of this id: where it was spoken with, else from which it came."""
    if not told:
        return None
    if connection.execute(select(_cdr.id).where(_cdr.id == told)).first() is not None:
        return told, CALL
    origin = connection.execute(select(_item.origin_call).where(_item.id == told)).scalar()
    if origin is None:
        return None
    talk = select(_cdr.id).where(_cdr.contact == told, or_(_cdr.bridged_us.is_not(None), _cdr.id == origin))
    spoken = connection.execute(talk.order_by(_cdr.started_us).limit(1)).scalar()
    call_id = origin or spoken or ""
    return (call_id, CONTACT) if call_id else None


def _called(calls: list[MoneyCall], at_us: int, terms: Terms) -> tuple[str, str]:
    """The last one at or before the sale."""
    at = bisect_right(calls, at_us, key=lambda call: call.at_us)
    if at and at_us - calls[at - 1].at_us <= terms.sale_window_us:
        return calls[at - 1].id, NUMBER
    return "", ""


@dataclass(frozen=True, slots=True)
class MatchJob:
    """For a child process; see pbx.reporting.jobs.Job. Sales that were made since `since_us`."""

    url: URL
    terms: Terms
    since_us: int

    def run(self) -> dict[str, Any]:
        engine = reader_engine(self.url)
        try:
            with engine.begin() as connection:
                return {order: list(match) for order, match in self.found(connection).items()}
        finally:
            engine.dispose()

    def found(self, connection: Connection) -> dict[str, tuple[str, str]]:
        return match_sales(connection, self.since_us, self.terms)
