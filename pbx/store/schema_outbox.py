"""The tables of the outbox, which pbx.store.schema has with all others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from pbx.store.metadata import metadata, partial

_PENDING = "state = 'pending'"
_DEAD = "state = 'dead'"


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)  # 0: none


def _pending(name: str, *columns: str) -> Index:
    """Of the few rows that wait, and not of the many that are kept."""
    return partial(name, *columns, where=_PENDING)


outbox = Table(
    "outbox",
    metadata,
    Column("target", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # over all targets
    Column("number", BigInteger, nullable=False),  # of the target
    Column("id", String(32), nullable=False),
    _text("kind"),
    _text("call_id"),  # or a contact's; "" where there is none
    Column("body", LargeBinary, nullable=False),
    _us("created_us"),
    _us("queued_us"),
    _us("due_us"),
    _text("state"),  # pbx.outbox.entry.State
    Column("attempts", Integer, nullable=False),
    _us("ended_us"),
    Column("status", Integer, nullable=False),  # HTTP's, of the last answer
    _text("error"),
    _text("excerpt"),
    Column("took_ms", Integer, nullable=False),
    Index("ux_outbox_seq", "seq", unique=True),
    Index("ix_outbox_id", "id"),
    Index("ix_outbox_ended_us", "ended_us"),
    partial("ix_outbox_dead", "target", where=_DEAD),
    _pending("ix_outbox_waiting", "target", "seq"),
    _pending("ix_outbox_due", "target", "due_us"),
    _pending("ix_outbox_order", "target", "call_id", "seq"),
)

# The last number of each target: entries may be forgotten, their numbers are not given again.
outbox_targets = Table(
    "outbox_targets",
    metadata,
    Column("target", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
