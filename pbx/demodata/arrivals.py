"""When the agency's calls come: a Poisson stream by day and hour whose sum over a year is the volume that is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pbx.call.hours import holiday_name
from pbx.demodata.agency import HOUR, NIGHT, Agency

MONTHS = 12
YEAR = 365


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A day and the seconds after its local midnight at which calls come and are made."""

    day: date
    works: bool
    inbound: list[float]
    outbound: list[float]
    asking: float = 0.0  # visitors of the site who are expected to ask for a call


class Calendar:
    """Which days are worked, and how many calls each is expected to have."""

    def __init__(self, agency: Agency, first: date, days: int) -> None:
        self.agency = agency
        self.days = [first + timedelta(days=n) for n in range(days)]
        year = [first + timedelta(days=n) for n in range(max(days, YEAR))]
        self._works = {
            day: day.weekday() < len(agency.weekdays) and not holiday_name(agency.country, day) for day in year
        }
        self._sum = sum(self._weight(day) for day in year[:YEAR])

    def works(self, day: date) -> bool:
        return self._works[day]

    def _weight(self, day: date) -> float:
        """The day's part of the year within office hours."""
        if not self._works[day]:
            return 0.0
        return self.agency.months[day.month - 1] * self.agency.weekdays[day.weekday()]

    def expected(self, day: date, monthly: float) -> float:
        """Calls on a working day, of `monthly` in the average month."""
        return MONTHS * monthly * self._weight(day) / self._sum

    def plans(self, random: np.random.Generator) -> Iterator[DayPlan]:
        """Day by day."""
        agency = self.agency
        for day in self.days:
            works = self.works(day)
            outside = agency.off_hours[day.month - 1]
            within = 1.0 - outside
            night = outside * MONTHS * agency.inbound * agency.months[day.month - 1] / YEAR
            rates = self._hours(self.expected(day, within * agency.inbound), night, works)
            inbound = _seconds(random, rates)
            calls = np.zeros(24)
            if works:
                quiet = [hour for hour in range(agency.opens, agency.closes) if hour not in agency.peaks]
                calls[quiet] = self.expected(day, agency.outbound) / len(quiet)
            asking = self.expected(day, agency.web) if works else 0.0
            yield DayPlan(day, works, inbound, _seconds(random, calls), asking)

    def _hours(self, office: float, night: float, works: bool) -> np.ndarray:
        """Expected calls by hour of the day."""
        agency = self.agency
        rates = np.array(NIGHT, dtype=float)
        if works:
            rates[agency.opens : agency.closes] = 0
        # A day off has as many calls outside office hours as any: they are spread over all of it.
        rates *= night / rates.sum()
        if works:
            hours = range(agency.opens, agency.closes)
            quiet = len(hours) - len(agency.peaks)
            for hour in hours:
                peak = hour in agency.peaks
                share = agency.peak_share / len(agency.peaks) if peak else (1 - agency.peak_share) / quiet
                rates[hour] += office * share
        return rates


def _seconds(random: np.random.Generator, rates: np.ndarray) -> list[float]:
    counts = random.poisson(rates)
    parts = [hour * HOUR + random.uniform(0, HOUR, count) for hour, count in enumerate(counts) if count]
    return sorted(float(second) for part in parts for second in part)
