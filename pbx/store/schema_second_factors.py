"""The table of second factors: see pbx.accounts.second_factor."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from pbx.store.metadata import metadata

second_factors = Table(
    "second_factors",
    metadata,
    Column("person", Text, primary_key=True),
    Column("secret", Text, nullable=False),  # sealed
    Column("since_us", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("recovery", Text, nullable=False),  # JSON array of digests
)
