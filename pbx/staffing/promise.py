"""The callback time that the widget may guarantee, by hour of the day, from own data; whether what it said was true.

The seconds are those of `pbx.widget.guarantee`, which the widget itself uses. Before there are requests enough, the
waits of callers at that hour stand for them: an agent who is free for a caller is free to call a visitor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from pbx.call.hours import OpeningHours
from pbx.contact.item import End
from pbx.reporting.intervals import Interval
from pbx.reporting.proportion import Share, kaplan_meier, quantile
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.facts import Site
from pbx.staffing.words import ENGLISH, Say
from pbx.store import schema
from pbx.store.encode import seconds
from pbx.widget.guarantee import HOURS, Guarantee, Times, fewest, hour_of
from pbx.widget.promises import rounded

COLUMNS = (
    Column("queue", "Queue", Unit.TEXT),
    Column("hour", "Hour", Unit.TEXT),
    Column("guaranteed_s", "Guar-\nanteed", Unit.SECONDS, "GUARANTEE"),
    Column("basis", "By", Unit.TEXT),
    Column("count", "Of"),
    Column("low_s", "from", Unit.SECONDS),
    Column("high_s", "to", Unit.SECONDS),
    Column("requests", "Re-\nquests"),
    Column("never", "Never\nrung"),
    Column("promised", "Prom-\nised"),
    Column("kept", "Kept", Unit.SHARE, "GUARANTEE.KEPT"),
    Column("kept_low", "from", Unit.SHARE),
    Column("kept_high", "to", Unit.SHARE),
    Column("callers", "Callers"),
    Column("callers_s", "Callers\nwait", Unit.SECONDS),
)
CALLERS = 50  # waits of callers in an hour, before they stand for requests


@dataclass(slots=True)
class HourFound:
    """Of one queue and hour of the day."""

    requests: int = 0
    never: int = 0
    promised: int = 0
    kept: int = 0
    waits: list[tuple[float, bool]] = field(default_factory=list)  # of callers: (wait, served)


@dataclass(slots=True)
class QueueFound:
    times: Times = field(default_factory=Times)
    hours: dict[int, HourFound] = field(default_factory=dict)

    def hour(self, number: int) -> HourFound:
        return self.hours.setdefault(number, HourFound())


def found_in(
    connection: Connection, interval: Interval, sites: Sequence[Site], zone: ZoneInfo, queue: str = ""
) -> dict[str, QueueFound]:
    """By queue, oldest request first, as the widget saw them."""
    found: dict[str, QueueFound] = {}
    _requests(connection, interval, {one.name: one for one in sites}, zone, found)
    visit = schema.queue_visits.c
    query = select(visit.queue, visit.joined_us, visit.wait_s, visit.outcome).where(
        visit.contact == "", visit.joined_us >= interval.start_us, visit.joined_us < interval.end_us
    )
    for name, joined_us, wait_s, outcome in connection.execute(query):
        hour = found.setdefault(name, QueueFound()).hour(hour_of(seconds(joined_us), zone))
        hour.waits.append((wait_s, outcome == "answered"))
    return {name: one for name, one in sorted(found.items()) if not queue or name == queue}


def _requests(
    connection: Connection, interval: Interval, sites: dict[str, Site], zone: ZoneInfo, found: dict[str, QueueFound]
) -> None:
    asked, item = schema.schema_widget.widget_requests, schema.contacts
    query = (
        select(asked.c.queue, asked.c.site, asked.c.created_us, asked.c.rung_us, asked.c.shown_s, item.c.ended_as)
        .join_from(asked, item, item.c.id == asked.c.contact, isouter=True)
        .where(asked.c.slot_us == 0, asked.c.created_us >= interval.start_us, asked.c.created_us < interval.end_us)
        .order_by(asked.c.created_us)
    )
    zones = {name: ZoneInfo(one.zone) for name, one in sites.items()}
    opening = {name: OpeningHours.of(one.hours, one.zone) for name, one in sites.items() if one.hours is not None}
    for queue, site, created_us, rung_us, shown_s, ended_as in connection.execute(query):
        created = seconds(created_us)
        if site in opening and opening[site].state(created) != "open":
            continue
        at = hour_of(created, zones.get(site, zone))
        of_queue = found.setdefault(queue, QueueFound())
        hour = of_queue.hour(at)
        hour.requests += 1
        took_s = seconds(rung_us) - created if rung_us else math.inf
        if not rung_us and ended_as != End.UNREACHABLE:
            continue  # open, taken back, or the customer rang himself: nobody knows how long it would have taken
        hour.never += not rung_us
        of_queue.times.add(at, took_s)
        if shown_s:
            hour.promised += 1
            hour.kept += took_s <= shown_s


def promise_sheet(found: dict[str, QueueFound], share: float, period: str, say: Say = ENGLISH) -> Sheet:
    """Every hour of which anything is known."""
    sheet = Sheet(say("promise", share=share, period=period), say.columns("promise", COLUMNS))
    for name, queue in found.items():
        for at in range(HOURS):
            hour = queue.hours.get(at)
            if hour is not None:
                sheet.rows.append((name, f"{at:02d}:00", *_row(hour, queue.times.guarantee(at, share), share, say)))
    sheet.notes = say("promise_notes", share=share, fewest=fewest(share), callers=CALLERS)
    return sheet


def _row(hour: HourFound, guarantee: Guarantee, share: float, say: Say) -> tuple[str | int | float | None, ...]:
    waited = quantile(kaplan_meier(hour.waits), share)
    kept = Share(hour.kept, hour.promised)
    basis, count, best = say(f"by_{guarantee.basis}"), guarantee.count, guarantee.seconds
    low: float | None = guarantee.low
    high: float | None = guarantee.high
    if best is None:
        low = high = None
        if len(hour.waits) >= CALLERS and waited is not None:
            basis, count, best = say("by_callers"), len(hour.waits), waited
    return (
        rounded(best) if best is not None and best < math.inf else None,
        basis if best is None or best < math.inf else say("never_rung", basis=basis),
        count,
        low,
        high if high is not None and high < math.inf else None,
        hour.requests,
        hour.never,
        hour.promised,
        kept.value,
        *(kept.interval if hour.promised else (None, None)),
        len(hour.waits),
        waited,
    )
