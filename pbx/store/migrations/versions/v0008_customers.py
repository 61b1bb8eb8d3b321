"""Customers who are known by number, ranges of numbers by region, and calls by their caller."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "name", "language")),
        sa.Column("vip", sa.Boolean(create_constraint=False), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("tags", "agent", "note", "pin", "batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_table(
        "customer_numbers",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "customer", "tail")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customer_numbers")),
    )
    op.create_index("ix_customer_numbers_customer", "customer_numbers", ["customer"])
    op.create_index("ix_customer_numbers_tail", "customer_numbers", ["tail"])
    op.create_table(
        "number_ranges",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("region", "operator")),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "first", name=op.f("pk_number_ranges")),
    )
    op.create_index("ix_cdrs_caller", "cdrs", ["caller"])


def downgrade() -> None:
    op.drop_index("ix_cdrs_caller", table_name="cdrs")
    for name in ("number_ranges", "customer_numbers", "customers"):
        op.drop_table(name)
