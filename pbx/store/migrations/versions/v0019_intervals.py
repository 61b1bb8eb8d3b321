"""Sums of quarters of an hour; how well the far ends of calls were heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0021"
branch_labels = None
depends_on = None

BLOCKS = sa.text("kind = 'flow.block'")
LONG = sa.text("duration_s >= 900")
WAITS_S = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, 120, 180, 240, 300, 600, 1200)
STATES = (
    *("available", "reserved", "ringing", "talking", "hold", "wrapup", "break", "not_responding", "unreachable"),
    *("busy", "outbound", "callback_preview", "offline", "other"),
)
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # texts of the key, and sums
    "interval_calls": (
        ("direction", "trunk", "tag"),
        (
            *("calls", "answered", "interrupted", "billed_us", "talk_us", "setup_us", "setup_max_us"),
            *("mos_count", "mos_micro"),
        ),
    ),
    "interval_queues": (
        ("queue", "outcome", "callback"),
        ("visits", "wait_us", "wait_max_us", "talk_us", "hold_us", "wrapup_us", "offers", "offers_missed"),
    ),
    "interval_agents": (("agent", "callback"), ("calls", "talk_us", "hold_us")),
    "interval_offers": (("agent", "outcome"), ("offers", "alert_us")),
    "interval_states": (("agent",), tuple(f"{state}_us" for state in STATES)),
    "interval_trunks": (
        ("trunk", "outcome"),
        ("legs", "billed_us", "pdd_count", "pdd_us", "pdd_max_us", "cost_micro", "mos_count", "mos_micro"),
    ),
    "interval_blocks": (("flow", "block", "exit"), ("steps",)),
    "interval_stale": ((), ()),
}


def upgrade() -> None:
    for table in ("cdrs", "trunk_calls"):
        op.add_column(table, sa.Column("mos", sa.Float(), nullable=True))
    op.create_index("ix_agent_log_long", "agent_log", ["started_us"], sqlite_where=LONG, postgresql_where=LONG)
    op.create_index("ix_journey_blocks", "journey", ["at_us"], sqlite_where=BLOCKS, postgresql_where=BLOCKS)
    for name, (keys, sums) in TABLES.items():
        columns: list[sa.Column[object]] = [sa.Column("bin_us", sa.BigInteger(), autoincrement=False, nullable=False)]
        for key in keys:
            kind = sa.Boolean(create_constraint=False) if key == "callback" else sa.Text()
            columns.append(sa.Column(key, kind, nullable=False))
        columns += [sa.Column(one, sa.BigInteger(), nullable=False) for one in sums]
        if name == "interval_queues":
            columns += [sa.Column(f"within_{seconds}_s", sa.Integer(), nullable=False) for seconds in WAITS_S]
        op.create_table(name, *columns, sa.PrimaryKeyConstraint("bin_us", *keys, name=f"pk_{name}"))


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    op.drop_index("ix_journey_blocks", table_name="journey")
    op.drop_index("ix_agent_log_long", table_name="agent_log")
    for table in ("trunk_calls", "cdrs"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("mos")
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM meta WHERE key = 'intervals'"))
