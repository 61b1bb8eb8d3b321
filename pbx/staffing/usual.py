"""Which past days a forecast may rest on: outages, closures and floods are left out by rule, and named.

A day whose calls are less than half of its like days' median, or more than twice it, and further from it than five
times their usual spread (never below Poisson's), is left out. A gap within a day, in which twelve calls or more were to
be expected and none came, is filled with what like days had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np

from pbx.staffing.history import SLOTS, History

HOLIDAY = 7  # beside the weekdays 0-6
AROUND = 4  # like days before and behind that one is compared with
FAR = 5.0  # spreads
GAP_SLOTS = 4  # an hour
GAP_CALLS = 12.0  # Poisson: none of them comes in one of 160,000

IsHoliday = Callable[[date], bool]


class Why(NamedTuple):
    """Why a day is left out: "asked", "shut" or "flood"; how many called, and how many do as a rule."""

    key: str
    calls: float = 0.0
    usual: float = 0.0


@dataclass(slots=True)
class Usual:
    """Calls by quarter hour of the days that count, and why others do not."""

    rates: dict[date, np.ndarray] = field(default_factory=dict)
    left_out: dict[date, Why] = field(default_factory=dict)
    gaps: dict[date, int] = field(default_factory=dict)  # quarter hours that were filled

    @property
    def days(self) -> list[date]:
        return sorted(self.rates)


def kind(day: date, is_holiday: IsHoliday) -> int:
    """What days are alike."""
    return HOLIDAY if is_holiday(day) else day.weekday()


def usual_days(past: History, before: date, is_holiday: IsHoliday, ignored: Collection[date] = ()) -> Usual:
    """Of the days before `before`; `ignored` days are left out as the user wishes."""
    kinds: dict[int, list[date]] = {}
    for day in past.days:
        if day < before and day not in ignored:
            kinds.setdefault(kind(day, is_holiday), []).append(day)
    found = Usual(left_out={day: Why("asked") for day in ignored if day in past.arrivals and day < before})
    for days in kinds.values():
        rows = np.array([past.rate(day) for day in days])
        sums = rows.sum(axis=1)
        for number, day in enumerate(days):
            near = [n for n in range(max(number - AROUND, 0), min(number + AROUND + 1, len(days))) if n != number]
            why = _odd(float(sums[number]), sums[near])
            if why:
                found.left_out[day] = why
            else:
                found.rates[day] = _filled(rows[number], rows[near], day, found.gaps)
    return found


def _odd(calls: float, near: np.ndarray) -> Why | None:
    """Why a day is none to go by; None for a usual one."""
    if len(near) < AROUND:
        return None
    middle = float(np.median(near))
    spread = max(1.4826 * float(np.median(np.abs(near - middle))), middle**0.5, 1.0)
    if abs(calls - middle) <= FAR * spread or middle / 2 <= calls <= middle * 2:
        return None
    return Why("shut" if calls < middle else "flood", calls, middle)


def _filled(row: np.ndarray, near: np.ndarray, day: date, gaps: dict[date, int]) -> np.ndarray:
    """The day without its gaps."""
    if len(near) < AROUND or float(near[:, row == 0].sum()) < GAP_CALLS * len(near) / 2:
        return row
    usual = np.median(near, axis=0)
    begin, filled = 0, row
    while begin < SLOTS:
        end = begin
        while end < SLOTS and not row[end]:
            end += 1
        if end - begin >= GAP_SLOTS and float(usual[begin:end].sum()) >= GAP_CALLS:
            filled = filled.copy() if filled is row else filled
            filled[begin:end] = near.mean(axis=0)[begin:end]
            gaps[day] = gaps.get(day, 0) + int((usual[begin:end] > 0).sum())
        begin = max(end, begin) + 1
    return filled
