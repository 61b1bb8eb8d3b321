"""Recordings of humans outlive the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.clock import SystemClock
from pbx.config import Config, Server
from pbx.events import EventBus
from pbx.media.takes import Take, Takes
from pbx.store.errors import StoreError
from pbx.store.store import Store
from pbx.store.takes import StoredTakes


async def test_takes_are_there_after_a_restart(tmp_path: Path) -> None:
    config = Config(server=Server(data_dir=str(tmp_path)))
    one = Take("pl", "Dzień dobry.", "always", "ab12", "a.wav", "anna", 1_790_000_000.0, 1.5, -23.0, -3.0)
    other = Take("ru", "Добрый день.", "fallback", "cd34", "b.mp3", "", 1_790_000_001.0, 2.5, -19.0, -1.0)
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    takes = Takes()
    await takes.attach(store.takes)
    await takes.put(one)
    await takes.put(other)
    await takes.put(one)  # the same text again
    await takes.remove("Добрый день.", "ru")
    await store.stop()
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    takes = Takes()
    await takes.attach(store.takes)
    assert takes.all() == [one]
    await store.stop()


async def test_nothing_is_promised_without_a_store() -> None:
    with pytest.raises(StoreError, match="not started"):
        await StoredTakes().remove("pl", "Raz")
