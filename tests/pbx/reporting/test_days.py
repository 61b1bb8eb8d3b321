"""Days on which the clocks change, nights that calls last through, clocks that are set back: parts give the whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.events import CallEvent
from pbx.reporting.agents import agent_figures
from pbx.reporting.arrivals import WallClock, arrivals
from pbx.reporting.figures import QueueFigures, add
from pbx.reporting.intervals import Interval, day, days, hours, local
from pbx.reporting.queries import call_figures, queue_figures
from pbx.store import schema
from pbx.store.encode import micros
from tests.pbx.reporting.ledger import THRESHOLDS, Ledger
from tests.pbx.reporting.test_from_journeys import overflowed, transferred
from tests.support.journeys import T0, abandoned, answered, left

WARSAW, MOSCOW = ZoneInfo("Europe/Warsaw"), ZoneInfo("Europe/Moscow")
AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)
LENGTHS = {(WARSAW, AUTUMN): 25, (WARSAW, SPRING): 23, (MOSCOW, AUTUMN): 24, (MOSCOW, SPRING): 24}


def moved(events: list[CallEvent], number: int, start: float) -> list[CallEvent]:
    """The same journey of another call."""
    call_id = f"{number:032x}"
    return [replace(event, call_id=call_id, at=event.at - T0 + start) for event in events]


def one_of(which: int, number: int, start: float, wait_s: float, talk_s: float) -> list[CallEvent]:
    """A call of one of five kinds."""
    makers: tuple[Callable[[], list[CallEvent]], ...] = (
        lambda: answered(number, start=start, wait_s=wait_s, talk_s=talk_s),
        lambda: abandoned(number, start=start, wait_s=wait_s),
        lambda: left(number, start=start),
        lambda: moved(overflowed(), number, start),
        lambda: moved(transferred(), number, start),
    )
    return makers[which]()


def crowd(rng: random.Random, when: date, zone: ZoneInfo, count: int) -> list[list[CallEvent]]:
    """Calls of three days around `when`, many near midnight and where the clocks change."""
    whole = days(when + timedelta(days=1), 3, zone)
    edges = [hours(when, zone)[n].start_us for n in (0, 2, 3)] + [day(when, zone).end_us]
    made = []
    for number in range(1, count + 1):
        at_us = rng.choice(
            (rng.randrange(whole.start_us, whole.end_us), rng.choice(edges) + rng.randrange(-(10**9), 10**9))
        )
        start = at_us / 1e6
        waits = rng.choice((2.0, 19.0, 20.0, 600.0, 5400.0))
        made.append(one_of(rng.randrange(5), number, start, waits, rng.choice((1.0, 3600.0, 9000.0))))
    return made


def total(ledger: Ledger, parts: list[Interval]) -> tuple[QueueFigures, list[float]]:
    """Of all queues and calls in the parts together."""
    found, calls = QueueFigures("all"), [0.0, 0.0, 0.0]
    for part in parts:
        for one in queue_figures(ledger.connection, part, THRESHOLDS):
            add(found, one)
        of = call_figures(ledger.connection, part)
        calls = [a + b for a, b in zip(calls, (of.calls, of.talk_s, of.setup_sum_s), strict=True)]
    return found, calls


@pytest.mark.parametrize(("zone", "when"), LENGTHS, ids=lambda value: str(getattr(value, "key", value)))
def test_hours_give_the_day_and_days_the_period(zone: ZoneInfo, when: date) -> None:
    parts = hours(when, zone)
    assert len(parts) == len({part.label for part in parts}) == LENGTHS[zone, when]
    assert [one.end_us for one in parts[:-1]] == [one.start_us for one in parts[1:]]
    with Ledger() as ledger:
        ledger.tell(*crowd(random.Random(len(parts)), when, zone, 120))
        whole, calls = total(ledger, [day(when, zone)])
        assert whole.offered > 20
        found, counted = total(ledger, parts)
        assert (found.offered, found.counts, found.flows) == (whole.offered, whole.counts, whole.flows)
        assert counted == pytest.approx(calls)
        assert found.talk_s == pytest.approx(whole.talk_s)
        three = [day(when + timedelta(days=n), zone) for n in (-1, 0, 1)]
        assert total(ledger, three)[1] == pytest.approx(total(ledger, [days(when + timedelta(days=1), 3, zone)])[1])
        seen = arrivals(ledger.connection, days(when + timedelta(days=1), 3, zone), zone, (), 2**62)
        assert sum(map(sum, seen.counts)) == seen.calls == 120
        assert sum(seen.days) == 3


def test_the_hour_that_comes_twice_is_two() -> None:
    (first, second) = [one for one in hours(AUTUMN, WARSAW) if one.label.startswith("02:00")]
    with Ledger() as ledger:
        ledger.tell(answered(1, start=first.start_us / 1e6 + 60), abandoned(2, start=second.start_us / 1e6 + 60))
        assert [total(ledger, [one])[0].answered for one in (first, second)] == [1, 0]
        assert [total(ledger, [one])[0].abandoned for one in (first, second)] == [0, 1]
        heat = arrivals(ledger.connection, day(AUTUMN, WARSAW), WARSAW, (), 2**62)
        assert heat.counts[6][8] == 2  # both are at a quarter past nothing of 2 o'clock by the wall
    assert all(one.label != "02:00" for one in hours(SPRING, WARSAW))


def test_a_night_shift_counts_in_each_day_for_what_it_was() -> None:
    middle = day(AUTUMN, WARSAW)
    start_s = middle.start_us / 1e6 - T0
    with Ledger() as ledger:
        ledger.agent(
            "101", ("available", start_s - 7200, start_s + 1800), ("talking", start_s + 1800, start_s + 25 * 3600 + 600)
        )
        ledger.derive()
        before, here, after = (
            agent_figures(ledger.connection, day(AUTUMN + timedelta(days=n), WARSAW), 2**62) for n in (-1, 0, 1)
        )
    assert before[0].states == {"available": 7200.0}
    assert here[0].states == {"available": 1800.0, "talking": 25 * 3600.0 - 1800}
    assert after[0].states == {"talking": 600.0}


@settings(max_examples=30, deadline=None)
@given(st.integers(min_value=0, max_value=2**33), st.sampled_from(["Europe/Warsaw", "Europe/Moscow", "Asia/Kathmandu"]))
def test_the_wall_clock_is_that_of_the_zone(at_s: int, name: str) -> None:
    zone = ZoneInfo(name)
    found = WallClock(zone).at(at_s * 1_000_000)
    at = local(at_s * 1_000_000, zone)
    assert found == ((at.date() - date(1970, 1, 1)).days, at.hour * 60 + at.minute)
    for when in (AUTUMN, SPRING):  # and minute by minute where it changes
        for minute in range(0, 300, 15):
            at_us = micros(datetime(when.year, when.month, when.day, tzinfo=zone).timestamp()) + minute * 60_000_000
            at = local(at_us, zone)
            assert WallClock(zone).at(at_us)[1] == at.hour * 60 + at.minute


@settings(max_examples=8, deadline=None)
@given(st.integers(), st.lists(st.floats(min_value=-7200, max_value=60), min_size=1, max_size=4))
def test_a_clock_that_is_set_back_makes_nothing_negative_or_lost(seed: int, steps: list[float]) -> None:
    """Steps of the system's clock somewhere in the calls: every caller is there once, and no duration is below zero."""
    rng = random.Random(seed)
    makers = (answered, abandoned, left)
    journeys = [rng.choice(makers)(number, start=T0 + 50.0 * number) for number in range(1, 6)]
    for step in steps:
        one = rng.randrange(len(journeys))
        cut = rng.randrange(1, len(journeys[one]))
        journeys[one] = [
            replace(event, at=event.at + (step if at >= cut else 0)) for at, event in enumerate(journeys[one])
        ]
    with Ledger() as ledger:
        ledger.tell(*journeys)
        before = ledger.dump()
        found = ledger.queue()
        assert found.offered == len(journeys)
        assert found.answered + found.abandoned + found.flowed_out == len(journeys)
        for name in ("cdrs", "queue_visits", "queue_offers"):
            table = schema.metadata.tables[name]
            for row in ledger.connection.execute(table.select()).mappings():
                assert all(value >= 0 for key, value in row.items() if key.endswith("_s") and value is not None), row
        ledger.derive()
        assert ledger.dump() == before
