"""A running engine for the tests of the media core."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.rtp_phone import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    engine = pytest.importorskip("core.engine.engine", reason="build the core first")
    # Workers of a parallel test run stay out of each other's way by address.
    local_ip = f"127.11.{os.getpid() % 250}.9"
    made = Bench(engine.Engine(workers=1, port_min=20000, port_max=23999, max_streams=1024), local_ip)
    made.engine.start()
    yield made
    made.close()
