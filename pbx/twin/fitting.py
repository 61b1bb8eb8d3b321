"""What the calls of a past say about a hotline that does not exist yet: when they come, how long, how patient."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.reporting.proportion import kaplan_meier, quantile
from pbx.twin.cleaning import Cleaned
from pbx.twin.record import Way

NORMAL_95 = 1.959964


@dataclass(slots=True)
class Fit:
    """Of the calls in. `arrivals[weekday][hour]` are of an average hour; None is what the source does not tell."""

    first: date
    last: date
    calls: int = 0
    answered: int = 0
    arrivals: list[list[float]] = field(default_factory=lambda: [[0.0] * 24 for _ in range(7)])
    talk_s: float | None = None
    talk_spread: float | None = None  # standard deviation over mean: 1 is exponential
    patience_s: float | None = None  # mean of an exponential, answered calls censored
    patience_median_s: float | None = None  # Kaplan-Meier
    talks: int = 0  # that tell the talk
    gave_up: int = 0  # who tell the patience
    retrials: int = 0
    outbound: int = 0

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def talk_range_s(self) -> tuple[float, float]:
        """Where the mean lies with 95 %, by the normal distribution."""
        mean, spread = self.talk_s or 0.0, self.talk_spread or 0.0
        half = NORMAL_95 * mean * spread / math.sqrt(max(self.talks, 1))
        return max(mean - half, 0.0), mean + half

    @property
    def patience_range_s(self) -> tuple[float, float]:
        """Where the mean lies with 95 %: the logarithm of an exponential's estimate spreads by 1/sqrt(who gave up)."""
        factor = math.exp(NORMAL_95 / math.sqrt(max(self.gave_up, 1)))
        return (self.patience_s or 0.0) / factor, (self.patience_s or 0.0) * factor

    @property
    def peak(self) -> tuple[int, int, float]:
        """(weekday, hour, calls) of the busiest hour of an average week."""
        return max(
            ((day, hour, calls) for day, line in enumerate(self.arrivals) for hour, calls in enumerate(line)),
            key=lambda one: one[2],
        )


def fit(cleaned: Cleaned, zone: ZoneInfo) -> Fit:
    """Raises ValueError when there is no call in."""
    calls = [record for record in cleaned.records if record.way is not Way.OUT]
    if not calls:
        raise ValueError("there is no call in among the records: check which column is the caller (--column from=...)")
    local = [datetime.fromtimestamp(record.at, UTC).astimezone(zone) for record in calls]
    found = Fit(min(local).date(), max(local).date(), calls=len(calls), retrials=cleaned.retrials)
    found.outbound = len(cleaned.records) - len(calls)
    for at in local:
        found.arrivals[at.weekday()][at.hour] += 1
    weekdays = [(found.first + timedelta(days=n)).weekday() for n in range(found.days)]
    found.arrivals = [[count / (weekdays.count(day) or 1) for count in line] for day, line in enumerate(found.arrivals)]
    talks = [record.talk_s for record in calls if record.answered and record.talk_s > 0]
    found.answered = sum(record.answered for record in calls)
    if talks:
        found.talks = len(talks)
        found.talk_s = statistics.fmean(talks)
        found.talk_spread = statistics.pstdev(talks) / found.talk_s
    waits = [
        (record.wait_s, not (record.answered or record.sent_away))
        for record in calls
        if record.wait_s is not None and record.wait_s > 0
    ]
    gave_up = sum(lost for _, lost in waits)
    if gave_up:
        found.gave_up = gave_up
        found.patience_s = sum(wait for wait, _ in waits) / gave_up
        found.patience_median_s = quantile(kaplan_meier(waits), 0.5)
    return found
