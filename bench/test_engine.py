"""The engine's calls from Python: what opening, configuring and closing a stream costs the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

E = pytest.importorskip("core.engine.engine", reason="build the core first")


@pytest.fixture
def engine() -> Iterator[Any]:
    made = E.Engine(port_min=20000, port_max=29999)
    made.start()
    yield made
    made.stop()


def test_stream_from_open_to_close(benchmark: Any, engine: Any) -> None:
    def life() -> None:
        stream, _ = engine.open("127.11.201.1")
        engine.configure(stream, remote_ip="127.11.201.2", remote_port=4000, codec=0, event_payload_type=101)
        engine.close(stream)
        engine.drain(0)

    benchmark(life)


def test_configure(benchmark: Any, engine: Any) -> None:
    stream, _ = engine.open("127.11.201.1")

    def again() -> None:
        try:
            engine.configure(stream, remote_ip="127.11.201.2", remote_port=4000, codec=0, event_payload_type=101)
        except E.EngineBusy:
            engine.drain(0)

    benchmark(again)
