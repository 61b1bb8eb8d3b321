"""Attempts of callbacks, derived from the journey: how fast customers were reached, and how the attempts ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_calls",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("reach_s", sa.Float(), nullable=True),
        sa.Column("hold_s", sa.Float(), nullable=True),
        sa.Column("speed_s", sa.Float(), nullable=True),
        sa.Column("age_s", sa.Float(), nullable=True),
        sa.Column("silent", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "contact", name=op.f("pk_callback_calls")),
    )
    op.create_index("ix_callback_calls_started_us", "callback_calls", ["started_us"], unique=False)
    op.create_index("ix_callback_calls_contact", "callback_calls", ["contact"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_callback_calls_contact", "callback_calls")
    op.drop_index("ix_callback_calls_started_us", "callback_calls")
    op.drop_table("callback_calls")
