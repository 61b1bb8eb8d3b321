"""The table of prompts that humans have spoken."""

from __future__ import annotations

from sqlalchemy import Column, Float, Table, Text

from pbx.store.metadata import metadata

prompt_takes = Table(
    "prompt_takes",  # prompts that humans have spoken: pbx.media.takes.Take
    metadata,
    Column("language", Text, primary_key=True),
    Column("text", Text, primary_key=True),
    Column("use", Text, nullable=False),
    Column("sound", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("loudness_lufs", Float, nullable=False),
    Column("peak_dbov", Float, nullable=False),
)
