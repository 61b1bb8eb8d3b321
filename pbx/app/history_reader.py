"""Looks into the database for people, while calls run: in threads of its own, and never for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from pbx.api.control import Refused
from pbx.config import Config
from pbx.store.database import database_url, reader_engine
from pbx.store.errors import StoreError

THREADS = 2
LONGEST_S = 5.0  # a look that takes longer is given up: somebody asked for too much
STEPS = 20_000  # of SQLite's machine between two looks at the clock: about a millisecond

Answer = TypeVar("Answer")


class HistoryReader:
    """`read(look)` gives what `look(connection)` yields of one state of the database. Refused 503 when it cannot."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._engine: Engine | None = None
        self._threads = ThreadPoolExecutor(THREADS, "history")

    async def read(self, look: Callable[[Connection], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, look)

    def _read(self, look: Callable[[Connection], Answer]) -> Answer:
        try:
            if self._engine is None:
                self._engine = reader_engine(database_url(self._config))
            with self._engine.begin() as connection:
                _limit(connection)
                return look(connection)
        except OperationalError as error:
            if "interrupted" in str(error) or "statement timeout" in str(error):
                raise Refused(503, f"this took more than {LONGEST_S:g} s; ask for a shorter period") from None
            raise Refused(503, f"the database does not answer: {error.orig}") from None
        except (SQLAlchemyError, StoreError) as error:
            raise Refused(503, f"the database does not answer: {error}") from None

    def close(self) -> None:
        """Waits for nothing: what is being looked up finds nobody who wants it."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._engine is not None:
            self._engine.dispose()


def _limit(connection: Connection) -> None:
    """Whatever is asked for ends after LONGEST_S."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        until = time.monotonic() + LONGEST_S
        driver.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    else:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(LONGEST_S * 1000)}")
