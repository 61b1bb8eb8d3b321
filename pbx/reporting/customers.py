"""Callers as people: who got through at the first attempt, who came again, who was missed and spoken with later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from pbx.reporting.arrivals import WallClock
from pbx.reporting.intervals import Interval, days_around
from pbx.reporting.opened.figure import ALL, Fact, Mark
from pbx.reporting.people import People
from pbx.reporting.per.grid import Grid
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store import schema

DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
NOTES = (
    "Callers: numbers, each once a day. First attempt = callers whose first call of the day to the queue was\n"
    "answered / callers.\n"
    "Solved (proxy) = answered calls after which the same number did not ring the same queue within 7 days / answered\n"
    "calls whose 7 days are over; what they were about is not looked at. Pending: their 7 days are not over.\n"
    "Missed = numbers with a call that nobody of the queue answered, each once a day; recovered = spoken with in the\n"
    "7 days after it, in either direction. Calls without a number are left out."
)


@dataclass(slots=True)
class _Contact:
    """One call of a person to one queue."""

    who: str
    day: int  # the local one
    at_us: int
    answered: bool
    call_id: str


@dataclass(slots=True)
class CustomerFigures:
    """Of one queue ("" all) in an interval."""

    queue: str
    callers: int = 0
    first_answered: int = 0
    answered_calls: int = 0
    repeated: int = 0
    pending: int = 0  # answered calls whose 7 days are not over: nobody can say yet
    judged: int = 0  # the others
    solved: int = 0  # of the judged, those that were not repeated
    missed: int = 0
    recovered: int = 0

    @property
    def first_attempt_rate(self) -> float | None:
        return share(self.first_answered, self.callers)

    @property
    def solved_proxy(self) -> float | None:
        return share(self.solved, self.judged)

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


def customer_figures(connection: Connection, request: Request) -> list[CustomerFigures]:
    """By queue, all of them together last; of queues that were called in the period."""
    book = _read(connection, request)
    found = [
        _figures(queue, book, people, request.period, request.now_us)
        for queue, people in sorted(book.contacts.items(), key=lambda entry: (not entry[0], entry[0]))
    ]
    return [one for one in found if one != CustomerFigures(one.queue)]


def customer_course(connection: Connection, request: Request, grid: Grid) -> list[list[CustomerFigures]]:
    """The same of each interval: a customer counts at one instant of each day, whatever the period."""
    course: list[dict[str, CustomerFigures]] = [{} for _ in grid.cells]
    for fact in customer_facts(connection, request):
        if fact.marks:
            queue = "" if fact.keys["queue"] == ALL else fact.keys["queue"]
            figures = course[grid.index(fact.at_us)].setdefault(queue, CustomerFigures(queue))
            for name, figure in _COUNTED.items():
                setattr(figures, name, getattr(figures, name) + (figure in fact.marks and fact.marks[figure][0]))
    return [sorted(found.values(), key=lambda one: (not one.queue, one.queue)) for found in course]


def customer_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """The calls that the figures are made of: of each caller the first one of the day, those that were answered, and
    the last one of the day that was missed.
    """
    book = _read(connection, request)
    for queue, people in book.contacts.items():
        keys = {"queue": queue or ALL}
        for who, contacts in people.items():
            for contact, marks in _marks(contacts, book.talks.get(who, ()), request.period, request.now_us):
                yield Fact(contact.at_us, contact.call_id, keys, marks)


def _figures(
    queue: str, book: _Book, people: dict[str, list[_Contact]], interval: Interval, now_us: int
) -> CustomerFigures:
    figures = CustomerFigures(queue)
    for who, contacts in people.items():
        for _, marks in _marks(contacts, book.talks.get(who, ()), interval, now_us):
            for name, figure in _COUNTED.items():
                setattr(figures, name, getattr(figures, name) + (figure in marks and marks[figure][0]))
    return figures


# The count of a queue: the figure whose counted facts it is.
_COUNTED = {
    "callers": "CALLERS",
    "first_answered": "FIRST",
    "answered_calls": "ANSWERED.CALLS",
    "repeated": "REPEATED",
    "pending": "PENDING",
    "judged": "JUDGED",
    "solved": "FCR.PROXY",
    "missed": "MISSED.NUMBERS",
    "recovered": "RECOVERED",
}


def _marks(
    contacts: list[_Contact], talks: Sequence[int], interval: Interval, now_us: int
) -> Iterator[tuple[_Contact, dict[str, Mark]]]:
    """What each of a person's contacts with a queue counts in: a day's caller in his first one, a day's missed customer
    in the last one that was missed, so that parts of a period add up to it.
    """
    contacts.sort(key=lambda contact: contact.at_us)
    first: dict[int, _Contact] = {}
    missed: dict[int, _Contact] = {}
    for contact in contacts:
        first.setdefault(contact.day, contact)
        if not contact.answered:
            missed[contact.day] = contact
    for contact in contacts:
        if not interval.start_us <= contact.at_us < interval.end_us:
            continue
        marks: dict[str, Mark] = {}
        end_us = contact.at_us + WEEK_US
        if contact is first[contact.day]:
            marks |= {"CALLERS": (True, None), "FIRST": (contact.answered, None)}
        if contact.answered:
            again = any(contact.at_us < other.at_us <= end_us for other in contacts)
            marks |= {"ANSWERED.CALLS": (True, None), "REPEATED": (again, None), "PENDING": (end_us > now_us, None)}
            if end_us <= now_us:
                marks |= {"JUDGED": (True, None), "FCR.PROXY": (not again, None)}
        elif contact is missed[contact.day]:
            recovered = any(contact.at_us < at_us <= end_us for at_us in talks)
            marks |= {"MISSED.NUMBERS": (True, None), "RECOVERED": (recovered, None), "RESIDUAL": (not recovered, None)}
        yield contact, marks


def _read(connection: Connection, request: Request) -> _Book:
    """What the callers of the period's days did in them and in the week after; calls that had begun the day before too,
    since a call is one contact, at its first stay.
    """
    book, people = _Book(), People(request.money.country)
    whole = days_around(request.period, request.zone)
    end_us = whole.end_us + WEEK_US
    visit, cdr = schema.queue_visits.c, schema.cdrs.c
    query = (
        select(visit.call_id, visit.queue, visit.joined_us, visit.ended_us, visit.outcome, cdr.caller)
        .join_from(schema.queue_visits, schema.cdrs, cdr.id == visit.call_id)
        .where(visit.joined_us >= whole.start_us - DAY_US, visit.joined_us < end_us, visit.contact == "")
        .order_by(visit.joined_us, visit.call_id, visit.visit)
    )
    _add_calls(book, connection.execute(query), people, WallClock(request.zone))
    talks = select(cdr.caller, cdr.callee, cdr.contact, cdr.direction, cdr.bridged_us).where(
        *(cdr.started_us >= whole.start_us - WEEK_US, cdr.started_us < end_us),
        *(cdr.bridged_us.is_not(None), cdr.test == ""),
    )
    numbers = _contact_numbers(connection, whole)
    for caller, callee, contact, direction, bridged_us in connection.execute(talks):
        for number in (caller, callee if direction != "inbound" else "", numbers.get(contact, "")):
            who = people.who(number)
            if who:
                book.talks[who].append(bridged_us)
    return book


def _add_calls(
    book: _Book, rows: Iterable[tuple[str, str, int, int, str, str]], people: People, clock: WallClock
) -> None:
    """A call that was in a queue several times is one contact of it, answered when one of them was."""
    calls: dict[tuple[str, str], _Contact] = {}
    for call_id, queue, joined_us, ended_us, outcome, caller in rows:
        who = people.who(caller)
        if not who:
            continue
        if outcome == "answered":  # of a call only the first talk of all has its instant in its record
            book.talks[who].append(ended_us)
        for name in (queue, ""):
            contact = calls.get((call_id, name))
            if contact is None:
                contact = calls[call_id, name] = _Contact(who, clock.at(joined_us)[0], joined_us, False, call_id)
                book.contacts.setdefault(name, {}).setdefault(who, []).append(contact)
            contact.answered |= outcome == "answered"


def _contact_numbers(connection: Connection, interval: Interval) -> dict[str, str]:
    """Numbers of the contacts that calls of the time may have been placed for."""
    item = schema.contacts.c
    query = select(item.id, item.number).where(item.created_us >= interval.start_us - WEEK_US, item.number != "")
    return {row.id: row.number for row in connection.execute(query)}


COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("callers", "Callers", formula="CALLERS"),
    Column("first_attempt_rate", "First\nattempt", Unit.SHARE, "FIRST"),
    Column("answered_calls", "Answered\ncalls", formula="ANSWERED.CALLS"),
    Column("repeated", "Came\nagain", formula="REPEATED"),
    Column("solved_proxy", "Solved\n(proxy)", Unit.SHARE, "FCR.PROXY"),
    Column("pending", "Pend-\ning", formula="PENDING"),
    Column("missed", "Missed", formula="MISSED.NUMBERS"),
    Column("recovered", "Re-\ncovered", formula="RECOVERED"),
    Column("residual", "Re-\nsidual", formula="RESIDUAL"),
    Column("recovery_rate", "Recovery", Unit.SHARE, "RECOVERED"),
)


def customers_sheet(connection: Connection, request: Request) -> Sheet:
    """The report."""
    return customers_rows(request.period, customer_figures(connection, request))


def customers_rows(period: Interval, figures: Iterable[CustomerFigures]) -> Sheet:
    """A row for each queue, and one for all."""
    sheet = Sheet(f"Customers, {period.label}", COLUMNS, notes=NOTES)
    for one in figures:
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
