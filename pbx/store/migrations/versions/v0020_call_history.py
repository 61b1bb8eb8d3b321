"""Indexes to look for calls by what people know of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_cdrs_queue", ("queue", "started_us"), "queue <> ''"),
    ("ix_cdrs_agent", ("agent", "started_us"), "agent <> ''"),
    ("ix_cdrs_trunk", ("trunk", "started_us"), "trunk <> ''"),
    ("ix_cdrs_did", ("did", "started_us"), "did <> ''"),
    ("ix_cdrs_tag", ("tag", "started_us"), "tag <> ''"),
    ("ix_cdrs_recording", ("started_us",), "recording <> ''"),
    ("ix_cdrs_missed", ("started_us",), "direction = 'inbound' AND bridged_us IS NULL"),
)


def upgrade() -> None:
    op.drop_index("ix_cdrs_caller", table_name="cdrs")
    op.create_index("ix_cdrs_caller", "cdrs", ["caller", "started_us"])
    op.create_index("ix_cdrs_callee", "cdrs", ["callee", "started_us"])
    for name, columns, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(name, "cdrs", list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, _columns, _condition in PARTIAL:
        op.drop_index(name, table_name="cdrs")
    op.drop_index("ix_cdrs_callee", table_name="cdrs")
    op.drop_index("ix_cdrs_caller", table_name="cdrs")
    op.create_index("ix_cdrs_caller", "cdrs", ["caller"])
