"""What each interval of coming days needs: forecast, events, callbacks and handling time put into Erlang's formulas."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pbx.staffing.events import PlannedEvent, with_events
from pbx.staffing.forecast import Forecast, IsHoliday, Method, by_slots
from pbx.staffing.handling import handling_by_slot
from pbx.staffing.history import SLOTS, History
from pbx.staffing.requirement import Customer, Formula, Outcome, Prices, Target, agents_for, outcome, rostered

FEWEST_CALLS = 0.5  # of an interval that needs somebody although calls come there on few days only
BRIDGED_SLOTS = 8  # two hours without calls between such with calls are staffed, too


@dataclass(frozen=True, slots=True)
class Terms:
    """How agents are counted. `handling_s`, `patience_s`: instead of what the calls tell; 0: what they tell."""

    target: Target
    minutes: int = 30
    shrinkage: float = 0.3
    formula: Formula = "erlang-a"
    handling_s: float = 0.0
    patience_s: float = 0.0
    callbacks: bool = True  # whether calls back count as load

    def __post_init__(self) -> None:
        if self.minutes not in (15, 30, 60):
            raise ValueError(f"intervals of {self.minutes} minutes are not cut: write 15, 30 or 60")


@dataclass(frozen=True, slots=True)
class IntervalNeed:
    """Of `minutes` from `begin` (minutes from midnight). `calls` between `low` and `high` on nine of ten such days."""

    begin: int
    calls: float
    low: float
    high: float
    handling_s: float
    callback_load: float  # erlang
    load: float  # erlang, of calls and callbacks
    agents: int
    other: int | None  # by the other formula; None where that one needs a patience that nobody knows
    rostered: int
    then: Outcome


@dataclass(frozen=True, slots=True)
class DayNeed:
    """Of one queue; intervals without calls are not there."""

    queue: str
    found: Forecast
    customer: Customer  # of a mean call
    intervals: Sequence[IntervalNeed]

    def agents(self, minutes: int, *, people: bool = False) -> list[int]:
        """Of every interval of the day; `people` with shrinkage."""
        whole = [0] * (24 * 60 // minutes)
        for one in self.intervals:
            whole[one.begin // minutes] = one.rostered if people else one.agents
        return whole


def customer_of(past: History, terms: Terms) -> Customer:
    """What is given counts, then what the calls tell. Raises ValueError with the remedy."""
    handled, patient = terms.handling_s or past.handling_s, terms.patience_s or past.patience_s
    if not handled:
        raise ValueError(_missing(past, "answered", "--handling 180"))
    if terms.formula == "erlang-c":
        return Customer(float(handled), math.inf)
    if not patient:
        raise ValueError(_missing(past, "given up", "--patience 300, or --formula erlang-c"))
    return Customer(float(handled), float(patient))


def _missing(past: History, what: str, remedy: str) -> str:
    return f"queue {past.queue!r} has no call that was {what} in these weeks: write {remedy}, or more --weeks"


def day_need(
    past: History,
    day: date,
    is_holiday: IsHoliday,
    terms: Terms,
    by: Method,
    events: Sequence[PlannedEvent] = (),
    ignored: Sequence[date] = (),
) -> DayNeed:
    """Raises NotEnough, NotInstalled, ValueError."""
    found = with_events(by(past, day, is_holiday, ignored), events)
    mean = customer_of(past, terms)
    handling = np.full(SLOTS, mean.handling_s) if terms.handling_s else handling_by_slot(past)
    back = _callback_load(past, found, is_holiday) if terms.callbacks else np.zeros(SLOTS)
    patience = terms.patience_s or past.patience_s
    slots = terms.minutes // 15
    served = np.asarray(_bridged(np.asarray(found.often | (back > 0.05))).reshape(-1, slots).any(axis=1))
    intervals = []
    for number, calls in enumerate(by_slots(found.calls, terms.minutes)):
        if calls < FEWEST_CALLS and not (served[number] and found.total):
            continue
        part = slice(number * slots, (number + 1) * slots)
        weights = found.calls[part] if calls else np.ones(slots)
        handled = float(np.average(handling[part], weights=weights))
        intervals.append(
            _interval(number, float(calls), float(back[part].mean()), handled, (mean, patience), found, terms)
        )
    return DayNeed(past.queue, found, mean, intervals)


def _interval(
    number: int,
    calls: float,
    back: float,
    handled: float,
    known: tuple[Customer, float | None],
    found: Forecast,
    terms: Terms,
) -> IntervalNeed:
    mean, patience = known
    customer = Customer(handled, mean.patience_s)
    other = Customer(handled, math.inf) if terms.formula == "erlang-a" else None
    if terms.formula == "erlang-c" and patience:
        other = Customer(handled, float(patience))
    rate = calls * 60 / terms.minutes + back * 3600 / handled  # a callback takes an agent as a call does
    agents = max(agents_for(rate, customer, terms.target), 1)
    low, high = found.between(calls)
    return IntervalNeed(
        number * terms.minutes,
        calls,
        low,
        high,
        handled,
        back,
        rate * handled / 3600,
        agents,
        max(agents_for(rate, other, terms.target), 1) if other is not None else None,
        rostered(agents, terms.shrinkage),
        outcome(agents, rate, customer, terms.target, Prices()),
    )


def _callback_load(past: History, found: Forecast, is_holiday: IsHoliday) -> np.ndarray:
    """Erlang by quarter hour, as on the days of the last four weeks that are alike: working days, or not."""
    working = found.day.weekday() < 5 and not is_holiday(found.day)
    newest = max(past.arrivals)
    like = [
        day
        for day in past.arrivals
        if newest - timedelta(days=28) < day and (day.weekday() < 5 and not is_holiday(day)) == working
    ]
    if not past.callbacks or not like:
        return np.zeros(SLOTS)
    none = np.zeros(SLOTS)
    mean_s = np.mean([past.callbacks.get(day, none) for day in like], axis=0)
    return np.asarray(mean_s / 900)


def _bridged(often: np.ndarray) -> np.ndarray:
    """Short gaps between quarter hours with calls belong to them."""
    found = often.copy()
    marked = np.flatnonzero(often)
    for before, after in itertools.pairwise(marked):
        if after - before <= BRIDGED_SLOTS:
            found[before:after] = True
    return found


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]
