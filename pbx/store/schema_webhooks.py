"""The table of webhooks, which pbx.store.schema has with all others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)  # 0: none


webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("name"),
    _text("url"),
    _text("secret"),
    _text("events"),  # JSON array
    _text("queues"),  # JSON array
    Column("enabled", Boolean(create_constraint=False), nullable=False),
    Column("version", Integer, nullable=False),
    _us("created_us"),
    _text("previous_secret"),
    _us("previous_until_us"),
    _us("failing_since_us"),
    _us("disabled_us"),
    _text("disabled_why"),
)
