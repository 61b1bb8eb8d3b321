"""Offers to agents and promised waits, derived from the journey; which calls and visits belong to a contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_offers",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("offer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("offered_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=False),
        sa.Column("alert_s", sa.Float(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "offer", name=op.f("pk_queue_offers")),
    )
    op.create_index("ix_queue_offers_offered_us", "queue_offers", ["offered_us"], unique=False)
    op.create_table(
        "wait_promises",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("promise", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("told_us", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("low_s", sa.Float(), nullable=False),
        sa.Column("high_s", sa.Float(), nullable=False),
        sa.Column("quantile", sa.Float(), nullable=False),
        sa.Column("waited_s", sa.Float(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "promise", name=op.f("pk_wait_promises")),
    )
    op.create_index("ix_wait_promises_told_us", "wait_promises", ["told_us"], unique=False)
    for table in ("cdrs", "queue_visits"):
        op.add_column(table, sa.Column("contact", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("cdrs", sa.Column("bridged_us", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cdrs", schema=None) as batch_op:
        batch_op.drop_column("bridged_us")
    for table in ("queue_visits", "cdrs"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("contact")
    for table, index in (("wait_promises", "told_us"), ("queue_offers", "offered_us")):
        op.drop_index(f"ix_{table}_{index}", table)
        op.drop_table(table)
