"""A period against the one before it: each change with the interval in which the true one lies with 95 % confidence.

The period before has the same length and the same weekdays: it is moved by whole weeks. Callers of one hour share their
wait, so they are no independent draws; what is drawn are hours, or days where there are enough of them, each with the
one of the same place in the other period (ratio estimate, linearised; Cochran 1977, chapter 6).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, not_, select

from pbx.reporting.intervals import Interval, days, local
from pbx.reporting.proportion import Z95
from pbx.reporting.queries import Thresholds, within_column
from pbx.reporting.sheet import Unit
from pbx.store import schema
from pbx.store.intervals.bins import BIN_US, total
from pbx.store.intervals.families import QUEUES
from pbx.store.intervals.reading import sums
from pbx.store.schema_intervals import WAITS_S

FEWEST_DAYS = 5  # from which on days are drawn, not hours
FEWEST_PAIRS = 5  # no interval of fewer
_MICRO = 1_000_000
Key = tuple[int, int]  # (day of the period, hour of the day)


@dataclass(slots=True)
class Sums:
    """Callers of an hour, of all queues. Durations are seconds."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    in_time: int = 0  # answered within T
    early: int = 0  # abandoned within T
    waited_s: float = 0.0  # of the answered
    handled_s: float = 0.0
    left_out: int = 0  # answered ones that are not in it (pbx.store.outliers)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of both periods and their difference, whose `low` and `high` are None where too little was seen."""

    formula: str
    unit: Unit
    now: float | None
    before: float | None
    low: float | None = None
    high: float | None = None
    of_now: int = 0  # calls that the figure is of
    of_before: int = 0

    @property
    def sure(self) -> bool:
        """Whether it is more than chance."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class _Ratio:
    formula: str
    unit: Unit
    part: str
    whole: Sequence[tuple[str, int]]  # fields and their signs


RATIOS = (
    _Ratio("AR", Unit.SHARE, "abandoned", (("offered", 1),)),
    _Ratio("SL4", Unit.SHARE, "in_time", (("answered", 1), ("abandoned", 1), ("early", -1))),
    _Ratio("ASA", Unit.SECONDS, "waited_s", (("answered", 1),)),
    _Ratio("AHT", Unit.SECONDS, "handled_s", (("answered", 1), ("left_out", -1))),
)


@dataclass(slots=True)
class Hours:
    """Sums of the hours of a period in which somebody called."""

    by: dict[Key, Sums] = field(default_factory=dict)
    level: bool = True  # whether the sums know the T of all queues


def before(interval: Interval, zone: ZoneInfo) -> Interval | None:
    """The period with the same weekdays before; None of what is no whole days."""
    first, last = (local(at, zone) for at in (interval.start_us, interval.end_us - 1))
    length = (last.date() - first.date()).days + 1
    if days(last.date(), length, zone).start_us != interval.start_us:
        return None
    return days(last.date() - timedelta(days=-(-length // 7) * 7), length, zone)


def recorded_from(connection: Connection, zone: ZoneInfo) -> date | None:
    """The day of the first call that is known: before it nobody counted."""
    first = connection.execute(select(func.min(schema.cdrs.c.started_us))).scalar()
    return None if first is None else local(first, zone).date()


def hours_of(connection: Connection, interval: Interval, zone: ZoneInfo, thresholds: Thresholds) -> Hours:
    """What the hours of the period were."""
    table = sums(connection, QUEUES, interval.start_us, interval.end_us).c
    query = select(
        table.bin_us,
        table.outcome,
        *(total(one) for one in (table.visits, within_column(table, thresholds), table.wait_us)),
        *(total(table.talk_us + table.hold_us + table.wrapup_us), total(table.left_out)),
    ).where(not_(table.callback))
    found = Hours(level=all(limit in WAITS_S for limit, _ in thresholds.values()))
    first = local(interval.start_us, zone).date()
    keys = _Keys(first, zone)
    for bin_us, outcome, visits, within, waited, handled, left_out in connection.execute(
        query.group_by(table.bin_us, table.outcome)
    ):
        one = found.by.setdefault(keys.of(bin_us), Sums())
        one.offered += visits
        if outcome == "answered":
            one.answered += visits
            one.in_time += within
            one.waited_s += waited / _MICRO
            one.handled_s += handled / _MICRO
            one.left_out += left_out
        elif outcome == "abandoned":
            one.abandoned += visits
            one.early += within
    return found


class _Keys:
    """(day, hour) of quarters; the local clock is looked up once for each hour."""

    def __init__(self, first: date, zone: ZoneInfo) -> None:
        self._first, self._zone = first, zone
        self._known: dict[int, Key] = {}

    def of(self, bin_us: int) -> Key:
        known = self._known.get(bin_us)
        if known is None:
            at = local(bin_us, self._zone)
            known = (at.date() - self._first).days, at.hour
            for quarter in range(4 - at.minute // 15):
                self._known[bin_us + quarter * BIN_US] = known
        return known


def changes(now: Hours, earlier: Hours) -> list[Change]:
    """Of callers, abandonment, service level, answer and handling."""
    pairs = _pairs(now, earlier)
    found = [_counted("OFF", [(float(a.offered), float(b.offered)) for a, b in pairs])]
    for ratio in RATIOS:
        if ratio.formula != "SL4" or (now.level and earlier.level):
            found.append(_ratio(ratio, pairs))
    return found


def _pairs(now: Hours, earlier: Hours) -> list[tuple[Sums, Sums]]:
    both: list[Mapping[Any, Sums]] = [now.by, earlier.by]
    if max((key[0] for part in both for key in part), default=0) + 1 >= FEWEST_DAYS:
        both = [_by_day(part) for part in both]
    return [(both[0].get(key, Sums()), both[1].get(key, Sums())) for key in sorted({*both[0], *both[1]})]


def _by_day(part: Mapping[Any, Sums]) -> dict[int, Sums]:
    found: dict[int, Sums] = {}
    for (number, _), one in part.items():
        day = found.setdefault(number, Sums())
        for name in Sums.__dataclass_fields__:
            setattr(day, name, getattr(day, name) + getattr(one, name))
    return found


def _counted(formula: str, pairs: Sequence[tuple[float, float]]) -> Change:
    now, earlier = (sum(pair[at] for pair in pairs) for at in (0, 1))
    mean = (now - earlier) / len(pairs) if pairs else 0.0
    spread = _spread([a - b - mean for a, b in pairs])
    return _change(formula, Unit.COUNT, (now, earlier), spread, (int(now), int(earlier)))


def _ratio(ratio: _Ratio, pairs: Sequence[tuple[Sums, Sums]]) -> Change:
    parts = [[float(getattr(pair[at], ratio.part)) for pair in pairs] for at in (0, 1)]
    wholes = [
        [float(sum(sign * getattr(pair[at], name) for name, sign in ratio.whole)) for pair in pairs] for at in (0, 1)
    ]
    of = (int(sum(wholes[0])), int(sum(wholes[1])))
    values = [sum(part) / sum(whole) if sum(whole) else None for part, whole in zip(parts, wholes, strict=True)]
    now, earlier = values
    if now is None or earlier is None:
        return Change(ratio.formula, ratio.unit, now, earlier, None, None, *of)
    rests = [
        (a - now * m) / of[0] - (b - earlier * k) / of[1]
        for a, m, b, k in zip(parts[0], wholes[0], parts[1], wholes[1], strict=True)
    ]
    return _change(ratio.formula, ratio.unit, (now, earlier), _spread(rests), of)


def _change(formula: str, unit: Unit, values: tuple[float, float], spread: float | None, of: tuple[int, int]) -> Change:
    if spread is None:
        return Change(formula, unit, *values, None, None, *of)
    difference = values[0] - values[1]
    return Change(formula, unit, *values, difference - spread, difference + spread, *of)


def _spread(rests: Sequence[float]) -> float | None:
    """Half of the interval of their sum; None of too few."""
    count = len(rests)
    if count < FEWEST_PAIRS:
        return None
    return student(count - 1) * math.sqrt(count / (count - 1) * sum(rest * rest for rest in rests))


def student(freedom: int) -> float:
    """The 97.5 % point of Student's distribution, to 0.01 from 4 degrees of freedom on (Cornish and Fisher 1937)."""
    z, terms = Z95, 0.0
    for power, polynomial in enumerate(((1, 1), (5, 16, 3), (3, 19, 17, -15)), 1):
        top = 2 * len(polynomial) - 1
        value = sum(factor * z ** (top - 2 * at) for at, factor in enumerate(polynomial))
        terms += value / ((4.0, 96.0, 384.0)[power - 1] * freedom**power)
    return z + terms
