"""Settings over the file of the configuration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settings_documents",
        sa.Column("section", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("section", "key", name="pk_settings_documents"),
    )
    op.create_table(
        "settings_revisions",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_settings_revisions"),
    )
    op.create_table(
        "settings_steps",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("section", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision", "section", "key", name="pk_settings_steps"),
    )


def downgrade() -> None:
    for name in ("settings_steps", "settings_revisions", "settings_documents"):
        op.drop_table(name)
