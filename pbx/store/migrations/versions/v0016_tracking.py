"""Visits, numbers that they held, and where calls come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0018"
branch_labels = None
depends_on = None

SOURCE = ("source", "medium", "campaign", "term", "content", "click_id", "click_kind", "channel")
FIRST = ("first_source", "first_medium", "first_campaign")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _us(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False)


def _figure(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)


def upgrade() -> None:
    _call_sources()
    _visits()
    op.create_table(
        "web_events",
        _text("key"),
        _us("at_us"),
        *map(_text, ("kind", "site", "visit", "subject", "dealer", "number", "page")),
        sa.PrimaryKeyConstraint("key", name="pk_web_events"),
    )
    op.create_index("ix_web_events_at_us", "web_events", ["at_us"])
    op.create_index("ix_web_events_visit", "web_events", ["visit"])
    guard = ("site", "visit", "page", "line", "selector", "shown", "assigned", "href", "verdict", "user_agent")
    op.create_table(
        "number_guard",
        _id("id"),
        _us("at_us"),
        *map(_text, guard),
        sa.PrimaryKeyConstraint("id", name="pk_number_guard"),
    )
    op.create_index("ix_number_guard_at_us", "number_guard", ["at_us"])
    op.create_table(
        "pool_hours",
        _text("pool"),
        _us("hour_us"),
        *map(_count, ("visits", "given", "short", "most_held", "size")),
        _figure("stay_s"),
        _count("stays"),
        _figure("load"),
        _count("needed"),
        sa.PrimaryKeyConstraint("pool", "hour_us", name="pk_pool_hours"),
    )
    op.create_table(
        "erasures",
        _id("id"),
        _us("at_us"),
        *map(_text, ("kind", "proof", "by")),
        *map(_count, ("visits", "calls")),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )


def _call_sources() -> None:
    op.create_table(
        "call_sources",
        _id("call_id"),
        *map(_text, (*SOURCE, "visit", "session", "visitor", "site", "number")),
        _figure("probability"),
        _text("method"),
        _flag("is_unique"),
        _count("repeat"),
        *map(_text, ("landing", "page", "ga_client", "ga_session", "device", *FIRST, "candidates")),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_sources"),
    )
    op.create_index("ix_call_sources_visit", "call_sources", ["visit"])
    op.create_index("ix_call_sources_visitor", "call_sources", ["visitor"])


def _visits() -> None:
    op.create_table(
        "visits",
        _id("id"),
        _text("site"),
        _text("visitor"),
        _us("started_us"),
        _us("seen_us"),
        _flag("ended"),
        *map(_text, ("consent", *SOURCE, "referrer", "landing", "page")),
        _count("pages"),
        *map(_text, ("device", "city", "ga_client", "ga_session", "ym_uid", *FIRST)),
        _us("first_us"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
    )
    op.create_index("ix_visits_started_us", "visits", ["started_us"])
    op.create_index("ix_visits_visitor", "visits", ["visitor"])
    op.create_table(
        "visit_pages",
        _id("visit"),
        _count("page_number"),
        _us("at_us"),
        _text("page"),
        sa.PrimaryKeyConstraint("visit", "page_number", name="pk_visit_pages"),
    )
    op.create_table(
        "number_leases",
        _id("visit"),
        *map(_text, ("number", "visitor", "pool", "site", "line")),
        _us("since_us"),
        _us("seen_us"),
        sa.PrimaryKeyConstraint("visit", "number", name="pk_number_leases"),
    )
    op.create_index("ix_number_leases_since_us", "number_leases", ["since_us"])


def downgrade() -> None:
    for table in (
        "erasures",
        "pool_hours",
        "number_guard",
        "web_events",
        "number_leases",
        "visit_pages",
        "visits",
        "call_sources",
    ):
        op.drop_table(table)
