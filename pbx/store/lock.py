"""Keeps a second Centrala off a database: it would take the first one's calls for dead ones."""

from __future__ import annotations

import fcntl
import os
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from pbx.store.database import describe
from pbx.store.errors import StoreTaken

KEY = 0x43454E5452414C41  # of the advisory lock, in each database of a server
TRIES = 20  # while a session of ours that the server has not missed yet is being ended
AGAIN_S = 0.1


class WriterLock:
    """One holder at a time. SQLite: a lock on a file beside the database's, freed by the kernel on exit. PostgreSQL: an
    advisory lock of the very session that writes. So whatever is committed was committed under the lock: when the
    server is restarted the session and its lock are gone together, and a new session has to take it before it writes.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._fd = -1
        self._mine: tuple[int, datetime] | None = None  # the session that had the lock last

    @property
    def is_of_session(self) -> bool:
        """Whether the lock ends with a connection, so that an idle one has to be looked at now and then."""
        return self._url.get_backend_name() == "postgresql"

    def acquire(self) -> None:
        """The file's lock, before the database is opened. Raises StoreTaken naming the process that holds it."""
        if self._url.get_backend_name() == "sqlite":
            self._lock_file(Path(f"{self._url.database}.lock"))

    def take(self, connection: Connection) -> None:
        """The lock of a session, before `connection` writes anything; nothing to do where a file is locked.

        Raises StoreTaken when another Centrala has it, and SQLAlchemyError when the server cannot be asked. Blocks.
        """
        if not self.is_of_session:
            return
        for _ in range(TRIES):
            with connection.begin():
                if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar():
                    pid, since = connection.execute(text(_OWN)).one()
                    self._mine = (pid, since)
                    return
                holder = connection.execute(text(_HOLDER), {"high": KEY >> 32, "low": KEY & 0xFFFFFFFF}).first()
                if holder is not None and (holder[0], holder[1]) == self._mine:
                    # Ours, whose connection we have lost and the server has not (a cut network): it is ended.
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": holder[0]})
                elif holder is not None:
                    where = f"from {holder[2] or 'this machine'} since {holder[1]:%Y-%m-%d %H:%M}"
                    raise StoreTaken(f"{describe(self._url)} is in use by another Centrala ({where}): stop it")
            time.sleep(AGAIN_S)
        raise StoreTaken(f"{describe(self._url)} is in use by another Centrala: stop it")

    def release(self) -> None:
        """Idempotent. The lock of a session ends with the session, whose connection is closed by whoever has it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _lock_file(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise StoreTaken(
                f"{path.with_suffix('')} is in use by process {holder}: stop it, or set another server.data_dir"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd


_OWN = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_HOLDER = (
    "SELECT a.pid, a.backend_start, a.client_addr FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :high AND l.objid = :low "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
