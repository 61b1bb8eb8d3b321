"""Advert costs, sales, what other systems were told, reconciliations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0009"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    key = ("source", "medium", "campaign", "number")
    op.create_table(
        "ad_costs",
        *map(_text, key),
        sa.Column("day", sa.String(10), nullable=False),
        _whole("amount_micro"),
        _text("currency"),
        _text("batch"),
        sa.PrimaryKeyConstraint(*key, "day"),
    )
    op.create_table(
        "sales",
        _text("order_id"),
        _whole("at_us"),
        _text("number"),
        _text("told_id"),
        _whole("amount_micro"),
        *map(_text, ("currency", "batch", "call_id", "matched_by")),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_table(
        "ledger_marks",
        sa.Column("call_id", sa.String(32), nullable=False),
        *map(_text, ("target", "event", "state", "reason")),
        _whole("at_us"),
        sa.PrimaryKeyConstraint("call_id", "target", "event"),
    )
    op.create_table(
        "ledger_leads",
        *map(_text, ("target", "number", "call_id")),
        _whole("at_us"),
        sa.PrimaryKeyConstraint("target", "number"),
    )
    op.create_table(
        "reconcile_runs",
        sa.Column("id", sa.String(32), nullable=False),
        *map(_whole, ("start_us", "end_us")),
        _text("label"),
        _whole("made_us"),
        *map(_text, ("made_by", "summary")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reconcile_rows",
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        _text("call_id"),
        _whole("at_us"),
        *map(_text, ("number", "place", "present", "reasons")),
        sa.PrimaryKeyConstraint("run", "position"),
    )
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


INDEXES = (
    ("ad_costs", "day"),
    ("sales", "at_us"),
    ("sales", "call_id"),
    ("ledger_marks", "at_us"),
    ("reconcile_runs", "made_us"),
    ("reconcile_rows", "call_id"),
)


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    for table in ("reconcile_rows", "reconcile_runs", "ledger_leads", "ledger_marks", "sales", "ad_costs"):
        op.drop_table(table)
