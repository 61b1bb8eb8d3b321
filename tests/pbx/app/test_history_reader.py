"""Looks into the past leave nothing open that grows, and what is left open of a connection is seen as a leak."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

from sqlalchemy import Connection, text

from pbx.app.history_reader import THREADS, HistoryReader
from pbx.config import Config
from pbx.store.database import database_url, prepare, reader_engine, writer_engine
from pbx.store.kept_back import kept_back


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_looks_leave_no_descriptor(tmp_path: Path) -> None:
    config = Config.model_validate({"server": {"data_dir": str(tmp_path)}})
    url = database_url(config)
    prepare(url)
    writer = writer_engine(url).connect()  # holds its lock, as the running PBX's does
    writer.exec_driver_sql("SELECT count(*) FROM cdrs")
    reader = HistoryReader(config)
    together = threading.Barrier(THREADS, timeout=30)

    def look(connection: Connection) -> int:
        found = connection.execute(text("SELECT count(*) FROM number_guard")).scalar_one()
        together.wait()
        return int(found)

    await asyncio.gather(*(reader.read(lambda _: together.wait()) for _ in range(THREADS)))  # threads and their parts
    before = descriptors() - kept_back(url)
    assert kept_back(url) <= THREADS
    for _ in range(10):
        assert await asyncio.gather(*(reader.read(look) for _ in range(THREADS))) == [0] * THREADS
        assert kept_back(url) <= THREADS, "one is laid aside for each that was open at the same time, and used again"
    assert descriptors() - kept_back(url) == before

    engine = reader_engine(url)
    left = engine.connect()
    left.execute(text("SELECT count(*) FROM cdrs"))
    assert descriptors() - kept_back(url) > before, "a connection that nobody closed is a leak"
    left.close()
    reader.close()
    writer.close()
    assert kept_back(url) == 0
