"""What the calls of a past say about a hotline that does not exist yet: when they come, how long, how patient."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.reporting.proportion import Share, kaplan_meier_counts, quantile
from pbx.twin.cleaning import Cleaned
from pbx.twin.record import Way

NORMAL_95 = 1.959964
STEPS_S = (60, 30, 10, 6)  # that operators round up to
WAIT_STEP_S = 0.1  # waits are counted in
LEAST = 30  # calls, before anything is made of what they have in common
MISSING = 8.0  # who should have given up early and are not there: once in 3,000 files by accident
Table = list[list[float]]


def _week() -> Table:
    return [[0.0] * 24 for _ in range(7)]


@dataclass(slots=True)
class Fit:
    """Of the calls in. `arrivals[weekday][hour]` are of an average hour; None is what the source does not tell."""

    first: date
    last: date
    calls: int = 0
    answered: int = 0
    arrivals: Table = field(default_factory=_week)
    fresh: Table = field(default_factory=_week)  # without those who ring again because they were not served
    talk_s: float | None = None
    talk_spread: float | None = None  # standard deviation over mean: 1 is exponential
    patience_s: float | None = None  # mean of an exponential, answered calls censored
    patience_median_s: float | None = None  # Kaplan-Meier
    talks: int = 0  # that tell the talk
    gave_up: int = 0  # who tell the patience
    retrials: int = 0
    again: Share = field(default_factory=lambda: Share(0, 0))  # of those who were not served, who rang again
    outbound: int = 0
    unknown_way: int = 0
    unnumbered: int = 0
    rounded_s: int = 0  # the step that talks were rounded up to; the mean is put right by half of it
    short_s: float = 0.0  # who gave up before this is not in the source; the patience is of those who waited longer
    silent_days: int = 0  # weekdays within the span on which nobody rang, where others of their name are busy
    weekdays: list[int] = field(default_factory=lambda: [0] * 7)  # how many of each the span has

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

    @property
    def peak_range(self) -> tuple[float, float]:
        """Where the mean of the busiest hour lies with 95 %, if calls come as Poisson says."""
        day, _, calls = self.peak
        half = NORMAL_95 * math.sqrt(calls / max(self.weekdays[day], 1))
        return max(calls - half, 0.0), calls + half


def fit(cleaned: Cleaned, zone: ZoneInfo) -> Fit:
    """Raises ValueError when there is no call in."""
    sums = _Sums()
    for record, fresh in zip(cleaned.records, cleaned.fresh, strict=True):
        if record.way is Way.OUT:
            sums.outbound += 1
            continue
        local = datetime.fromtimestamp(record.at, UTC).astimezone(zone)
        sums.arrival(local, fresh=bool(fresh))
        sums.unknown_way += record.way is Way.UNKNOWN
        sums.answered += record.answered
        if record.answered and record.talk_s > 0:
            sums.talk(record.talk_s)
        if record.wait_s is not None and record.wait_s > 0:
            sums.waits[round(record.wait_s / WAIT_STEP_S), not (record.answered or record.sent_away)] += 1
    if not sums.days:
        raise ValueError("there is no call in among the records: check which column is the caller (--column from=...)")
    found = Fit(min(sums.days), max(sums.days), calls=sums.days.total(), answered=sums.answered)
    found.retrials, found.again = cleaned.retrials, Share(cleaned.lost_again, cleaned.lost)
    found.outbound, found.unknown_way, found.unnumbered = sums.outbound, sums.unknown_way, cleaned.unnumbered
    _arrivals(found, sums)
    _talks(found, sums)
    _patience(found, sums.waits)
    return found


class _Sums:
    """What one pass over the calls leaves, of bounded size."""

    def __init__(self) -> None:
        self.days: Counter[date] = Counter()
        self.hours: Table = _week()
        self.fresh: Table = _week()
        self.waits: Counter[tuple[int, bool]] = Counter()  # (in steps, whether he gave up)
        self.outbound = self.unknown_way = self.answered = self.talks = 0
        self.mean_s = self.squares = 0.0
        self.steps = dict.fromkeys(STEPS_S, True)

    def arrival(self, local: datetime, *, fresh: bool) -> None:
        self.days[local.date()] += 1
        self.hours[local.weekday()][local.hour] += 1
        self.fresh[local.weekday()][local.hour] += fresh

    def talk(self, seconds: float) -> None:
        """Welford's mean and squares."""
        self.talks += 1
        before = seconds - self.mean_s
        self.mean_s += before / self.talks
        self.squares += before * (seconds - self.mean_s)
        for step, fits in self.steps.items():
            if fits and seconds % step:
                self.steps[step] = False


def _arrivals(found: Fit, sums: _Sums) -> None:
    every = [found.first + timedelta(days=n) for n in range(found.days)]
    for one in every:
        found.weekdays[one.weekday()] += 1
    for table, counted in ((found.arrivals, sums.hours), (found.fresh, sums.fresh)):
        for day, line in enumerate(counted):
            table[day] = [count / (found.weekdays[day] or 1) for count in line]
    usual = [sum(line) for line in found.arrivals]
    found.silent_days = sum(not sums.days[one] and usual[one.weekday()] > 20 for one in every)


def _talks(found: Fit, sums: _Sums) -> None:
    if not sums.talks:
        return
    found.talks = sums.talks
    mean_s = sums.mean_s
    if sums.talks >= LEAST:
        found.rounded_s = next((step for step, fits in sums.steps.items() if fits), 0)
        # Rounded up, talks are half a step too long on average.
        mean_s = max(mean_s - found.rounded_s / 2, found.rounded_s / 4)
    found.talk_s = mean_s
    found.talk_spread = math.sqrt(max(sums.squares / sums.talks - found.rounded_s**2 / 12, 0.0)) / mean_s


def _patience(found: Fit, waits: Counter[tuple[int, bool]]) -> None:
    """The exponential's estimate: those who gave up over all that anybody waited. Where a source leaves out who gave
    up at once, only what was waited after that instant counts: an exponential has no memory."""
    gave_up = sum(count for (_, lost), count in waits.items() if lost)
    if not gave_up:
        return
    waited_s = sum(wait * count for (wait, _), count in waits.items()) * WAIT_STEP_S
    earliest = min(wait for (wait, lost) in waits if lost) * WAIT_STEP_S
    before_s = sum(min(wait * WAIT_STEP_S, earliest) * count for (wait, _), count in waits.items())
    rest_s = waited_s - before_s
    if rest_s > 0 and gave_up >= LEAST and before_s * (gave_up - 1) / rest_s > MISSING:
        found.short_s, waited_s = earliest, rest_s
    found.gave_up = gave_up
    found.patience_s = waited_s / gave_up
    ordered: dict[int, list[int]] = {}
    for (wait, lost), count in sorted(waits.items()):
        ordered.setdefault(wait, [0, 0])[not lost] += count
    counted = ((wait * WAIT_STEP_S, events, others) for wait, (events, others) in sorted(ordered.items()))
    found.patience_median_s = quantile(kaplan_meier_counts(counted), 0.5)
