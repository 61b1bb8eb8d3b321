"""The region of a visit, and what it is known by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None

COLUMNS = ("region", "region_by")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("visits", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
