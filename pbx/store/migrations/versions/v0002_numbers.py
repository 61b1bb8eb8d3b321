"""What is known of a caller's number and of the number dialled, costs, and small states that outlive the process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXTS = ("tag", "campaign", "medium", "caller_country", "caller_region", "caller_type")


def upgrade() -> None:
    op.create_table(
        "kept",
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("room", "key", name=op.f("pk_kept")),
    )
    for name in TEXTS:
        op.add_column("cdrs", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    for table in ("cdrs", "trunk_calls"):
        op.add_column(table, sa.Column("cost", sa.Float(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    for table in ("trunk_calls", "cdrs"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("cost")
    with op.batch_alter_table("cdrs", schema=None) as batch_op:
        for name in reversed(TEXTS):
            batch_op.drop_column(name)
    op.drop_table("kept")
