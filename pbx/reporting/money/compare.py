"""A reconciliation from the database: our calls, and the records of other systems from their exports, or, where there
is no export, what they were told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from pbx.contact.rules import matches
from pbx.events import Kind
from pbx.ledger.mark import Why
from pbx.ledger.reconcile.exports import completed, read_export
from pbx.ledger.reconcile.records import Call, Export, Record, Span, System
from pbx.ledger.reconcile.solve import Solved, solve
from pbx.ledger.terms import Terms
from pbx.numbers.plan import NumberPlan
from pbx.reporting.intervals import Interval, local
from pbx.reporting.money.told import SENT, told_states
from pbx.store import schema
from pbx.store.encode import from_json
from pbx.store.schema_tracking import call_sources, visits

MARGIN_US = 36 * 3_600_000_000  # other clocks cut days elsewhere
PART = 500
OUTSIDE = ("inbound", "outbound")
_cdr, _journey = schema.cdrs.c, schema.journey.c
_told, _visit = call_sources.c, visits.c
ANALYTICS = "analytics"  # among what a visitor consents to


@dataclass(frozen=True, slots=True)
class Given:
    """An export as text; `zone` is of its clock readings, and of the days that it covers."""

    text: str
    name: str
    zone: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def compare(
    connection: Connection, interval: Interval, zone: ZoneInfo, terms: Terms, given: Mapping[System, Given]
) -> Solved:
    """Raises TableError for an export that cannot be read."""
    plan = NumberPlan(terms.country)
    calls = our_calls(connection, interval, terms, plan)
    period = Span(interval.start_us, interval.end_us)
    exports = []
    for system in (System.TRACKING, System.GA, System.CRM):
        file = given.get(system)
        if file is not None:
            theirs = ZoneInfo(file.zone) if file.zone else zone
            span = same_days(interval, zone, theirs)
            export = read_export(system, file.text, file.name, span, theirs, plan, file.columns)
            export.records = completed(export.records, calls)
            exports.append(export)
        elif _is_used(system, calls, period):
            exports.append(_known(system, calls, period))
    return solve(calls, exports, period, terms.match_window_us)


def our_calls(connection: Connection, interval: Interval, terms: Terms, plan: NumberPlan) -> list[Call]:
    """Calls with the world outside, of the interval and a day and a half around it."""
    wide = Interval("", interval.start_us - MARGIN_US, interval.end_us + MARGIN_US)
    query = (
        select(
            *(_cdr.id, _cdr.started_us, _cdr.ended_us, _cdr.direction, _cdr.caller, _cdr.callee, _cdr.bridged_us),
            *(_cdr.test, _cdr.cause, _cdr.contact),
            *(_told.visit, _told.method, _told.probability, _told.ga_client, _told.ga_session, _told.candidates),
            _visit.consent,
        )
        .outerjoin_from(schema.cdrs, call_sources, _told.call_id == _cdr.id)
        .outerjoin(visits, _visit.id == _told.visit)
        .where(_cdr.started_us >= wide.start_us, _cdr.started_us < wide.end_us, _cdr.direction.in_(OUTSIDE))
    )
    told = told_states(connection, wide)
    calls = []
    for row in connection.execute(query):
        call_id, at_us, ended_us, direction, caller, callee, bridged_us, test, cause, contact, *attributed = row
        visit, method, probability, client, session, candidates, consent = attributed
        heard = callee if direction == "outbound" else caller
        call = Call(call_id, at_us, plan.e164(heard) or heard, ended_us, direction, bridged_us is not None)
        call.test = bool(test) or any(matches(call.number, pattern) for pattern in terms.test_numbers)
        call.spam = cause == "blocked"
        call.short = not call.answered and (ended_us - at_us) / 1e6 < terms.short_s
        call.contact, call.visit, call.method = contact, visit or "", method or "none"
        call.probability = float(probability or 0.0)
        call.rivals = len(from_json(candidates)) if candidates else 1
        call.session = f"{client}/{session}" if client and session else ""
        call.told = told.get(call_id, {})
        if call.visit and not client and consent is not None and ANALYTICS not in consent.split(","):
            call.told.setdefault(System.GA.value, Why.NO_CONSENT.value)
        calls.append(call)
    _mark_transferred(connection, calls)
    return calls


def same_days(interval: Interval, zone: ZoneInfo, theirs: ZoneInfo) -> Span:
    """The local days of the interval, as a clock of another zone has them."""
    first = local(interval.start_us, zone)
    last = local(interval.end_us, zone)
    return Span(_wall(first, theirs), _wall(last, theirs))


def _wall(at: datetime, zone: ZoneInfo) -> int:
    return round(at.replace(tzinfo=zone).timestamp() * 1e6)


def _is_used(system: System, calls: Sequence[Call], period: Span) -> bool:
    """Whether the system could know of any call: who has no CRM is not told that it lacks every one."""
    some = (call for call in calls if period.holds(call.at_us))
    if system is System.TRACKING:
        return any(call.visit or call.method != "none" for call in some)
    return any(system.value in call.told for call in some)


def _known(system: System, calls: Sequence[Call], period: Span) -> Export:
    """What the system knows from us: the attributed calls, or those that it was told of and took."""
    some = [call for call in calls if period.holds(call.at_us)]
    if system is System.TRACKING:
        mine = [call for call in some if call.visit and call.direction == "inbound" and not call.test]
    else:
        mine = [call for call in some if call.told.get(system.value) == SENT]
    records = [Record(call.at_us, call.number, call.id) for call in mine]
    return Export(system, records, period, sent_by_us=True)


def _mark_transferred(connection: Connection, calls: Sequence[Call]) -> None:
    by_id = {call.id: call for call in calls}
    ids = sorted(by_id)
    for at in range(0, len(ids), PART):
        query = select(_journey.call_id).where(
            _journey.call_id.in_(ids[at : at + PART]), _journey.kind == Kind.TRANSFER_COMPLETED.value
        )
        for call_id in connection.execute(query).scalars():
            by_id[call_id].transferred = True
