"""Requests of web pages, with the proof of consent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "widget_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_texts("contact", "site", "queue", "number"),
        *_times("created_us"),
        *_texts("language", "visit", "page", "origin", "address", "agent"),
        *_times("slot_us"),
        sa.Column("shown_s", sa.Float(), nullable=False),
        *_texts("consent"),
        sa.Column("given", sa.Boolean(), nullable=False),
        *_times("rung_us", "connected_us"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_widget_requests")),
    )
    for name in ("contact", "created_us", "number"):
        op.create_index(f"ix_widget_requests_{name}", "widget_requests", [name], unique=False)
    op.create_table(
        "widget_wordings",
        sa.Column("version", sa.String(length=32), nullable=False),
        *_texts("language", "text"),
        *_times("first_us"),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_widget_wordings")),
    )


def downgrade() -> None:
    for table in ("widget_wordings", "widget_requests"):
        op.drop_table(table)
