"""Wrap-up of a callback: how long, with which code and note."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callback_calls", sa.Column("wrapup_s", sa.Float(), nullable=False, server_default=sa.text("0")))
    for name in ("wrapup_code", "wrapup_note"):
        op.add_column("callback_calls", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    with op.batch_alter_table("callback_calls", schema=None) as batch_op:
        for name in ("wrapup_note", "wrapup_code", "wrapup_s"):
            batch_op.drop_column(name)
