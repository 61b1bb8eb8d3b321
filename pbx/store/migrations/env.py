"""Runs the revisions in one transaction on one connection; alembic executes this file."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import make_url

from pbx.store import schema
from pbx.store.database import writer_engine


def run() -> None:
    """Upgrades online; `render_as_batch` because SQLite cannot alter most things in place."""
    engine = writer_engine(make_url(context.config.get_main_option("sqlalchemy.url") or ""))
    try:
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=schema.metadata, render_as_batch=True)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
    finally:
        engine.dispose()


run()
