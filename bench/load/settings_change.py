"""A change of the settings of a large house: how long it holds the event loop, by the process's own LoopLag.

    python -m bench.load.settings_change [EXTENSIONS]

The parts of the call layer, queues, directory and lamps follow as in the process; the store is in memory. Beside the
lag stands the processor time of the one turn in which the change is applied, which a busy machine does not stretch.
"""

from __future__ import annotations

import asyncio
import sys
import time
from types import SimpleNamespace
from typing import Any

import uvloop

from pbx.app.checks import all_problems
from pbx.app.reconfigure import Reconfigurer
from pbx.call.testing import CallHarness
from pbx.config import Config
from pbx.configfile.piecewise import config_of
from pbx.features.service import Features
from pbx.queue.service import QueueService
from pbx.settings.book import Book
from pbx.settings.secrets import Seal
from pbx.transport.gc_policy import GcPolicy
from pbx.transport.loop_lag import LoopLag
from tests.pbx.settings.home import BASE, MemorySettings

EXTENSIONS = 10_000
ROUNDS = 5


class House:
    """A PBX of so many extensions on fakes."""

    def __init__(self, extensions: int) -> None:
        own = [
            {"number": str(20_000 + at), "secret": f"secret-of-{at}", "name": f"Ada No{at}"} for at in range(extensions)
        ]
        base = Config.model_validate({**BASE, "extension": [*BASE["extension"], *own]})
        self.book = Book(base, Seal(bytes(32)), all_problems)
        store = MemorySettings()
        self.book.open(store.load())
        harness = CallHarness(self.book.config)
        self.services = harness.services
        self.queues = QueueService(self.services)
        Features(self.services)
        self.queues.start()
        app: Any = SimpleNamespace(
            calls=harness.service,
            config=self.book.config,
            store=SimpleNamespace(settings=store),
            clock=harness.clock,
            bus=harness.bus,
        )
        self.settings = Reconfigurer(app, self.book)
        self.applied_s: list[float] = []
        self._files = [_named(base.model_dump(), f"Max {at}") for at in range(ROUNDS)]
        put = self.settings._put

        def timed(change: Any) -> None:
            began = time.thread_time()
            put(change)
            self.applied_s.append(time.thread_time() - began)

        self.settings._put = timed  # type: ignore[method-assign]

    async def change(self, **document: Any) -> None:
        """One extension is another."""
        entry = self.book.entry("extension", "20007", document)
        await self.settings.change({("extension", "20007"): entry}, "bench")

    async def reload(self, at: int) -> None:
        """The file again: every object is a new one, one name differs."""
        values = self._files[at]
        self.settings._reload = lambda: config_of(values)
        await self.settings.reread("bench")


def _named(values: dict[str, Any], name: str) -> dict[str, Any]:
    values["extension"][99]["name"] = name
    return values


async def measure(extensions: int) -> dict[str, float]:
    """Milliseconds: the worst lag and the longest turn of single changes, and of reading the whole file again."""
    house = House(extensions)
    loop = asyncio.get_running_loop()
    collector = GcPolicy(is_quiet=lambda: False)
    collector.start(loop)
    found: dict[str, float] = {}
    for name, step in (
        ("change", lambda at: house.change(secret="secret-of-7", name=f"Eve {at}")),
        ("reload", house.reload),
    ):
        await asyncio.sleep(0.2)
        lag, house.applied_s = LoopLag(period_s=0.005), []
        lag.start(loop)
        began = time.monotonic()
        for at in range(ROUNDS):
            await step(at)
        found[f"{name}_takes_ms"] = 1e3 * (time.monotonic() - began) / ROUNDS
        lag.stop()
        found[f"{name}_lag_ms"] = 1e3 * lag.worst_s
        found[f"{name}_turn_ms"] = 1e3 * max(house.applied_s)
    collector.stop()
    house.queues.stop()
    return found


def main() -> None:
    """Prints the figures."""
    extensions = int(sys.argv[1]) if len(sys.argv) > 1 else EXTENSIONS
    found = uvloop.run(measure(extensions))
    for name, value in found.items():
        print(f"{name:20s} {value:8.2f}  {extensions} extensions")


if __name__ == "__main__":
    main()
