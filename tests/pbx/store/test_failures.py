"""A full disk, a lock, a kill: calls go on, an alarm says so, nothing is corrupt, and it heals by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from pbx.store import batch, database, writer
from pbx.store.errors import StoreUnavailable
from tests.pbx.store.support import World, config_for, until
from tests.support.journeys import answered


class FullDisk:
    """Lets the database grow no further while `full`: SQLite says SQLITE_FULL as it does for a disk without space."""

    def __init__(self, world: World) -> None:
        assert world.store._engine is not None
        self.full = False
        event.listen(world.store._engine, "connect", self._connected)
        event.listen(world.store._engine, "begin", self._begin)

    def _connected(self, connection: Any, _record: Any) -> None:
        self._limit(connection.execute)

    def _begin(self, connection: Connection) -> None:
        self._limit(connection.exec_driver_sql)

    def _limit(self, execute: Any) -> None:
        execute(f"PRAGMA max_page_count={1 if self.full else 2**30}")


def intact(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        connection.close()


async def test_disk_full(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        disk = FullDisk(world)
        world.publish(*(answered(number) for number in range(1, 10)))
        await until(lambda: world.count("cdrs") == 9)
        disk.full = True
        for number in range(10, 400):
            world.publish(answered(number))
        began = time.monotonic()
        await until(lambda: world.alarms)
        assert time.monotonic() - began < 10
        (alarm,) = world.alarms
        assert (alarm.name, alarm.active) == ("store_write", True)
        assert "free disk space" in alarm.text
        with pytest.raises(StoreUnavailable, match="nothing was saved"):
            await world.store.durable(lambda connection: connection.execute(text("SELECT 1")).all())
        assert world.store.stats.failing
        assert world.store.backlog > 0
        disk.full = False
        await until(lambda: world.count("cdrs") == 399)
        await until(lambda: len(world.alarms) == 2)
        assert not world.alarms[1].active
        assert world.store.stats.dropped_rows == 0
        assert world.count("journey") == 399 * 13
    assert intact(world.path)


async def test_an_intent_that_meets_a_full_disk_takes_no_rows_with_it(tmp_path: Path) -> None:
    """SQLite gives the whole transaction up: the rows written before the intent in it must be written again."""
    async with World(tmp_path) as world:

        def fill(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
            connection.execute(text("INSERT INTO meta VALUES ('big', :big)"), {"big": "x" * 100_000})

        world.publish(answered(1))
        with pytest.raises(StoreUnavailable):
            await world.store.durable(fill)
        await until(lambda: world.count("cdrs") == 1)
        assert world.rows("SELECT count(*) FROM meta WHERE key = 'big'") == [(0,)]


async def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    async with World(tmp_path) as world:
        other = sqlite3.connect(world.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        world.publish(answered(1))
        await until(lambda: world.alarms)
        assert "locked" in world.alarms[0].text
        other.execute("ROLLBACK")
        other.close()
        await until(lambda: world.count("cdrs") == 1)
        await until(lambda: len(world.alarms) == 2)


async def test_a_short_lock_is_waited_for(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        other = sqlite3.connect(world.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        world.publish(answered(1))
        await asyncio.sleep(0.3)
        other.execute("ROLLBACK")
        other.close()
        await until(lambda: world.count("cdrs") == 1)
        assert world.alarms == []


async def test_memory_is_bounded_and_losses_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_ROWS", 130)
    monkeypatch.setattr(writer, "OVERFLOW_QUIET_S", 0.05)
    async with World(tmp_path) as world:
        disk = FullDisk(world)
        disk.full = True
        for number in range(1, 21):
            world.publish(answered(number))
        await until(lambda: {alarm.name for alarm in world.alarms} == {"store_write", "store_overflow"})
        disk.full = False
        await until(lambda: world.count("cdrs") == 20)  # records outlive the steps they come from
        assert world.count("journey") == 130
        assert world.store.stats.dropped_rows == 130
        await until(lambda: [a.active for a in world.alarms if a.name == "store_overflow"] == [True, False])


async def test_stop_with_a_broken_disk_gives_up_and_says_what_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.store.store.STOP_S", 0.3)
    world = World(tmp_path)
    await world.store.start()
    FullDisk(world).full = True
    world.publish(*(answered(number) for number in range(1, 400)))
    assert await world.store.stop() >= 399 * 13


async def test_a_file_that_becomes_read_only(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        assert world.store._engine is not None
        readonly = True

        def limit(connection: Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA query_only={int(readonly)}")

        event.listen(world.store._engine, "begin", limit)
        world.publish(answered(1))
        await until(lambda: world.alarms)
        assert "writable" in world.alarms[0].text
        readonly = False
        await until(lambda: world.count("cdrs") == 1)


VICTIM = """
import asyncio, sys
from pathlib import Path
from tests.pbx.store.support import World
from tests.support.journeys import answered

async def main():
    world = World(Path(sys.argv[1]))
    await world.store.start()
    number = 0
    while True:
        number += 1
        events = answered(number)
        world.publish(events[:6])
        await asyncio.sleep(0.002)
        world.publish(events[6:])
        print(number, flush=True)
        if number % 50 == 0:
            await world.store.durable(lambda c: c.exec_driver_sql(f"INSERT INTO meta VALUES ('{number}', '')"))
            print("durable", number, flush=True)

asyncio.run(main())
"""


def test_kill_9_loses_no_call_that_ended_a_second_ago(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", VICTIM, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    ended: list[tuple[float, str]] = []
    stop_at = 0.0
    for line in child.stdout:
        ended.append((time.monotonic(), line.strip()))
        stop_at = stop_at or time.monotonic() + 2.5
        if time.monotonic() > stop_at:
            break
    killed = time.monotonic()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    world = World(tmp_path)
    before = {int(row[0], 16) for row in world.rows("SELECT id FROM cdrs")}
    due = {int(line) for at, line in ended if line.isdigit() and killed - at >= 1.0}
    assert len(due) > 50
    assert due <= before
    promised = {line.split()[1] for _, line in ended if line.startswith("durable")}
    assert promised <= {key for (key,) in world.rows("SELECT key FROM meta")}

    async def again() -> None:
        began = time.monotonic()
        await world.store.start()
        assert time.monotonic() - began < 5.0
        assert world.rows("SELECT count(*) FROM journey WHERE call_id NOT IN (SELECT id FROM cdrs)") == [(0,)]
        await world.store.stop()

    asyncio.run(again())
    assert intact(world.path)


def test_config_of_the_support(tmp_path: Path) -> None:
    assert config_for(tmp_path).store.flush_ms == 20
