"""What past days say about a queue: arrivals by quarter hour of local days, handling time, patience, callbacks.

Days are those of the zone's wall clock; in the night in which the clocks change, a quarter hour that comes twice counts
half, and one that they leap over is not there (`exposure`). Every day from the queue's first call on is known, one on
which nobody called too, up to the last day of which anything at all is recorded: what is behind it nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, func, select

from pbx.reporting.intervals import Interval, local
from pbx.reporting.patience import mean_patience_s, observed
from pbx.store import schema
from pbx.store.outliers import is_outlier

SLOT_S = 900
SLOTS = 86_400 // SLOT_S


@dataclass(slots=True)
class History:
    """Of one queue. `arrivals[day]` are calls in each quarter hour; durations are seconds, None where nothing tells."""

    queue: str
    arrivals: dict[date, np.ndarray] = field(default_factory=dict)
    handling_s: float | None = None  # talk, hold and wrap-up of an answered call
    patience_s: float | None = None
    answered: int = 0
    abandoned: int = 0
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    handled: np.ndarray = field(
        default_factory=lambda: np.zeros((0, 2))
    )  # of each answered call: quarter hour, seconds
    callbacks: dict[date, np.ndarray] = field(default_factory=dict)  # seconds that agents spent on them, as `arrivals`

    @property
    def days(self) -> list[date]:
        return sorted(self.arrivals)

    @property
    def calls(self) -> int:
        return int(sum(counts.sum() for counts in self.arrivals.values()))

    def rate(self, day: date) -> np.ndarray:
        """Calls by quarter hour as they would be if each came once."""
        return np.asarray(self.arrivals[day] / np.maximum(exposure(day, self.zone), 1), dtype=float)


@lru_cache(maxsize=4096)
def _exposure(day: date, zone: ZoneInfo) -> tuple[int, ...]:
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    end = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    counts = [0] * SLOTS
    while begin < end.astimezone(UTC):
        at = begin.astimezone(zone)
        counts[(at.hour * 3600 + at.minute * 60) // SLOT_S] += 1
        begin += timedelta(seconds=SLOT_S)
    return tuple(counts)


def exposure(day: date, zone: ZoneInfo) -> np.ndarray:
    """How often each quarter hour of the wall clock comes on that day: once, or 0 and 2 where the clocks change."""
    return np.array(_exposure(day, zone))


def history(connection: Connection, queue: str, interval: Interval, zone: ZoneInfo) -> History:
    """Everything that the queue's visits of the interval tell; callbacks are no arrivals."""
    visit = schema.queue_visits.c
    within = (visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us)
    wanted = (visit.queue == queue, visit.contact == "", *within)
    found = History(queue, zone=zone)
    busy_s = visit.talk_s + visit.hold_s + visit.wrapup_s
    endless = is_outlier(visit.talk_s, visit.hold_s, visit.wrapup_s)
    handled = []
    query = select(visit.joined_us, visit.outcome, busy_s, endless).where(*wanted)
    for joined_us, outcome, took_s, out in connection.execute(query):
        slot = _count(found.arrivals, local(joined_us, zone), 1)
        if outcome == "answered" and not out:
            handled.append((slot, float(took_s)))
    latest = connection.execute(select(func.max(visit.joined_us)).where(*within)).scalar()
    if found.arrivals and latest is not None:
        _fill(found.arrivals, local(latest, zone).date())
    found.handled = np.array(handled).reshape(-1, 2)
    found.answered = len(handled)
    found.handling_s = (float(found.handled[:, 1].mean()) or None) if handled else None
    waits = observed(connection, interval).get(queue, [])
    found.abandoned = sum(gave_up for _, gave_up in waits)
    found.patience_s = mean_patience_s(waits)
    _callbacks(connection, found, interval)
    return found


def _count(days: dict[date, np.ndarray], at: datetime, amount: float) -> int:
    counts = days.get(at.date())
    if counts is None:
        counts = days[at.date()] = np.zeros(SLOTS)
    slot = (at.hour * 3600 + at.minute * 60) // SLOT_S
    counts[slot] += amount
    return slot


def _fill(days: dict[date, np.ndarray], last: date) -> None:
    """Nobody called on the days between."""
    day = min(days)
    while day < last:
        day += timedelta(days=1)
        days.setdefault(day, np.zeros(SLOTS))


def _callbacks(connection: Connection, found: History, interval: Interval) -> None:
    """Agents' time in calls back: from the beginning of the call, when the agent is taken, to the end of wrap-up."""
    made, cdr = schema.callback_calls.c, schema.cdrs.c
    query = (
        select(made.started_us, cdr.talk_s + made.wrapup_s)
        .join(schema.cdrs, cdr.id == made.call_id)
        .where(made.queue == found.queue, made.agent != "")
        .where(made.started_us >= interval.start_us, made.started_us < interval.end_us)
    )
    for started_us, busy_s in connection.execute(query):
        _count(found.callbacks, local(started_us, found.zone), float(busy_s))


def known_queues(connection: Connection) -> list[str]:
    """Every queue that anybody ever joined."""
    return sorted(connection.execute(select(schema.queue_visits.c.queue).distinct()).scalars())
