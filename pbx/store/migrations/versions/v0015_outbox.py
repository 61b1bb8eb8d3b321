"""The outbox: deliveries over HTTP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0020"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'pending'")
DEAD = sa.text("state = 'dead'")
WAITING = {
    "ix_outbox_waiting": ["target", "seq"],
    "ix_outbox_due": ["target", "due_us"],
    "ix_outbox_order": ["target", "call_id", "seq"],
}


def upgrade() -> None:
    texts = [sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "call_id")]
    instants = [sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_us", "queued_us", "due_us")]
    op.create_table(
        "outbox",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        *texts,
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *instants,
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("target", "key", name="pk_outbox"),
    )
    op.create_index("ux_outbox_seq", "outbox", ["seq"], unique=True)
    op.create_index("ix_outbox_id", "outbox", ["id"])
    op.create_index("ix_outbox_ended_us", "outbox", ["ended_us"])
    op.create_index("ix_outbox_dead", "outbox", ["target"], sqlite_where=DEAD, postgresql_where=DEAD)
    for name, columns in WAITING.items():
        op.create_index(name, "outbox", columns, sqlite_where=PENDING, postgresql_where=PENDING)
    op.create_table(
        "outbox_targets",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target", name="pk_outbox_targets"),
    )


def downgrade() -> None:
    op.drop_table("outbox_targets")
    op.drop_table("outbox")
