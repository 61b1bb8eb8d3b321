"""The tables of accounts: people, sessions, tokens, links that work once, the audit log, keys of repeated requests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from pbx.store.metadata import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    _text("login"),
    _text("role"),
    _text("name"),
    _text("email"),
    _text("language"),
    _text("extension"),
    _text("queues"),  # JSON array or null
    Column("disabled", Boolean(create_constraint=False), nullable=False),
    _text("password"),  # argon2id
    _text("subject"),
    _us("created_us"),
    _us("changed_us"),
    _us("login_us"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    _text("digest"),
    _text("person"),
    _text("how"),
    _text("address"),
    _text("agent"),
    _us("created_us"),
    _us("seen_us"),
    _us("ends_us"),
    Index("ix_sessions_person", "person"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    _text("digest"),
    _text("prefix"),
    _text("name"),
    _text("person"),
    _text("permissions"),  # JSON array
    _us("created_us"),
    _us("expires_us"),
    _us("used_us"),
    _text("used_from"),
    _us("revoked_us"),
    Index("ix_tokens_person", "person"),
)

account_links = Table(
    "account_links",
    metadata,
    Column("digest", Text, primary_key=True),
    _text("purpose"),
    _text("person"),
    _text("by"),
    _us("created_us"),
    _us("expires_us"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),  # time-ordered
    _us("at_us"),
    _text("actor_kind"),
    _text("actor"),
    _text("actor_name"),
    _text("address"),
    _text("action"),
    _text("object"),
    Column("result", Integer, nullable=False),
    _text("before"),
    _text("after"),
    _text("fields"),  # JSON array
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_object", "object", "id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("fingerprint"),
    _text("state"),
    Column("status", Integer, nullable=False),
    _text("content_type"),
    Column("body", LargeBinary, nullable=False),
    _us("created_us"),
    Index("ix_idempotency_keys_created_us", "created_us"),
)
