"""Opening: who may read it, who else has it, and what is said when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from pbx.config import Config
from pbx.store import schema
from pbx.store.database import (
    URL_VARIABLE,
    database_url,
    describe,
    prepare,
    reader_engine,
    writer_engine,
)
from pbx.store.errors import StoreError
from pbx.store.lock import WriterLock
from tests.pbx.store.support import World, until
from tests.support.journeys import answered


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        async with World(tmp_path / "var") as world:
            world.publish(answered())
            await until(lambda: world.count("cdrs"))
            assert mode(world.path.parent) == 0o700
            for ending in ("", "-wal", "-shm", ".lock"):
                assert mode(Path(f"{world.path}{ending}")) == 0o600, ending
    finally:
        os.umask(old)


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    async with World(tmp_path):
        with pytest.raises(StoreError, match=f"in use by process {os.getpid()}"):
            await World(tmp_path).store.start()
    async with World(tmp_path):  # and the lock is gone with the first
        pass


def test_the_lock_is_kept_out_of_children(tmp_path: Path) -> None:
    lock = WriterLock(make_url(f"sqlite:///{tmp_path}/x.db"))
    lock.acquire()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock.release()
    lock.acquire()
    lock.release()
    child.communicate(b"\n")


def test_url_of_the_configuration(tmp_path: Path) -> None:
    assert describe(database_url(Config())) == "var/centrala.db"
    assert "secret" not in describe(make_url("postgresql+psycopg://pbx:secret@db/centrala"))
    for wrong in ("nonsense", "sqlite://", "sqlite+aiosqlite:///x.db", "nosuch://db/centrala", "oracle://db/x"):
        with pytest.raises(StoreError, match=r"store\.url"):
            database_url(Config.model_validate({"store": {"url": wrong}}))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot make the database .*server\.data_dir"):
        prepare(make_url(f"sqlite:///{tmp_path}/file/centrala.db"))


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    path.write_bytes(b"this is no database, and long enough to see it" * 100)
    with pytest.raises(StoreError, match="restore a backup"):
        prepare(make_url(f"sqlite:///{path}"))
    assert path.read_bytes().startswith(b"this is no database")


def test_foreign_tables_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cdrs (x)")
    connection.close()
    with pytest.raises(StoreError, match="no revision"):
        prepare(make_url(f"sqlite:///{path}"))


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/centrala.db")
    prepare(url)
    connection = sqlite3.connect(tmp_path / "centrala.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="written by another version"):
        prepare(url)


def test_the_child_migrates(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    environment = {**os.environ, URL_VARIABLE: f"sqlite:///{path}"}
    subprocess.run([sys.executable, "-m", "pbx.store.migrate"], env=environment, check=True)
    engine = reader_engine(make_url(f"sqlite:///{path}"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == schema.HEAD
    engine.dispose()


def test_alembic_stays_out_of_the_serving_process(tmp_path: Path) -> None:
    code = (
        "import sys; from sqlalchemy.engine import make_url; import pbx.store.store;"
        "from pbx.store.database import prepare;"
        f"prepare(make_url('sqlite:///{tmp_path}/x.db'));"
        "print([m for m in sys.modules if m.split('.')[0] in ('alembic', 'rich', 'typer', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/centrala.db")
    prepare(url)
    engine = reader_engine(url)
    with engine.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(schema.meta.insert().values(key="x", value="y"))
    engine.dispose()


def test_no_database_yet(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was recorded yet"):
        reader_engine(make_url(f"sqlite:///{tmp_path}/centrala.db"))


def test_commits_reach_the_disk(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/centrala.db")
    prepare(url)
    engine = writer_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()


async def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Europe/Warsaw"):
        World(tmp_path, timezone="Mars/Olympus")
