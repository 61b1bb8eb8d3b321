"""A media engine over the fake one, on the loop of the test; and whether this machine can speak."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from pbx.config import Media
from pbx.events import Alarm, EventBus
from pbx.media.engine import MediaEngine
from tests.support.fake_engine import FakeEngine


@pytest.fixture
def core() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def alarms(bus: EventBus) -> list[Alarm]:
    seen: list[Alarm] = []
    bus.subscribe(Alarm, seen.append)
    return seen


@pytest_asyncio.fixture
async def media(core: FakeEngine, bus: EventBus, tmp_path: Path) -> Iterator[MediaEngine]:
    engine = MediaEngine(core, Media(listen="127.12.0.1"), bus=bus, recordings_dir=tmp_path / "recordings")
    engine.start()
    yield engine
    engine.stop()


needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="apt-get install --no-install-recommends espeak-ng"
)
