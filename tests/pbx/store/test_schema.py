"""The tables, the records and the migrations say the same, for SQLite and for PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable

from pbx.store import schema
from pbx.store.batch import AGENT_LOG, JOURNEY, KEYED
from pbx.store.database import prepare
from pbx.store.migrate import alembic_config
from pbx.store.records import CallbackCall, Cdr, QueueOffer, QueueVisit, TrunkCall, WaitPromise, columns


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (Cdr, schema.cdrs),
        (QueueVisit, schema.queue_visits),
        (QueueOffer, schema.queue_offers),
        (WaitPromise, schema.wait_promises),
        (TrunkCall, schema.trunk_calls),
        (CallbackCall, schema.callback_calls),
    ],
)
def test_records_have_the_tables_columns(record: type[Any], table: Table) -> None:
    assert columns(record) == tuple(column.name for column in table.columns)


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/migrated.db"
    config = alembic_config(url)
    command.upgrade(config, "head")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.HEAD
    engine.dispose()
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]
    command.downgrade(config, "base")


def test_a_new_database_is_what_the_migrations_make(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/new.db")
    prepare(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.HEAD
    engine.dispose()


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_tables_exist_for_postgresql(table: Table) -> None:
    text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert "BIGINT" in text or "TEXT" in text


def test_inserts_for_both_placeholders() -> None:
    assert JOURNEY.text(2) == (
        "INSERT INTO journey (seq, call_id, at_us, kind, leg, data) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (seq) DO NOTHING"
    )
    assert AGENT_LOG.text(1, "%s").count("%s") == 8
    assert KEYED["meta"].text(1, "%s") == (
        "INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
