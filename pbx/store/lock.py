"""Keeps a second Centrala off a database: it would take the first one's calls for dead ones."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pbx.store.database import describe
from pbx.store.errors import StoreError

KEY = 0x43454E5452414C41  # of the advisory lock, in each database of a server


class WriterLock:
    """One holder at a time. SQLite: a lock on a file beside the database's, freed by the kernel on exit. PostgreSQL: an
    advisory lock of a session of its own, freed by the server when that ends.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._fd = -1
        self._session: Connection | None = None

    def acquire(self) -> None:
        """Raises StoreError naming the process that holds the lock."""
        if self._url.get_backend_name() == "sqlite":
            self._lock_file(Path(f"{self._url.database}.lock"))
        elif self._url.get_backend_name() == "postgresql":
            self._lock_session()

    def release(self) -> None:
        """Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _lock_file(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise StoreError(
                f"{path.with_suffix('')} is in use by process {holder}: stop it, or set another server.data_dir"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def _lock_session(self) -> None:
        engine = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            session = engine.connect()
            if not session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar():
                holder = session.execute(text(_HOLDER), {"high": KEY >> 32, "low": KEY & 0xFFFFFFFF}).first()
                session.close()
                where = f" (from {holder[0] or 'this machine'} since {holder[1]:%Y-%m-%d %H:%M})" if holder else ""
                raise StoreError(f"{describe(self._url)} is in use by another Centrala{where}: stop it")
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise StoreError(f"cannot lock the database {describe(self._url)}: {cause}") from error
        self._session = session


_HOLDER = (
    "SELECT a.client_addr, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :high AND l.objid = :low"
)
