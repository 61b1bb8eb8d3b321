"""Puts the caller into a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from pbx.config_queue import LONGEST_WAIT_S
from pbx.flow.block import Block, Exit, Reference
from pbx.flow.blocks.menu import single_keys
from pbx.flow.blocks.tag import priority_of, skills_of
from pbx.flow.fill import checked, fill

if TYPE_CHECKING:
    from pbx.flow.run import Run


UNSERVED = ("timeout", "full", "no_agents")  # outcomes of callers who did not go by themselves


class Queue(Block):
    """Exits: "answered" (the agent hung up first), "timeout", "full", "no_agents", "callback" (the caller will be
    called back), "abandoned" (what runs when the caller hung up while waiting), and each of `keys` that the caller may
    press while waiting. One that is unwired ends the flow; a caller who was not served is told so before.
    """

    kind: Literal["queue"]
    queue: str
    max_wait_s: float | None = Field(default=None, ge=0, le=LONGEST_WAIT_S)  # None: the queue's; 0: LONGEST_WAIT_S
    priority: int = Field(default=0, ge=-10, le=10)  # added to the queue's
    skills: dict[str, Annotated[int, Field(ge=1, le=100)]] = {}  # needed besides the queue's: skill to least level
    preferred: str = ""  # extension of the agent who is asked first; may be a variable: "{caller.agent}"
    answered: str = ""
    timeout: str = ""
    full: str = ""
    no_agents: str = ""
    callback: str = ""
    abandoned: str = ""  # what runs when the caller hung up while waiting
    keys: dict[str, str] = {}  # before those of the queue's own configuration

    hangup_exits = frozenset({"abandoned"})

    @field_validator("preferred")
    @classmethod
    def _check_preferred(cls, text: str) -> str:
        return checked(text)

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        return single_keys(keys)

    def exits(self) -> dict[str, Exit]:
        by_key = {key: Exit(f"keys.{key}", target, required=True) for key, target in self.keys.items()}
        names = ("answered", "timeout", "full", "no_agents", "callback", "abandoned")
        return {**by_key, **{name: Exit(name, getattr(self, name)) for name in names}}

    def references(self) -> list[Reference]:
        found = [Reference("queue", self.queue, "queue"), *(Reference("skill", name, "skills") for name in self.skills)]
        fixed = self.preferred and "{" not in self.preferred
        return [*found, Reference("agent", self.preferred, "preferred")] if fixed else found

    def templates(self) -> dict[str, str]:
        return {"preferred": self.preferred} if self.preferred else {}

    def after_hangup(self, run: Run) -> str:
        return "abandoned" if run.call.variables.get("abandoned") == self.queue else ""

    async def run(self, run: Run) -> str:
        call = run.call
        queues = call.services.queues
        needed = {**skills_of(run), **self.skills}
        skills = tuple(f"{name}:{level}" for name, level in needed.items())
        priority = max(-10, min(10, self.priority + priority_of(run)))
        wishes = queues.wish(priority, skills, fill(run, self.preferred, missing=""))
        result = await queues.join(call, self.queue, max_wait_s=self.max_wait_s, wishes=wishes, exits=tuple(self.keys))
        outcome: str = result.key if result.outcome == "key" else result.outcome
        if outcome in UNSERVED and not run.leads(outcome):
            await queues.turn_away(call)
        return outcome
