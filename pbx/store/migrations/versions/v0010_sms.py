"""Short messages: what goes out with its parts, and what comes in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0012"
branch_labels = None
depends_on = None

HAS_ID = "gateway_id <> ''"
TEXTS = ("number", "text", "coding")
ABOUT = ("sender", "template", "language", "source", "reason", "origin_call", "contact")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "sms_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_texts("key", *TEXTS),
        sa.Column("parts", sa.Integer(), nullable=False),
        *_times("created_us", "expires_us"),
        *_texts(*ABOUT),
        *_times("not_before_us"),
        *_texts("state", "gateway"),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_times("submitted_us", "accepted_us", "ended_us"),
        *_texts("error"),
        sa.Column("cost", sa.Float(), nullable=False),
        *_texts("currency"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_messages")),
    )
    op.create_index("ux_sms_messages_key", "sms_messages", ["key"], unique=True)
    op.create_index("ix_sms_messages_state", "sms_messages", ["state"], unique=False)
    op.create_index("ix_sms_messages_created_us", "sms_messages", ["created_us"], unique=False)
    op.create_table(
        "sms_parts",
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("gateway", "gateway_id", "state"),
        sa.PrimaryKeyConstraint("message_id", "part", name=op.f("pk_sms_parts")),
    )
    op.create_index("ix_sms_parts_gateway_id", "sms_parts", ["gateway_id"], unique=False)
    op.create_table(
        "sms_inbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_texts("gateway", "gateway_id", "number", "to_number", "text"),
        *_times("received_us"),
        *_texts("what", "contact"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_inbox")),
    )
    op.create_index(
        "ux_sms_inbox_gateway_id",
        "sms_inbox",
        ["gateway", "gateway_id"],
        unique=True,
        sqlite_where=sa.text(HAS_ID),
        postgresql_where=sa.text(HAS_ID),
    )
    op.create_index("ix_sms_inbox_received_us", "sms_inbox", ["received_us"], unique=False)


def downgrade() -> None:
    for table in ("sms_inbox", "sms_parts", "sms_messages"):
        op.drop_table(table)
