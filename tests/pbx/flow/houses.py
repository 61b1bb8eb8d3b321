"""Flows to be called on fakes: given as documents, with a queue "sales" served by 101 and hours "office"."""

from __future__ import annotations

from typing import Any

from pbx.call.testing import CallHarness, FakeCaller
from pbx.config import Agent, Config, Flow, Hours, Queue
from pbx.configfile.problem import Problem
from pbx.events import CallEvent, Kind
from pbx.flow.interpreter import Flows
from pbx.flow.loader import check_flows, load_flows
from pbx.queue.service import QueueService

END = {"kind": "hangup"}


def config_of(**flows: dict[str, Any]) -> Config:
    """A configuration with these flows; each is its blocks, or with "block" a whole flow."""
    entries = []
    for name, given in flows.items():
        whole = given if isinstance(given.get("block"), dict) and "kind" not in given["block"] else {"block": given}
        entries.append({"name": name, "start": next(iter(whole["block"]), ""), **whole})
    quiet = {"announce_position": False, "announce_wait": False, "record": False}
    return Config(
        agent=[Agent(extension="101", initial_state="available")],
        queue=[Queue.model_validate({"name": "sales", "agents": ["101"], **quiet})],
        hours=[Hours(name="office", mon=["09:00-17:00"])],
        flow=[Flow.model_validate(entry) for entry in entries],
    )


def problems_of(**flows: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in found(**flows)]


def found(**flows: dict[str, Any]) -> list[Problem]:
    return check_flows(config_of(**flows))


class FlowHouse:
    """The flows of `config_of`, with callers."""

    def __init__(self, **flows: dict[str, Any]) -> None:
        config = config_of(**flows)
        self.harness = CallHarness(config, extensions=("101",))
        self.queues = QueueService(self.harness.services)
        self.queues.start()
        self.flows = Flows(load_flows(config))
        self.harness.services.applications.register("flow", self.flows.application)

    def call(self, name: str = "main", **setup: Any) -> FakeCaller:
        return self.harness.call(f"flow:{name}", **setup)

    async def run(self, name: str = "main", **setup: Any) -> FakeCaller:
        """A call that nobody interferes with, to its end."""
        caller = self.call(name, **setup)
        await caller.over()
        return caller

    def steps(self, kind: Kind = Kind.FLOW_BLOCK) -> list[CallEvent]:
        return self.harness.journey(None, kind)

    def way(self) -> list[str]:
        """ "flow.block:exit" of every block that ran."""
        return [f"{e.data['flow']}.{e.data['block']}:{e.data['exit']}" for e in self.steps()]

    async def close(self) -> None:
        await self.flows.stop()
        await self.harness.close()
        self.queues.stop()


def said(caller: FakeCaller) -> list[str]:
    return [text for _, text in caller.heard]
