"""Opens the database: where it lies, who may read it, how safely it commits, and whether its tables are the present
ones.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pbx.store import schema
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.config import Config

BUSY_TIMEOUT_MS = 2000
# FULL: each commit reaches the disk before it is acknowledged, so a promise survives a power cut as well as kill -9.
# NORMAL would keep a commit through kill -9 only. Commits are batched, so the price is about five fsyncs a second,
# off the main thread.
SYNCHRONOUS = "FULL"
_JOURNAL_LIMIT = 64 * 1024 * 1024  # the WAL file is cut back to this after a checkpoint
MIGRATE_TIMEOUT_S = 600
DATABASE = "centrala.db"  # in server.data_dir
URL_VARIABLE = "CENTRALA_STORE_URL"


def database_url(config: Config) -> URL:
    """The URL of the store. A relative SQLite path is relative to the working directory. Raises StoreError."""
    given = config.store.url
    if not given:
        return URL.create("sqlite", database=str(Path(config.server.data_dir) / DATABASE))
    try:
        url = make_url(given)
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError) as error:
        raise StoreError(f"store.url needs a driver that is not installed ({error}); pip install it") from None
    except ArgumentError:
        raise StoreError(
            'store.url is not a database URL; write "sqlite:///path/centrala.db" or leave it empty'
        ) from None
    if url.get_dialect().is_async:
        raise StoreError(
            f"store.url names the asynchronous driver {url.drivername}; the writer is a thread: use psycopg"
        )
    if url.get_backend_name() == "sqlite" and not url.database:
        raise StoreError(
            "store.url names no file: a database in memory would lose every call; write sqlite:///path/centrala.db"
        )
    return url


def describe(url: URL) -> str:
    """The database's name for messages, without its password."""
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def writer_engine(url: URL) -> Engine:
    """The engine of the one writer. SQLite: WAL, full commits, and a transaction takes the write lock at its start."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see _begin
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            f"synchronous={SYNCHRONOUS}",
            f"journal_size_limit={_JOURNAL_LIMIT}",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reader_engine(url: URL) -> Engine:
    """An engine that cannot write, for reports on a live database; it sees every committed transaction.

    Raises StoreError when there is no database yet.
    """
    if url.get_backend_name() != "sqlite":
        return create_engine(url, execution_options={"postgresql_readonly": True})
    path = Path(url.database or "")
    if not path.is_file():
        raise StoreError(f"there is no database at {path}: nothing was recorded yet, or server.data_dir is another one")
    readable = URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(readable, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only=1")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")  # one state of the database for all queries of a report

    return engine


def check_present(engine: Engine, url: URL) -> None:
    """Raises StoreError for a database of another version than this program's, which a reader cannot migrate."""
    try:
        revision = _revision(engine)
    except SQLAlchemyError as error:
        raise StoreError(f"cannot open the database {describe(url)}: {_cause(error)}; {_remedy(error)}") from error
    if revision == schema.HEAD:
        return
    if revision is None:
        raise StoreError(f"{describe(url)} holds no tables of Centrala: see store.url and server.data_dir")
    raise StoreError(
        f"{describe(url)} is at revision {revision}, this program reads {schema.HEAD}: start the PBX of this version "
        "once, it brings the tables up to date (or use the program of the database's version)"
    )


def prepare(url: URL) -> None:
    """Makes the database if there is none and brings its tables up to date. Raises StoreError; blocks (start-up only).

    Old tables are migrated by a child process, so that alembic's memory never stays in the serving one.
    """
    if url.get_backend_name() == "sqlite":
        _create_file(Path(url.database or ""))
    engine = writer_engine(url)
    try:
        revision = _revision(engine)
        if revision == schema.HEAD:
            return
        if revision is None:
            _create_tables(engine)
        else:
            _migrate(url, revision)
            if _revision(engine) != schema.HEAD:
                raise StoreError(
                    f"{describe(url)} is still at revision {revision} after its migration; restore its backup"
                )
    except SQLAlchemyError as error:
        raise StoreError(f"cannot open the database {describe(url)}: {_cause(error)}; {_remedy(error)}") from error
    finally:
        engine.dispose()


def _cause(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error)


def _remedy(error: SQLAlchemyError) -> str:
    cause = _cause(error)
    if "not a database" in cause or "malformed" in cause:
        return "it is damaged or no database: move it away and restore a backup, or start with an empty one"
    if "full" in cause:
        return "free disk space"
    if "locked" in cause:
        return "another process holds it: stop that process"
    return "see that it may be read and written, and that its server runs"


def _create_file(path: Path) -> None:
    """Makes folder (0700) and file (0600) before SQLite would make them readable by others; WAL files inherit the
    mode.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if path.stat().st_uid == os.geteuid():
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"cannot make the database {path}: {error.strerror}; see that server.data_dir may be written and has space"
        ) from error


def _revision(engine: Engine) -> str | None:
    """The revision of the tables, None for a database without any. Raises StoreError for tables that are not ours."""
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
        if "alembic_version" in names:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if found is not None:
                return str(found)
        if names & set(schema.metadata.tables):
            raise StoreError(f"{describe(engine.url)} has tables but no revision: move it away or restore its backup")
    return None


def _create_tables(engine: Engine) -> None:
    """An empty database gets the present tables at once; a test proves that the migrations lead to the same ones."""
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": schema.HEAD})


def _migrate(url: URL, revision: str) -> None:
    environment = {
        **os.environ,
        URL_VARIABLE: url.render_as_string(hide_password=False),  # not in argv: it may hold a password
        "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))),
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "pbx.store.migrate"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=MIGRATE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StoreError(f"the migration of {describe(url)} took over {MIGRATE_TIMEOUT_S} s and was stopped") from None
    if child.returncode:
        raise StoreError(f"cannot migrate {describe(url)} from revision {revision}: {child.stderr.strip()}")
