"""Notes who belongs to which team, at the start and when the configuration changes.

A membership begins and ends with a quarter of an hour, so that the sums of quarters can be added up by team; of several
changes within a quarter the last one holds for all of it. What was before the first note is counted as that says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select, update

from pbx.store.intervals.bins import begin
from pbx.store.schema_teams import FOREVER_US, agent_teams

if TYPE_CHECKING:
    from pbx.config import Config

Member = tuple[str, str, str]  # agent, team, site


def members_of(config: Config) -> list[Member]:
    """Everybody who is in a team."""
    return [(agent, team.name, team.site) for team in config.team for agent in team.members]


def note_teams(connection: Connection, members: Iterable[Member], now_us: int) -> int:
    """From now on these are the members; how many memberships began or ended."""
    table = agent_teams.c
    wanted = set(members)
    rows = connection.execute(select(table.agent, table.team, table.site, table.from_us, table.until_us)).all()
    open_ = {(row.agent, row.team, row.site): row.from_us for row in rows if row.until_us == FOREVER_US}
    at_us = begin(now_us)
    ended = open_.keys() - wanted
    for agent, team, site in ended:
        mine = (table.agent == agent, table.team == team, table.until_us == FOREVER_US)
        if open_[agent, team, site] >= at_us:
            connection.execute(delete(agent_teams).where(*mine))
        else:
            connection.execute(update(agent_teams).where(*mine).values(until_us=at_us))
    begun = wanted - open_.keys()
    for agent, team, site in begun:
        first = at_us if rows else 0
        row = {"agent": agent, "team": team, "site": site, "from_us": first, "until_us": FOREVER_US}
        connection.execute(insert(agent_teams).values(row))
    return len(ended) + len(begun)
