"""Puts the caller into a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pbx.flow.block import Block, Exit, Reference

if TYPE_CHECKING:
    from pbx.call.call import Call


class Queue(Block):
    """Exits: "answered" (the agent hung up first), "timeout", "full", "no_agents". One that is unwired ends the flow;
    a caller
    who was not served is told so before.
    """

    kind: Literal["queue"]
    queue: str
    max_wait_s: float | None = Field(default=None, ge=0)  # None: the queue's; 0: no limit
    answered: str = ""
    timeout: str = ""
    full: str = ""
    no_agents: str = ""

    def exits(self) -> dict[str, Exit]:
        names = ("answered", "timeout", "full", "no_agents")
        return {name: Exit(name, getattr(self, name)) for name in names}

    def references(self) -> list[Reference]:
        return [Reference("queue", self.queue, "queue")]

    async def run(self, call: Call) -> str:
        queues = call.services.queues
        result = await queues.join(call, self.queue, max_wait_s=self.max_wait_s)
        outcome: str = result.outcome
        exit_ = self.exits().get(outcome)
        if outcome != "answered" and (exit_ is None or not exit_.target):
            await queues.turn_away(call)
        return outcome
