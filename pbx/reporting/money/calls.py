"""Customers' calls with where they came from: one row of the database each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from pbx.ledger.labels import label
from pbx.ledger.spending import Told
from pbx.numbers.plan import NumberPlan
from pbx.reporting.intervals import Interval
from pbx.store import schema
from pbx.store.schema_tracking import call_sources

WIDGET = "widget"  # the method of a call that a visitor asked for
_cdr = schema.cdrs.c
_told = call_sources.c


@dataclass(slots=True)
class MoneyCall:
    """`told`: source, medium, campaign, number, as costs name them."""

    id: str
    at_us: int
    number: str  # of the customer
    did: str
    told: Told
    answered: bool
    unique: bool
    contact: str  # the item that it was placed for
    site: str = ""

    @property
    def attributed(self) -> bool:
        """Something is known of where it came from beyond the number that was dialled."""
        return any(self.told[:3])


def money_calls(connection: Connection, interval: Interval, plan: NumberPlan, unique_us: int = 0) -> list[MoneyCall]:
    """Customers' calls that began in the interval, in the order of time: those that came in, and of each callback that
    a visitor asked for the first. Tests and callers who are blocked are none. Of whom tracking does not tell, a call is
    unique whose number did not call for `unique_us` before it: so long before the interval calls are looked at.
    """
    seen: dict[str, int] = {}
    asked: set[str] = set()
    found = []
    wide = Interval(interval.label, interval.start_us - unique_us, interval.end_us)
    for call, outbound, first in _rows(connection, wide, plan):
        if outbound:
            if call.contact in asked:
                continue
            asked.add(call.contact)
        told = any(mark.isdigit() for mark in call.number)  # withheld ones are "anonymous": each caller for himself
        new = call.number not in seen or call.at_us - seen[call.number] > unique_us > 0
        call.unique = not told or (first if first is not None else new)
        seen[call.number] = call.at_us
        if call.at_us >= interval.start_us:
            found.append(call)
    return found


def _rows(
    connection: Connection, interval: Interval, plan: NumberPlan
) -> Iterator[tuple[MoneyCall, bool, bool | None]]:
    """(call, whether it went out, whether tracking says that it is the number's first)."""
    query = (
        select(
            *(_cdr.id, _cdr.started_us, _cdr.direction, _cdr.caller, _cdr.callee, _cdr.did, _cdr.tag, _cdr.campaign),
            *(_cdr.medium, _cdr.contact, _cdr.bridged_us),
            *(_told.source, _told.medium, _told.campaign, _told.site, _told.is_unique),
        )
        .outerjoin_from(schema.cdrs, call_sources, _told.call_id == _cdr.id)
        .where(
            _cdr.started_us >= interval.start_us,
            _cdr.started_us < interval.end_us,
            _cdr.test == "",
            _cdr.cause != "blocked",
            or_(_cdr.direction == "inbound", and_(_cdr.direction == "outbound", _told.method == WIDGET)),
        )
        .order_by(_cdr.started_us, _cdr.id)
    )
    for row in connection.execute(query):
        call_id, at_us, direction, caller, callee, did, tag, campaign, medium, contact, bridged_us, *known = row
        source_, medium_, campaign_, site, first = known
        outbound = direction == "outbound"
        told_ = (label(source_ or tag), label(medium_ or medium), label(campaign_ or campaign), plan.e164(did) or did)
        heard = callee if outbound else caller
        number = plan.e164(heard) or heard
        yield (
            MoneyCall(call_id, at_us, number, did, told_, bridged_us is not None, False, contact, site or ""),
            outbound,
            None if first is None else bool(first),
        )
