"""Flows with all that blocks need beyond the call, on fakes: customers in memory, a system that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pbx.call.keeping import MemoryKeeper
from pbx.call.testing import CallHarness, FakeCaller
from pbx.config import Config
from pbx.config_http import Http
from pbx.customers.customer import Customer
from pbx.events import Kind
from pbx.flow.equipment import Equipment
from pbx.flow.interpreter import Flows
from pbx.flow.loader import load_flows
from pbx.queue.service import QueueService
from pbx.web.client import Answer, Ask, WebError
from pbx.web.hosts import Hosts


class MemoryCustomers:
    """A CustomerStore that forgets with the process. `broken` is raised by every look-up."""

    def __init__(self) -> None:
        self.people: dict[str, Customer] = {}
        self.batches: dict[str, str] = {}
        self.callers: set[str] = set()
        self.broken: Exception | None = None
        self.asked = 0

    async def by_number(self, number: str, tail: str) -> tuple[Customer | None, bool]:
        self.asked += 1
        if self.broken is not None:
            raise self.broken
        exact = [one for one in self.people.values() if number in one.numbers]
        if exact:
            return exact[0], True
        alike = [one for one in self.people.values() if tail and any(n.endswith(tail) for n in one.numbers)]
        return (alike[0] if len(alike) == 1 else None), False

    async def called_before(self, numbers: Sequence[str], call_id: str) -> bool:
        return bool(self.callers & set(numbers))

    async def put(self, customers: Sequence[Customer], batch: str) -> None:
        for one in customers:
            self.people[one.id], self.batches[one.id] = one, batch

    async def retain(self, batch: str) -> int:
        gone = [key for key, known in self.batches.items() if known != batch]
        for key in gone:
            del self.people[key], self.batches[key]
        return len(gone)

    async def remove(self, number: str) -> bool:
        return False

    async def search(self, text: str, tag: str, limit: int) -> list[Customer]:
        return list(self.people.values())[:limit]

    async def set_pin(self, number: str, hashed: str) -> bool:
        return False

    async def count(self) -> int:
        return len(self.people)


class FakeWeb:
    """Another system: `answer(ask)` gives a status and a body after `takes_s`, or raises."""

    def __init__(self, answer: Callable[[Ask], tuple[int, str]], hosts: Sequence[str] = ("crm.example",)) -> None:
        self.hosts = Hosts(hosts)
        self.answer = answer
        self.takes_s = 0.05
        self.asks: list[Ask] = []

    async def ask(self, ask: Ask) -> Answer:
        self.asks.append(ask)
        self.hosts.check(ask.url)
        if self.takes_s > ask.timeout_s:
            await asyncio.sleep(ask.timeout_s)
            raise WebError("timeout", "no answer")
        await asyncio.sleep(self.takes_s)
        status, body = self.answer(ask)
        return Answer(status, {}, body.encode())


class EquippedHouse:
    """One flow "main" of the given blocks. `config` is merged into the configuration."""

    def __init__(
        self,
        blocks: dict[str, Any],
        *,
        config: dict[str, Any] | None = None,
        web: FakeWeb | None = None,
        keeper: MemoryKeeper | None = None,
        extensions: Sequence[str] = ("101",),
        flow: dict[str, Any] | None = None,
    ) -> None:
        quiet = {"announce_position": False, "announce_wait": False, "record": False}
        entry = {"name": "main", "start": next(iter(blocks)), "block": blocks, **(flow or {})}
        given = {
            "agent": [{"extension": "101", "initial_state": "available"}],
            "queue": [{"name": "sales", "agents": ["101"], **quiet}],
            "http": Http(hosts=["crm.example"], secrets={"crm": "Bearer xyz"}).model_dump(),
            "numbering": {"country": "PL", "regions": False},
            "flow": [entry],
            **(config or {}),
        }
        self.config = Config.model_validate(given)
        self.harness = CallHarness(self.config, extensions=extensions)
        self.queues = QueueService(self.harness.services)
        self.queues.start()
        self.customers = MemoryCustomers()
        self.web = web if web is not None else FakeWeb(lambda _: (200, "{}"))
        self.keeper = keeper if keeper is not None else MemoryKeeper()
        self.equipment = Equipment(self.harness.services, self.customers, keeper=self.keeper, web=self.web)
        self.flows = Flows(load_flows(self.config))
        self.harness.services.applications.register("flow", self.flows.application)

    def knows(self, *customers: Customer) -> None:
        for one in customers:
            self.customers.people[one.id] = one

    def call(self, **setup: Any) -> FakeCaller:
        return self.harness.call("flow:main", **setup)

    async def run(self, **setup: Any) -> FakeCaller:
        caller = self.call(**setup)
        await caller.over()
        return caller

    def way(self) -> list[str]:
        """ "block:exit" of every block that ran."""
        return [f"{e.data['block']}:{e.data['exit']}" for e in self.harness.journey(None, Kind.FLOW_BLOCK)]

    def told(self, kind: Kind) -> list[dict[str, Any]]:
        """What events of a kind said, without the block's name."""
        events = self.harness.journey(None, kind)
        return [{key: value for key, value in event.data.items() if key != "block"} for event in events]

    async def close(self) -> None:
        await self.flows.stop()
        await self.harness.close()
        self.queues.stop()
        await self.equipment.stop()


def said(caller: FakeCaller) -> list[str]:
    return [text.partition(":")[2] for _, text in caller.heard]
