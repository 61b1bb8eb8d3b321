"""Callers lost by agents: whom a phone rang for in vain before they gave up, and talks that were over at once."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from pbx.reporting.intervals import Interval
from pbx.reporting.opened.agents import LOST_CALLER
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.store import schema
from pbx.store.intervals.bins import total
from pbx.store.intervals.families import OFFERS
from pbx.store.intervals.reading import sums

SHORT_S = 10.0
WEEK_US = 7 * 86_400_000_000
COLUMNS = (
    Column("agent", "Agent", Unit.TEXT),
    Column("offers", "Offers", formula="OFFERS"),
    Column("lost_callers", "Lost", formula="LOST"),
    Column("lost_share", "Lost,\nshare", Unit.SHARE, "LOST"),
    Column("lost_low", "from", Unit.SHARE),
    Column("lost_high", "to", Unit.SHARE),
    Column("talks", "Talks", formula="TALKS"),
    Column("short_talks", "Short\ntalks", formula="TALKS.SHORT"),
    Column("short_share", "Short,\nshare", Unit.SHARE, "TALKS.SHORT"),
)
NOTES = (
    "Lost: the agent did not accept the offer, and the caller gave up in that queue afterwards / offers;\n"
    f"with the 95 % interval (Wilson). Short talks: answered and over within {SHORT_S:g} s."
)


def lost_callers(connection: Connection, interval: Interval) -> dict[str, int]:
    """By agent the callers who gave up after he had not accepted them."""
    return lost_course(connection, whole(interval))[0]


def lost_course(connection: Connection, grid: Grid) -> list[dict[str, int]]:
    """The same of each interval."""
    offer, period = schema.queue_offers.c, grid.period
    query = (
        select(grid.first(offer.offered_us), offer.agent, func.count())
        .where(offer.offered_us >= period.start_us, offer.offered_us < period.end_us, LOST_CALLER)
        .group_by(*grid.group(offer.offered_us), offer.agent)
    )
    course: list[dict[str, int]] = [{} for _ in grid.cells]
    for row in connection.execute(query):
        at, (agent, count) = grid.split(row)
        course[at][agent] = course[at].get(agent, 0) + count
    return course


def lost_sheet(connection: Connection, request: Request) -> list[Sheet]:
    """An agent a row, who lost most first."""
    visit = schema.queue_visits.c
    period = request.period
    table = sums(connection, OFFERS, period.start_us, period.end_us).c
    offers = select(table.agent, total(table.offers)).group_by(table.agent)
    talked = (
        select(visit.agent, func.count(), func.sum(case((visit.talk_s < SHORT_S, 1), else_=0)))
        .where(visit.joined_us >= period.start_us, visit.joined_us < period.end_us)
        .where(visit.outcome == "answered", visit.contact == "")
        .group_by(visit.agent)
    )
    talks = {agent: Share(int(short), count) for agent, count, short in connection.execute(talked)}
    lost = lost_callers(connection, period)
    rows = [(agent, Share(lost.get(agent, 0), count)) for agent, count in connection.execute(offers)]
    rows.sort(key=lambda one: (-(one[1].value or 0.0), one[0]))
    sheet = Sheet(f"Lost callers, {period.label}", COLUMNS, notes=NOTES)
    for agent, share in rows:
        short = talks.get(agent, Share(0, 0))
        counts = (share.whole, share.part, share.value, *share.interval)
        sheet.rows.append((agent, *counts, short.whole, short.part, short.value))
    return [sheet]
