"""The tables of settings: the documents that stand over the file of the configuration, and what was changed when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from pbx.store.metadata import metadata

settings_documents = Table(
    "settings_documents",
    metadata,
    Column("section", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("document", Text, nullable=False),  # JSON, secrets hashed or sealed; "": an entry of the file is deleted
    Column("revision", Integer, nullable=False),  # by which it was written
)

settings_revisions = Table(
    "settings_revisions",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),  # 1, 2, ...
    Column("at_us", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
)

settings_steps = Table(
    "settings_steps",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("section", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("before", Text),  # as settings_documents.document; NULL: there was none
    Column("after", Text),
)
