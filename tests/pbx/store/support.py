"""A store on a temporary folder, and ways to look into its database and to break it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from pbx.clock import SystemClock
from pbx.config import Config
from pbx.events import Alarm, EventBus
from pbx.store.rebuild import Rebuilt, rebuild
from pbx.store.store import Store


def database_of(_folder: Path) -> str:
    """The URL of the database; "" for the file that is the default. Tests on PostgreSQL put theirs here."""
    return ""


def config_for(folder: Path, **server: Any) -> Config:
    store = {"flush_ms": 20, "url": database_of(folder)}
    return Config.model_validate({"server": {"data_dir": str(folder), **server}, "store": store})


class World:
    """A bus, a store on it, and the alarms that came."""

    def __init__(self, folder: Path, **server: Any) -> None:
        self.config = config_for(folder, **server)
        self.path = folder / "centrala.db"
        self.bus = EventBus()
        self.alarms: list[Alarm] = []
        self.bus.subscribe(Alarm, self.alarms.append)
        self.store = Store(self.config, self.bus, SystemClock())

    async def __aenter__(self) -> World:
        await self.store.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.stop()

    def publish(self, *journeys: list[Any]) -> None:
        for journey in journeys:
            for event in journey:
                self.bus.publish(event)

    def rows(self, sql: str) -> list[Any]:
        if self.config.store.url:
            engine = create_engine(self.config.store.url, poolclass=NullPool)
            with engine.connect() as reader:
                return [tuple(row) for row in reader.execute(text(sql))]
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    async def rebuilt(self) -> Rebuilt:
        """Derives everything again, on the writer's thread."""
        return await self.store.durable(lambda connection: rebuild(connection, zone="UTC"))

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])


async def until(condition: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Waits until `condition()` holds; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        await asyncio.sleep(0.01)
