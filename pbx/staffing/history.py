"""What past days say about a queue: arrivals by quarter hour of local days, handling time, patience.

Days are those of the zone's wall clock; a quarter hour that the clocks leap over has no arrivals, one that comes twice
holds both. A day on which nobody called at all counts as a day without record (the system was off) and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, func, select

from pbx.reporting.intervals import Interval, local
from pbx.reporting.patience import mean_patience_s, observed
from pbx.store import schema

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

    @property
    def days(self) -> list[date]:
        return sorted(self.arrivals)

    @property
    def calls(self) -> int:
        return int(sum(counts.sum() for counts in self.arrivals.values()))


def history(connection: Connection, queue: str, interval: Interval, zone: ZoneInfo) -> History:
    """Everything that the queue's visits of the interval tell; callbacks are no arrivals."""
    visit = schema.queue_visits.c
    wanted = (
        visit.queue == queue,
        visit.contact == "",
        visit.joined_us >= interval.start_us,
        visit.joined_us < interval.end_us,
    )
    found = History(queue)
    for (joined_us,) in connection.execute(select(visit.joined_us).where(*wanted)):
        at = local(joined_us, zone)
        counts = found.arrivals.get(at.date())
        if counts is None:
            counts = found.arrivals[at.date()] = np.zeros(SLOTS, dtype=np.int64)
        counts[(at.hour * 3600 + at.minute * 60) // SLOT_S] += 1
    busy_s = visit.talk_s + visit.hold_s + visit.wrapup_s
    query = select(func.count(), func.avg(busy_s)).where(*wanted, visit.outcome == "answered")
    found.answered, mean_s = connection.execute(query).one()
    found.handling_s = float(mean_s) if mean_s else None
    waits = observed(connection, interval).get(queue, [])
    found.abandoned = sum(gave_up for _, gave_up in waits)
    found.patience_s = mean_patience_s(waits)
    return found


def known_queues(connection: Connection) -> list[str]:
    """Every queue that anybody ever joined."""
    return sorted(connection.execute(select(schema.queue_visits.c.queue).distinct()).scalars())
