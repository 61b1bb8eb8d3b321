"""The tables of short messages, which pbx.store.schema has with all others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from pbx.store.metadata import metadata, partial


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _us(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)  # 0: none


sms_messages = Table(
    "sms_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("key"),  # of idempotency
    _text("number"),  # E.164
    _text("text"),
    _text("coding"),  # pbx.sms.parts.Coding
    Column("parts", Integer, nullable=False),
    _us("created_us"),
    _us("expires_us"),
    _text("sender"),
    _text("template"),
    _text("language"),
    _text("source"),  # "flow:hotline:send", "queue:sales", "api"
    _text("reason"),
    _text("origin_call"),
    _text("contact"),
    _us("not_before_us"),
    _text("state"),  # pbx.sms.message.State
    _text("gateway"),  # that has it, or had it last
    Column("pinned", Boolean(create_constraint=False), nullable=False),
    Column("attempts", Integer, nullable=False),
    _us("submitted_us"),
    _us("accepted_us"),
    _us("ended_us"),
    _text("error"),
    Column("cost", Float, nullable=False),
    _text("currency"),
    Index("ux_sms_messages_key", "key", unique=True),
    Index("ix_sms_messages_state", "state"),
    Index("ix_sms_messages_created_us", "created_us"),
)

sms_parts = Table(
    "sms_parts",
    metadata,
    Column("message_id", String(32), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... of the message
    _text("gateway"),
    _text("gateway_id"),  # what the gateway calls it
    _text("state"),  # "", "delivered" or "failed"
    Index("ix_sms_parts_gateway_id", "gateway_id"),
)

sms_inbox = Table(
    "sms_inbox",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("gateway"),
    _text("gateway_id"),  # "" where the gateway gives none
    _text("number"),
    _text("to_number"),
    _text("text"),
    _us("received_us"),
    _text("what"),  # "text", "stop", "start"
    _text("contact"),
    partial(
        "ux_sms_inbox_gateway_id",
        "gateway",
        "gateway_id",
        unique=True,
        where="gateway_id <> ''",
    ),
    Index("ix_sms_inbox_received_us", "received_us"),
)
