"""A PBX of fakes whose settings change while calls run; what its store keeps outlives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from pbx.app.checks import all_problems
from pbx.app.reconfigure import Applied, Reconfigurer
from pbx.call.testing import CallHarness
from pbx.config import Config
from pbx.configfile.change import ConfigChange
from pbx.features.service import Features
from pbx.queue.service import QueueService
from pbx.settings.book import Book
from pbx.settings.history import DELETED, Revision, Rows, Step, Stored
from pbx.settings.secrets import Seal

QUIET = {"announce_position": False, "announce_wait": False, "record": False, "wrapup_s": 0.0}
AGENTS = [{"extension": name, "initial_state": "available"} for name in ("101", "102")]
BASE: dict[str, Any] = {
    "sip": {"domain": "pbx.test"},
    "extension": [{"number": name, "secret": f"secret-of-{name}"} for name in ("101", "102")],
    "agent": AGENTS,
    "queue": [{"name": "sales", "agents": ["101", "102"], **QUIET}],
    "number": [{"number": "600", "application": "queue:sales"}],
}


class MemorySettings:
    """A SettingsStore."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}
        self.log: list[Revision] = []
        self.committed: Callable[[], None] = lambda: None

    def load(self) -> Stored:
        return Stored(len(self.log), dict(self.rows))

    async def write(self, rows: Rows, who: str, note: str, at: float) -> int:
        steps = tuple(Step(*place, self.rows.get(place), row) for place, row in rows.items())
        self.log.append(Revision(len(self.log) + 1, at, who, note, steps))
        for place, row in rows.items():
            self.rows.pop(place, None)
            if row is not None:
                self.rows[place] = row
        self.committed()
        return len(self.log)

    async def revisions(self, limit: int, before: int = 0) -> Sequence[Revision]:
        return [one for one in reversed(self.log) if not before or one.revision < before][:limit]

    async def since(self, revision: int) -> Sequence[Revision] | None:
        return [one for one in reversed(self.log) if one.revision > revision]


class Home:
    """`config`: tables over BASE. Phones of all extensions are registered."""

    def __init__(self, store: MemorySettings | None = None, **config: Any) -> None:
        self.store = store or MemorySettings()
        self.base = Config.model_validate({**BASE, **config})
        self.book = Book(self.base, Seal(bytes(32)), all_problems)
        self.book.open(self.store.load())
        self.harness = CallHarness(self.book.config)
        self.services = self.harness.services
        self.queues = QueueService(self.services)
        self.services.applications.register("queue", self.queues.application)
        self.features = Features(self.services)
        self.phones = {entry.number: self.harness.phone(entry.number) for entry in self.book.config.extension}
        self.queues.start()
        app = SimpleNamespace(
            calls=self.harness.service,
            config=self.book.config,
            store=SimpleNamespace(settings=self.store),
            clock=self.harness.clock,
            bus=self.harness.bus,
        )
        self.settings = Reconfigurer(app, self.book, aside=_at_once)  # type: ignore[arg-type]

    async def put(self, section: str, key: str, **document: Any) -> Applied:
        return await self.settings.change({(section, key): self.book.entry(section, key, document)}, "test")

    async def delete(self, section: str, key: str) -> Applied:
        return await self.settings.change({(section, key): None}, "test")

    def state(self, extension: str) -> str:
        return self.queues.agent(extension).state.value

    async def sleep(self, seconds: float) -> None:
        await self.harness.sleep(seconds)

    async def close(self) -> None:
        """Nothing is left of any call."""
        await self.harness.close()
        await self.sleep(1)
        assert all(not queue.waiting and not queue.talking for queue in self.queues.queues.values())
        assert not self.queues.dispatcher._waiting
        self.queues.stop()
        assert all(row == DELETED or row.startswith("{") for row in self.store.rows.values())


def switch(services: Any, **sections: Any) -> list[str]:
    """Makes `sections` hold, as the reconfigurer does; or what stands against it."""
    old = services.config
    new = Config.model_validate({**old.model_dump(), **sections})
    change = ConfigChange(old, new)
    problems = [str(problem) for problem in services.followers.objections(change)]
    if not problems:
        services.config = new
        services.followers.apply(change)
    return problems


async def _at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    return work(*arguments)
