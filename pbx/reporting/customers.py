"""Callers as people: who got through at the first attempt, who came again, who was missed and spoken with later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store import schema

WEEK_US = 7 * 86_400_000_000
NATIONAL_DIGITS = 9  # by which numbers are told apart, whatever stands in front: +48, 00 48, 0
NOTES = (
    "First attempt = callers whose first call of the day to the queue was answered / callers.\n"
    "Solved (proxy) = answered calls after which the same number did not ring the same queue within 7 days; what the\n"
    "calls were about is not looked at. Pending: their 7 days are not over.\n"
    "Missed = numbers with a call that nobody of the queue answered; recovered = spoken with afterwards, in either\n"
    "direction. Calls without a number are left out."
)


def person(number: str) -> str:
    """What two ways of writing one number have in common; "" for a caller without number."""
    digits = "".join(mark for mark in number if mark.isdigit())
    return digits[-NATIONAL_DIGITS:] if len(digits) > NATIONAL_DIGITS else digits


@dataclass(slots=True)
class _Contact:
    """One call of a person to one queue."""

    who: str
    at_us: int
    answered: bool


@dataclass(slots=True)
class CustomerFigures:
    """Of one queue ("" all) in an interval."""

    queue: str
    callers: int = 0
    first_answered: int = 0
    answered_calls: int = 0
    repeated: int = 0
    pending: int = 0
    missed: int = 0
    recovered: int = 0

    @property
    def first_attempt_rate(self) -> float | None:
        return share(self.first_answered, self.callers)

    @property
    def solved_proxy(self) -> float | None:
        return share(self.answered_calls - self.repeated, self.answered_calls)

    @property
    def recovery_rate(self) -> float | None:
        return share(self.recovered, self.missed)

    @property
    def residual(self) -> int:
        """Missed and never spoken with."""
        return self.missed - self.recovered


@dataclass(slots=True)
class _Book:
    """Contacts by queue and person, and every talk with a person: (when two people met)."""

    contacts: dict[str, dict[str, list[_Contact]]] = field(default_factory=dict)
    talks: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def customer_figures(connection: Connection, interval: Interval, now_us: int) -> list[CustomerFigures]:
    """By queue, all of them together last."""
    book = _read(connection, interval)
    return [
        _figures(queue, book, people, interval, now_us)
        for queue, people in sorted(book.contacts.items(), key=lambda entry: (not entry[0], entry[0]))
    ]


def _figures(
    queue: str, book: _Book, people: dict[str, list[_Contact]], interval: Interval, now_us: int
) -> CustomerFigures:
    figures = CustomerFigures(queue)
    for who, contacts in people.items():
        contacts.sort(key=lambda contact: contact.at_us)
        mine = [contact for contact in contacts if interval.start_us <= contact.at_us < interval.end_us]
        if not mine:
            continue
        figures.callers += 1
        figures.first_answered += mine[0].answered
        for contact in mine:
            if not contact.answered:
                continue
            figures.answered_calls += 1
            end_us = contact.at_us + WEEK_US
            figures.repeated += any(contact.at_us < other.at_us <= end_us for other in contacts)
            figures.pending += end_us > now_us
        missed = [contact.at_us for contact in mine if not contact.answered]
        if missed:
            figures.missed += 1
            figures.recovered += any(at_us > missed[-1] for at_us in book.talks.get(who, ()))
    return figures


def _read(connection: Connection, interval: Interval) -> _Book:
    """What the interval's callers did in it and in the week after."""
    book = _Book()
    end_us = interval.end_us + WEEK_US
    visit, cdr = schema.queue_visits.c, schema.cdrs.c
    query = (
        select(visit.call_id, visit.queue, visit.joined_us, visit.outcome, cdr.caller)
        .join_from(schema.queue_visits, schema.cdrs, cdr.id == visit.call_id)
        .where(visit.joined_us >= interval.start_us, visit.joined_us < end_us, visit.contact == "")
        .order_by(visit.joined_us)
    )
    _add_calls(book, connection.execute(query))
    talks = select(cdr.caller, cdr.callee, cdr.contact, cdr.direction, cdr.bridged_us).where(
        cdr.started_us >= interval.start_us - WEEK_US, cdr.started_us < end_us, cdr.bridged_us.is_not(None)
    )
    numbers = _contact_numbers(connection, interval)
    for caller, callee, contact, direction, bridged_us in connection.execute(talks):
        for number in (caller, callee if direction != "inbound" else "", numbers.get(contact, "")):
            who = person(number)
            if who:
                book.talks[who].append(bridged_us)
    return book


def _add_calls(book: _Book, rows: Iterable[tuple[str, str, int, str, str]]) -> None:
    """A call that was in a queue several times is one contact of it, answered when one of them was."""
    calls: dict[tuple[str, str], _Contact] = {}
    for call_id, queue, joined_us, outcome, caller in rows:
        who = person(caller)
        if not who:
            continue
        for name in (queue, ""):
            contact = calls.get((call_id, name))
            if contact is None:
                contact = calls[call_id, name] = _Contact(who, joined_us, False)
                book.contacts.setdefault(name, {}).setdefault(who, []).append(contact)
            contact.answered |= outcome == "answered"


def _contact_numbers(connection: Connection, interval: Interval) -> dict[str, str]:
    """Numbers of the contacts that calls of the time may have been placed for."""
    item = schema.contacts.c
    query = select(item.id, item.number).where(item.created_us >= interval.start_us - WEEK_US, item.number != "")
    return {row.id: row.number for row in connection.execute(query)}


COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("callers", "Callers"),
    Column("first_attempt_rate", "First\nattempt", Unit.SHARE),
    Column("answered_calls", "Answered\ncalls"),
    Column("repeated", "Came\nagain"),
    Column("solved_proxy", "Solved\n(proxy)", Unit.SHARE),
    Column("pending", "Pend-\ning"),
    Column("missed", "Missed"),
    Column("recovered", "Re-\ncovered"),
    Column("residual", "Re-\nsidual"),
    Column("recovery_rate", "Recovery", Unit.SHARE),
)


def customers_sheet(connection: Connection, interval: Interval, now_us: int) -> Sheet:
    """The report."""
    sheet = Sheet(f"Customers, {interval.label}", COLUMNS, notes=NOTES)
    for one in customer_figures(connection, interval, now_us):
        sheet.rows.append(
            (
                one.queue or "all",
                one.callers,
                one.first_attempt_rate,
                one.answered_calls,
                one.repeated,
                one.solved_proxy,
                one.pending,
                one.missed,
                one.recovered,
                one.residual,
                one.recovery_rate,
            )
        )
    return sheet
