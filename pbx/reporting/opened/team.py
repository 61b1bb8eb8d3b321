"""Teams and sites in a period: who belonged to them at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, and_, column, exists, false, select, values

from pbx.reporting.request import Request
from pbx.store.schema_teams import FOREVER_US, agent_teams

TEAM, SITE = "team", "site"
KINDS = (TEAM, SITE)
NOBODY = "-"  # who is in no team


class Span(NamedTuple):
    """From `from_us` up to `until_us`, which are quarters of an hour."""

    agent: str
    name: str
    from_us: int
    until_us: int


def spans(connection: Connection, asked: Request, kind: str = TEAM) -> list[Span]:
    """Every membership by team or by site; what the configuration says where none was noted yet."""
    table = agent_teams.c
    rows = connection.execute(select(table.agent, table.team, table.site, table.from_us, table.until_us)).all()
    noted = [tuple(row) for row in rows] or [(*member, 0, FOREVER_US) for member in asked.teams]
    found: dict[tuple[str, str], list[Span]] = {}
    for agent, team, site, from_us, until_us in sorted(noted, key=lambda one: one[3]):
        name = team if kind == TEAM else site
        if not name:
            continue
        mine = found.setdefault((agent, name), [])
        if mine and mine[-1].until_us >= from_us:
            mine[-1] = mine[-1]._replace(until_us=max(mine[-1].until_us, until_us))
        else:
            mine.append(Span(agent, name, from_us, until_us))
    return [span for mine in found.values() for span in mine]


def member(
    given: Sequence[Span], agent: ColumnElement[str], at_us: ColumnElement[int], name: str
) -> ColumnElement[bool]:
    """The agent belonged to it at that instant; with NOBODY: to none."""
    mine = [span for span in given if name in (span.name, NOBODY)]
    if not mine:
        return and_(agent != "") if name == NOBODY else false()
    columns = (column("agent", Text), column("from_us", BigInteger), column("until_us", BigInteger))
    table = values(*columns, name="member").data([(one.agent, one.from_us, one.until_us) for one in mine]).cte().c
    inside = exists().where(table.agent == agent, table.from_us <= at_us, at_us < table.until_us)
    return and_(agent != "", ~inside) if name == NOBODY else inside


def teams_of(given: Sequence[Span], agent: str, start_us: int, end_us: int) -> list[str]:
    """What the agent belonged to at any time of a period."""
    return sorted(
        {one.name for one in given if one.agent == agent and one.from_us < end_us and start_us < one.until_us}
    )
