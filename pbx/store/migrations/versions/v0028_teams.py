"""Who belonged to which team; what agents did in each queue, by quarters of an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

SUMS = ("calls", "talk_us", "hold_us")
AGENTS = "interval_agents"


def _create(keys: tuple[str, ...], sums: tuple[str, ...]) -> None:
    columns: list[sa.Column[object]] = [sa.Column("bin_us", sa.BigInteger(), autoincrement=False, nullable=False)]
    for key in keys:
        kind = sa.Boolean(create_constraint=False) if key == "callback" else sa.Text()
        columns.append(sa.Column(key, kind, nullable=False))
    columns += [sa.Column(one, sa.BigInteger(), nullable=False) for one in sums]
    op.create_table(AGENTS, *columns, sa.PrimaryKeyConstraint("bin_us", *keys, name=f"pk_{AGENTS}"))


def _sum_anew() -> None:
    """The sums are made again from the records, day by day while the PBX runs."""
    op.get_bind().execute(sa.text("DELETE FROM meta WHERE key = 'intervals'"))


def upgrade() -> None:
    op.create_table(
        "agent_teams",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("from_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "team", "from_us", name="pk_agent_teams"),
    )
    op.drop_table(AGENTS)
    _create(("agent", "queue", "callback"), (*SUMS, "wait_us", "wrapup_us"))
    _sum_anew()


def downgrade() -> None:
    op.drop_table("agent_teams")
    op.drop_table(AGENTS)
    _create(("agent", "callback"), SUMS)
    _sum_anew()
