"""Calls whose talk or wrap-up nobody ended, in the sums of quarters of an hour: they are left out of averages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None

WAITS_S = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, 120, 180, 240, 300, 600, 1200)
KEYS = {"interval_queues": ("queue", "outcome"), "interval_agents": ("agent", "queue")}  # and callback
SUMS = {
    "interval_queues": (
        *("visits", "wait_us", "wait_max_us", "talk_us", "hold_us", "wrapup_us", "offers", "offers_missed"),
    ),
    "interval_agents": ("calls", "talk_us", "hold_us", "wait_us", "wrapup_us"),
}
ADDED = {
    "interval_queues": ("left_out",),
    "interval_agents": (
        *("left_out", "left_out_us", "averaged_talk_us", "averaged_hold_us", "averaged_wrapup_us", "not_averaged"),
    ),
}


def _create(table: str, *, new: bool) -> None:
    columns: list[sa.Column[object]] = [sa.Column("bin_us", sa.BigInteger(), autoincrement=False, nullable=False)]
    columns += [sa.Column(key, sa.Text(), nullable=False) for key in KEYS[table]]
    columns.append(sa.Column("callback", sa.Boolean(create_constraint=False), nullable=False))
    columns += [sa.Column(one, sa.BigInteger(), nullable=False) for one in SUMS[table]]
    if table == "interval_queues":
        columns += [sa.Column(f"within_{seconds}_s", sa.Integer(), nullable=False) for seconds in WAITS_S]
    if new:
        columns += [sa.Column(one, sa.BigInteger(), nullable=False) for one in ADDED[table]]
    keys = ("bin_us", *KEYS[table], "callback")
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(*keys, name=f"pk_{table}"))


def _anew(*, new: bool) -> None:
    """The sums are made again from the records, day by day while the PBX runs."""
    for table in KEYS:
        op.drop_table(table)
        _create(table, new=new)
    op.get_bind().execute(sa.text("DELETE FROM meta WHERE key = 'intervals'"))


def upgrade() -> None:
    _anew(new=True)


def downgrade() -> None:
    _anew(new=False)
