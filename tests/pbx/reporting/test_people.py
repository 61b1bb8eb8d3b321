"""Who is one customer, and in which part of a period he counts: parts add up to the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from pbx.contact.item import ContactItem, End, ItemKind, ItemState
from pbx.events import CallEvent, Kind
from pbx.ledger.terms import Terms
from pbx.numbers.plan import NumberPlan
from pbx.reporting.customers import CustomerFigures, customer_figures
from pbx.reporting.intervals import Interval, day, days, hours
from pbx.reporting.money.calls import money_calls
from pbx.reporting.people import People
from pbx.reporting.recovery import Recovery, recovery
from pbx.reporting.redials import redial_figures
from pbx.reporting.request import Request
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import Journey

WARSAW = ZoneInfo("Europe/Warsaw")
FRIDAY, SATURDAY = date(2026, 10, 23), date(2026, 10, 24)  # and Sunday, which has 25 hours
WEEKEND = days(date(2026, 10, 25), 3, WARSAW)
KNOWN = People("PL")


def asked(period: Interval) -> Request:
    return Request(period, WARSAW, 2**62, money=Terms(country="PL"))


def at(when: date, hour: float) -> float:
    return day(when, WARSAW).start_us / 1e6 + hour * 3600


def call(number: int, caller: str, start: float, *, served: bool, length_s: float = 60.0) -> list[CallEvent]:
    one = Journey(number, start).begin(caller=caller).at(1).add(Kind.QUEUE_JOINED, queue="sales", position=1).at(9)
    if served:
        one.add(Kind.QUEUE_ANSWERED, queue="sales", agent="101", wait_s=8.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
        one.at(length_s).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=length_s - 9)
    else:
        one.at(length_s).add(Kind.QUEUE_ABANDONED, queue="sales", wait_s=length_s - 1, position=1)
    return one.end().events


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+48 600 000 001", "0048600000001", True),
        ("600000001", "+48600000001", True),
        ("48600000001", "+48600000001", True),
        ("101", "101", True),
        ("+48600000001", "+48600000002", False),
        ("+74951234567", "+73951234567", False),  # Moscow and Irkutsk: the last nine digits are the same
        ("+48600000001", "+7960600000001", False),
    ],
)
def test_ways_to_write_a_number(one: str, other: str, same: bool) -> None:
    assert (KNOWN.who(one) == KNOWN.who(other)) is same


@pytest.mark.parametrize("withheld", ["", "anonymous", "Restricted", "unavailable"])
def test_who_withholds_his_number_is_nobody(withheld: str) -> None:
    assert KNOWN.who(withheld) == ""


def test_callers_who_withhold_their_number_are_never_one_customer() -> None:
    calls = [call(number, "anonymous", at(FRIDAY, 10 + number / 60), served=number == 3) for number in (1, 2, 3)]
    with Ledger() as ledger:
        ledger.tell(*calls, call(4, "+48600000001", at(FRIDAY, 11), served=True))
        redials = redial_figures(ledger.connection, asked(ALL))
        (sales, _) = customer_figures(ledger.connection, asked(WEEKEND))
        money = money_calls(ledger.connection, ALL, NumberPlan("PL"))
    assert (redials.customers, sales.callers) == (1, 1)
    assert sum(one.unique for one in money) == 4


def test_one_customer_with_two_ways_to_write_his_number_redials() -> None:
    calls = [
        call(1, "0048600000001", at(FRIDAY, 10), served=False),
        call(2, "600000001", at(FRIDAY, 10.1), served=True),
    ]
    with Ledger() as ledger:
        found = redial_figures(ledger.tell(*calls).connection, asked(ALL))
    assert found.waits_s == {2: [pytest.approx(360 + 9)]}


def test_a_wish_counts_once_where_a_period_begins_and_ends() -> None:
    """He waits for 14 minutes across midnight and gives up, and comes through at the fifth attempt."""
    midnight = at(SATURDAY, 0)
    starts = [midnight - 700, midnight + 300, midnight + 900, midnight + 1500, midnight + 2100]
    calls = [
        call(n, "+48600000001", start, served=n == 4, length_s=840 if n == 0 else 30) for n, start in enumerate(starts)
    ]
    with Ledger() as ledger:
        ledger.tell(*calls)
        parts = [redial_figures(ledger.connection, asked(day(when, WARSAW))) for when in (FRIDAY, SATURDAY)]
    assert [one.customers for one in parts] == [1, 0]
    assert list(parts[0].waits_s) == [5]


def sums(found: list[CustomerFigures]) -> dict[str, list[int]]:
    names = [name for name in CustomerFigures.__slots__ if name != "queue"]
    totals: dict[str, list[int]] = {}
    for one in found:
        before = totals.get(one.queue, [0] * len(names))
        totals[one.queue] = [a + getattr(one, name) for a, name in zip(before, names, strict=True)]
    return totals


def test_a_caller_counts_once_a_day_and_days_and_hours_add_up() -> None:
    """Missed on Friday morning and evening; on Saturday he is served, and rings again."""
    calls = [
        call(1, "+48600000001", at(FRIDAY, 9.5), served=False),
        call(2, "+48600000001", at(FRIDAY, 20), served=False),
        call(3, "+48600000001", at(SATURDAY, 9), served=True),
        call(4, "+48600000001", at(SATURDAY, 23.999), served=False, length_s=30),
    ]
    with Ledger() as ledger:
        ledger.tell(*calls)
        (whole, _) = customer_figures(ledger.connection, asked(WEEKEND))
        parts = [
            sheet
            for when in (FRIDAY, SATURDAY)
            for sheet in customer_figures(ledger.connection, asked(day(when, WARSAW)))
        ]
        quarters = [cut for when in (FRIDAY, SATURDAY) for cut in hours(when, WARSAW)]
        hourly = [sheet for cut in quarters for sheet in customer_figures(ledger.connection, asked(cut))]
    assert (whole.callers, whole.first_answered, whole.missed, whole.recovered) == (2, 1, 2, 1)
    assert sums(parts) == sums(hourly)
    assert sums(parts)["sales"] == sums([whole])["sales"]


def test_recovered_is_who_was_spoken_with_within_a_week_whatever_the_period() -> None:
    late = call(2, "+48600000001", at(FRIDAY, 9) + 8 * 86_400, served=True)
    month = days(date(2026, 11, 10), 30, WARSAW)
    with Ledger() as ledger:
        ledger.tell(call(1, "+48600000001", at(FRIDAY, 9), served=False), late)
        found = [customer_figures(ledger.connection, asked(period))[0] for period in (day(FRIDAY, WARSAW), month)]
    assert [(one.missed, one.recovered) for one in found] == [(1, 0), (1, 0)]


# -- contacts ----------------------------------------------------------------------------------------------------------


def item(number: int, created: float, end: str, into: str = "", caller: str = "+48600000001") -> ContactItem:
    name = f"{number:032x}"
    state = ItemState.CLOSED if end else ItemState.OPEN
    given = {"id": name, "key": name, "kind": ItemKind.ABANDONED, "queue": "sales", "number": caller, "end": end}
    return ContactItem(**given, since=created, created=created, state=state, merged_into=into)  # type: ignore[arg-type]


def counts(one: Recovery) -> tuple[int, ...]:
    return one.contacts, one.customers, one.reached, one.came_back, one.open, one.lost


def test_a_missed_customer_counts_once_a_day_and_days_and_hours_add_up() -> None:
    items = [
        item(1, at(FRIDAY, 9), End.REACHED),
        item(2, at(FRIDAY, 17), End.CUSTOMER_CAME_BACK),
        item(3, at(SATURDAY, 1), End.UNREACHABLE),
        item(4, at(SATURDAY, 2), End.REACHED, caller="+48600000002"),
    ]
    with Ledger() as ledger:
        for one in items:
            ledger.item(one)
        whole = counts(recovery(ledger.connection, WEEKEND, WARSAW)[-1])
        cuts = [day(FRIDAY, WARSAW), day(SATURDAY, WARSAW)]
        fine = [cut for when in (FRIDAY, SATURDAY) for cut in hours(when, WARSAW)]
        for parts in (cuts, fine):
            found = [counts(recovery(ledger.connection, cut, WARSAW)[-1]) for cut in parts]
            assert tuple(map(sum, zip(*found, strict=True))) == whole
    assert whole == (4, 3, 2, 0, 0, 1)


def test_the_end_of_one_that_was_merged_twice_is_that_of_the_last() -> None:
    last = item(3, at(FRIDAY, 11), End.REACHED)
    middle = item(2, at(FRIDAY, 10), End.MERGED, last.id)
    first = item(1, at(FRIDAY, 9), End.MERGED, middle.id)
    with Ledger() as ledger:
        for one in (first, middle, last):
            ledger.item(replace(one))
        (sales, _) = recovery(ledger.connection, WEEKEND, WARSAW)
    assert counts(sales) == (3, 1, 1, 0, 0, 0)
