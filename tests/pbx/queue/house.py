"""A house with one or more queues and agents whose phones are registered, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pbx.call.keeping import Keeper
from pbx.call.testing import CallHarness, FakeCaller, FakePhone
from pbx.config import Agent, Config, Queue
from pbx.config_distribution import CallerList
from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.queue.codes import feature_application
from pbx.queue.service import QueueService

QUIET: dict[str, Any] = {"announce_position": False, "announce_wait": False, "record": False, "wrapup_s": 0.0}


class House:
    """`agents` by extension with the keyword arguments of their phones; queues as given (default: one, "sales")."""

    def __init__(
        self,
        agents: Mapping[str, Mapping[str, Any]],
        queues: list[Queue] | None = None,
        *,
        stored: Mapping[str, Any] | None = None,
        signed_in: bool = True,
        abilities: Mapping[str, Mapping[str, Any]] | None = None,
        caller_lists: Sequence[CallerList] = (),
        keeper: Keeper | None = None,
        config: Mapping[str, Any] | None = None,
        **queue: Any,
    ) -> None:
        if queues is None:
            queues = [Queue(**{**QUIET, "name": "sales", "agents": list(agents), **queue})]
        state = "available" if signed_in else "offline"
        able = abilities or {}
        more = dict(config or {})
        lines = {entry.extension: entry for entry in more.pop("agent", ())}
        people = [
            lines.pop(name, None) or Agent(extension=name, initial_state=state, **able.get(name, {})) for name in agents
        ]
        whole = Config(agent=[*people, *lines.values()], queue=queues, caller_list=list(caller_lists), **more)
        self.harness = CallHarness(whole, extensions=tuple(agents))
        if keeper is not None:
            self.harness.services.keeper = keeper
        self.phones: dict[str, FakePhone] = {
            name: self.harness.phone(name, **behaviour) for name, behaviour in agents.items()
        }
        self.queues = QueueService(self.harness.services)
        self.harness.services.applications.register("queue", self.queues.application)
        self.harness.services.applications.register("feature", feature_application(self.queues))
        self.queues.start(stored)

    def call(self, queue: str = "sales", **setup: Any) -> FakeCaller:
        return self.harness.call(f"queue:{queue}", **setup)

    def state(self, extension: str) -> str:
        return self.queues.agent(extension).state.value

    def journey(self, kind: Kind, caller: FakeCaller | None = None) -> list[CallEvent]:
        return self.harness.journey(caller.call if caller is not None else None, kind)

    def one(self, kind: Kind, caller: FakeCaller | None = None) -> dict[str, Any]:
        (event,) = self.journey(kind, caller)
        return event.data

    def states(self, extension: str) -> list[str]:
        """The states that the agent went through, in order."""
        return [
            event.state
            for event in self.harness.events
            if isinstance(event, AgentStateChanged) and event.agent == extension
        ]

    async def sleep(self, seconds: float) -> None:
        await self.harness.sleep(seconds)

    async def close(self) -> None:
        """Ends everything and asserts that nothing is left: no waiting caller, no reserved agent, no timer of ours."""
        await self.harness.close()
        for queue in self.queues.queues.values():
            assert not queue.waiting
            assert queue.talking == 0
            assert self.queues.dispatcher.distributor.waiting(queue.index) == 0
        for agent in self.queues.roster.agents.values():
            assert agent.state.value in ("available", "wrapup", "offline", "break", "not_responding", "unreachable"), (
                agent.state
            )
            assert not agent.busy_with
        assert not self.queues.roster.talking
        assert not self.queues.roster.legs
        assert not self.queues.dispatcher._waiting
        self.queues.stop()
