"""Steps of flows are found by time in a journey that has no index on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbx.events import CallEvent, Kind
from pbx.store.database import database_url, reader_engine
from pbx.store.flow_steps import calls_through, steps_between
from tests.pbx.store.support import World, until
from tests.support.journeys import T0, Journey

HOUR_US = 3_600_000_000


def call(number: int, flow: str, hours: float) -> list[CallEvent]:
    journey = Journey(number, T0 + hours * 3600).begin(f"flow:{flow}").at(1)
    for block in ("menu", "bye"):
        journey.add(Kind.FLOW_BLOCK, flow=flow, version=0, block=block, exit="1")
    return journey.end().events


@pytest.fixture
async def world(tmp_path: Path) -> Any:
    async with World(tmp_path) as found:
        found.publish(*[call(n, "hotline" if n % 2 else "other", n / 2) for n in range(1, 41)])
        await until(lambda: found.count("journey") == 40 * 5)
        yield found


async def test_steps_and_calls_of_a_span(world: World) -> None:
    start = int(T0 * 1e6)
    with reader_engine(database_url(world.config)).connect() as connection:
        span = (start + 5 * HOUR_US, start + 10 * HOUR_US)  # calls 10 to 19
        assert calls_through(connection, "hotline", *span) == [f"{n:032x}" for n in (11, 13, 15, 17, 19)]
        assert len(list(steps_between(connection, "hotline", *span))) == 10
        assert len(list(steps_between(connection, "", *span))) == 20
        assert len(list(steps_between(connection, "", start, start + 100 * HOUR_US))) == 80
        assert list(steps_between(connection, "", start + 100 * HOUR_US, start + 200 * HOUR_US)) == []
        assert list(steps_between(connection, "", 0, start)) == []


async def test_an_empty_journey(tmp_path: Path) -> None:
    async with World(tmp_path) as found:
        with reader_engine(database_url(found.config)).connect() as connection:
            assert calls_through(connection, "hotline", 0, 10 * HOUR_US) == []
