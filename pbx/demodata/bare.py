"""A database that is filled at once: nothing waits for the disk, and indexes are made when all rows are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from pbx.store import schema
from pbx.store.database import writer_engine

FAST = ("synchronous=OFF", "cache_size=-65536", "wal_autocheckpoint=20000")
INDEXES = "sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


@contextmanager
def fast_engine(path: Path) -> Iterator[Engine]:
    """Nothing is promised to anybody before the file is moved to its place: nothing waits for the disk."""
    engine = writer_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        for pragma in FAST:
            connection.execute(f"PRAGMA {pragma}")

    try:
        yield engine
    finally:
        engine.dispose()


def drop_indexes(connection: Connection) -> list[str]:
    """Their statements, to make them again."""
    with connection.begin():
        found = connection.exec_driver_sql(f"SELECT name, {INDEXES}").all()
        for name, _sql in found:
            connection.exec_driver_sql(f"DROP INDEX {name}")
    return [sql for _name, sql in found]


def indexes(connection: Connection) -> list[str]:
    """The statements of those that there are."""
    return [str(sql) for (sql,) in connection.exec_driver_sql(f"SELECT {INDEXES}")]


def all_indexes() -> list[str]:
    """The statements of those that a database of ours has."""
    engine = create_engine("sqlite://")
    try:
        schema.metadata.create_all(engine)
        with engine.connect() as connection:
            return indexes(connection)
    finally:
        engine.dispose()


def make_indexes(connection: Connection, statements: list[str]) -> None:
    with connection.begin():
        for one in statements:
            connection.exec_driver_sql(one)


def needed_for_sums(statement: str) -> bool:
    """Those by time alone, by which sums of quarters are made."""
    return "_us)" in statement and "," not in statement.partition("(")[2]
