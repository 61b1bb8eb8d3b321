"""People who may come in, their sessions and tokens, the audit log, keys of repeated requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0014"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _instants(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "people",
        *_texts("id", "login", "role", "name", "email", "language", "extension", "queues"),
        sa.Column("disabled", sa.Boolean(create_constraint=False), nullable=False),
        *_texts("password", "subject"),
        *_instants("created_us", "changed_us", "login_us"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "sessions",
        *_texts("id", "digest", "person", "how", "address", "agent"),
        *_instants("created_us", "seen_us", "ends_us"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_table(
        "tokens",
        *_texts("id", "digest", "prefix", "name", "person", "permissions"),
        *_instants("created_us", "expires_us", "used_us"),
        *_texts("used_from"),
        *_instants("revoked_us"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
    op.create_index("ix_tokens_person", "tokens", ["person"])
    op.create_table(
        "account_links",
        *_texts("digest", "purpose", "person", "by"),
        *_instants("created_us", "expires_us"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_account_links")),
    )
    op.create_table(
        "audit",
        *_texts("id"),
        *_instants("at_us"),
        *_texts("actor_kind", "actor", "actor_name", "address", "action", "object"),
        sa.Column("result", sa.Integer(), nullable=False),
        *_texts("before", "after", "fields"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_index("ix_audit_object", "audit", ["object", "id"])
    op.create_table(
        "idempotency_keys",
        *_texts("owner", "key", "fingerprint", "state"),
        sa.Column("status", sa.Integer(), nullable=False),
        *_texts("content_type"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_instants("created_us"),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_us", "idempotency_keys", ["created_us"])


def downgrade() -> None:
    for name in ("idempotency_keys", "audit", "account_links", "tokens", "sessions", "people"):
        op.drop_table(name)
