"""The tables of the callback widget, which pbx.store.schema has with all others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, Text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)  # 0: none


widget_requests = Table(
    "widget_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("contact"),  # the item's id
    _text("site"),
    _text("queue"),
    _text("number"),  # E.164
    _us("created_us"),
    _text("language"),
    _text("visit"),
    _text("page"),
    _text("origin"),
    _text("address"),
    _text("agent"),  # the browser, as it names itself
    _us("slot_us"),
    Column("shown_s", Float, nullable=False),  # what was promised; 0: nothing
    _text("consent"),  # widget_wordings.version
    Column("given", Boolean(create_constraint=False), nullable=False),
    _us("rung_us"),
    _us("connected_us"),
    Index("ix_widget_requests_contact", "contact"),
    Index("ix_widget_requests_created_us", "created_us"),
    Index("ix_widget_requests_number", "number"),
)

widget_wordings = Table(
    "widget_wordings",
    metadata,
    Column("version", String(32), primary_key=True),  # digest of the text
    _text("language"),
    _text("text"),
    _us("first_us"),
)
