"""Who belonged to which team, and from when to when: what reports by team go by, whatever is configured today."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from pbx.store.metadata import metadata

FOREVER_US = 2**62  # the end of what still holds

agent_teams = Table(
    "agent_teams",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("from_us", BigInteger, primary_key=True, autoincrement=False),  # a quarter of an hour, as the next
    Column("until_us", BigInteger, nullable=False),
    Column("site", Text, nullable=False),  # of the team then
)
