"""Messages in voicemail boxes; results of test calls, and which calls were tests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cdrs", sa.Column("test", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "voicemail_messages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("heard_us", sa.BigInteger(), nullable=False),
        sa.Column("saved", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("deleted_us", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("recovered", sa.Boolean(create_constraint=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_voicemail_messages"),
    )
    op.create_table(
        "selftest_results",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("pdd_s", sa.Float(), nullable=True),
        sa.Column("answer_s", sa.Float(), nullable=True),
        sa.Column("mos", sa.Float(), nullable=True),
        sa.Column("rx_packets", sa.Integer(), nullable=False),
        sa.Column("tx_packets", sa.Integer(), nullable=False),
        sa.Column("lost_packets", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_selftest_results"),
    )
    op.create_index("ix_selftest_results_started_us", "selftest_results", ["started_us"])


def downgrade() -> None:
    op.drop_index("ix_selftest_results_started_us", table_name="selftest_results")
    op.drop_table("selftest_results")
    op.drop_table("voicemail_messages")
    with op.batch_alter_table("cdrs", schema=None) as batch_op:
        batch_op.drop_column("test")
