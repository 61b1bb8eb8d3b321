"""One agent more or less in every hour of a month: money, callers lost and service level, with ranges from own data.

The month is the forecast of the next four weeks, 30.44 days long. What is not sure are the calls (how days differ, and
their level), the handling time and the patience; each is moved to both ends of its range by itself, and what that does
to a figure is added up as errors are (root of the sum of squares).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.staffing.demand import DayNeed, IntervalNeed, Terms
from pbx.staffing.handling import handling_range_s, patience_range_s
from pbx.staffing.history import History
from pbx.staffing.requirement import Customer, Prices
from pbx.staffing.words import ENGLISH, Say

MONTH_DAYS = 30.44
MORE = (-2, -1, 0, 1, 2)
NORMAL_90 = 1.6449

COLUMNS = (
    Column("agents", "Agents", Unit.TEXT),
    Column("hours", "Agent\nhours"),
    Column("served_within", "Within\ntarget", Unit.SHARE, "SERVED"),
    Column("served_low", "from", Unit.SHARE),
    Column("served_high", "to", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE, "ABANDONED"),
    Column("lost", "Lost a\nmonth", formula="LOST"),
    Column("lost_low", "from"),
    Column("lost_high", "to"),
    Column("cost", "Cost a\nmonth", Unit.MONEY, "COST"),
    Column("cost_low", "from", Unit.MONEY),
    Column("cost_high", "to", Unit.MONEY),
    Column("gain", "Against\nnow", Unit.MONEY, "COST.DIFFERENCE"),
    Column("gain_low", "from", Unit.MONEY),
    Column("gain_high", "to", Unit.MONEY),
    Column("meets", "Target", Unit.TEXT),
)


@dataclass(frozen=True, slots=True)
class Month:
    """Of all intervals together; `calls`, `lost` and `hours` a month."""

    calls: float
    served: float  # share
    abandoned: float  # share
    lost: float
    hours: float  # of agents
    cost: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Factors for what is not sure."""

    calls: float = 1.0
    handling: float = 1.0
    patience: float = 1.0


def month(days: Sequence[DayNeed], more: int, terms: Terms, prices: Prices, moved: Moved) -> Month:
    """With so many agents more in each interval that has any; one stays."""
    calls = served = lost = hours = 0.0
    for day in days:
        for one in day.intervals:
            in_h, agents = terms.minutes / 60, max(one.agents + more, 1)
            waiting, gone = _interval(one, agents, day.customer.patience_s, terms, moved)
            came = one.calls * moved.calls
            calls, hours = calls + came, hours + agents * in_h
            served, lost = served + came * waiting, lost + came * gone
    scale = MONTH_DAYS / max(len({day.found.day for day in days}), 1)
    paid = hours / (1 - terms.shrinkage)
    cost = (paid * prices.agent_hour + lost * prices.lost_call) * scale
    return Month(calls * scale, served / calls, lost / calls, lost * scale, hours * scale, cost)


def _interval(one: IntervalNeed, agents: int, patience_s: float, terms: Terms, moved: Moved) -> tuple[float, float]:
    handled = one.handling_s * moved.handling
    rate = one.calls * moved.calls * 60 / terms.minutes + one.callback_load * 3600 / one.handling_s
    return _office(agents, round(rate, 2), round(handled, 2), patience_s * moved.patience, terms.target.within_s)


@lru_cache(maxsize=20_000)
def _office(agents: int, rate: float, handling_s: float, patience_s: float, within_s: float) -> tuple[float, float]:
    """(served in time, given up), as shares. Weeks are alike, so that most intervals come again."""
    office = Customer(handling_s, patience_s).office(agents, rate)
    return office.served_within(within_s), office.abandoned


def moves(past: History, days: Sequence[DayNeed]) -> list[tuple[Moved, Moved]]:
    """(low end, high end) of each thing that is not sure, as nine of ten months have it."""
    total = sum(day.found.total for day in days)
    # days of one month differ by chance each, and their level is common to all of them: half of a day's width
    widths = [(day.found.high - day.found.low) / 2 for day in days if day.found.total]
    own = math.sqrt(sum(width**2 for width in widths)) / total
    common = sum(widths) / total / math.sqrt(20)  # the level is the mean of twenty days
    calls = min(math.hypot(own, common), 0.9)
    found = [(Moved(calls=1 - calls), Moved(calls=1 + calls))]
    for name, value, ends in (
        ("handling", past.handling_s, handling_range_s(past)),
        ("patience", past.patience_s, patience_range_s(past)),
    ):
        if value and ends[0] < ends[1] and math.isfinite(days[0].customer.patience_s):
            low, high = (1 + (end / value - 1) * NORMAL_90 / 1.96 for end in ends)
            found.append((replace(Moved(), **{name: max(low, 0.1)}), replace(Moved(), **{name: high})))
    return found


def month_sheet(past: History, days: Sequence[DayNeed], terms: Terms, prices: Prices, say: Say = ENGLISH) -> Sheet:
    """A line for each number of agents. Raises ValueError when nobody is expected."""
    if not any(day.intervals for day in days):
        raise ValueError(f"queue {past.queue!r}: nobody is expected in these weeks; name --calls for an hour")
    unsure = moves(past, days)
    now = {moved: month(days, 0, terms, prices, moved) for pair in unsure for moved in pair}
    middle = month(days, 0, terms, prices, Moved())
    target = terms.target
    named = {"queue": past.queue, "share": target.share, "within": target.within_s}
    sheet = Sheet(say("month", calls=middle.calls, **named), say.columns("month", COLUMNS))
    for more in MORE:
        found = month(days, more, terms, prices, Moved())
        ends = [[month(days, more, terms, prices, moved) for moved in pair] for pair in unsure]
        base = [[now[moved] for moved in pair] for pair in unsure]
        gain = [
            [at.cost - before.cost for at, before in zip(pair, old, strict=True)]
            for pair, old in zip(ends, base, strict=True)
        ]
        row: list[Value] = [f"{more:+d}" if more else say("now"), round(found.hours)]
        row += [found.served, *_between(found.served, [[at.served for at in pair] for pair in ends], 0, 1)]
        lost = [[at.lost for at in pair] for pair in ends]
        row += [found.abandoned, *(round(value, 1) for value in (found.lost, *_between(found.lost, lost, 0)))]
        row += [found.cost, *_between(found.cost, [[at.cost for at in pair] for pair in ends], 0)]
        row += [found.cost - middle.cost, *_between(found.cost - middle.cost, gain)]
        met = found.served >= target.share and found.abandoned <= target.abandoned
        sheet.rows.append((*row, say("met" if met else "missed")))
    money = {"shrinkage": terms.shrinkage, "agent_hour": prices.agent_hour, "lost_call": prices.lost_call}
    formula = days[-1].customer.formula(say)
    sheet.notes = say("month_notes", minutes=terms.minutes, days=len(days), formula=formula, **money)
    return sheet


def _between(
    value: float, ends: Sequence[Sequence[float]], least: float = -math.inf, most: float = math.inf
) -> tuple[float, float]:
    down = math.sqrt(sum(max(value - min(pair), 0.0) ** 2 for pair in ends))
    up = math.sqrt(sum(max(max(pair) - value, 0.0) ** 2 for pair in ends))
    return max(value - down, least), min(value + up, most)
