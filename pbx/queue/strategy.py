"""Between the distributor's numbers and our objects: strategies by their configured names, and offers to who they
concern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.acd import LONGEST_IDLE, RING_ALL, Distributor
from pbx.queue.agent import Agent

STRATEGIES = {"longest-idle": LONGEST_IDLE, "ring-all": RING_ALL}
NS = 1_000_000_000
PRIORITY_CREDIT_S = 60.0  # of waiting, for each point of priority


class Candidate(Protocol):
    """Somebody, or some item, that waits for an agent."""

    @property
    def id(self) -> str:
        """The call's or the item's."""
        ...

    def offer(self, agent: Agent, token: int) -> None:
        """`agent` is reserved for you under `token`; must not raise."""
        ...


class Dispatcher:
    """Tells the distributor who waits and who is free, and hands out its offers in the same turn."""

    def __init__(self) -> None:
        self.distributor = Distributor()
        self._queues: dict[str, int] = {}
        self._agents: list[Agent] = []
        self._waiting: dict[int, Candidate] = {}
        self._matching = False
        self._again = False

    def add_queue(self, name: str, strategy: str) -> int:
        self._queues[name] = self.distributor.add_queue(STRATEGIES[strategy])
        return self._queues[name]

    def add_agent(self, agent: Agent, queues: list[int]) -> None:
        agent.index = self.distributor.add_agent(queues)
        self._agents.append(agent)

    def enter(
        self,
        queue: str,
        who: Candidate,
        *,
        since_s: float,
        priority: int = 0,
        skills: Sequence[str] = (),  # noqa: ARG002
        preferred: str = "",  # noqa: ARG002
    ) -> int:
        """`who` waits in `queue` since `since_s` (loop seconds, age of the original contact); returns the key.

        Each point of `priority` counts as PRIORITY_CREDIT_S of waiting. `skills`: "russian" or "russian:5" (at least
        level 5). `preferred`: the extension of the agent who is asked first. Call `match` when ready for offers.
        """
        rank_s = since_s - priority * PRIORITY_CREDIT_S
        key = self.distributor.arrive(self._queues[queue], int(rank_s * NS))
        self._waiting[key] = who
        return key

    def position(self, key: int) -> int:
        """1 for the first in line, 0 when not waiting."""
        return self.distributor.position(key)

    def waiting(self, queue: str) -> int:
        return self.distributor.waiting(self._queues[queue])

    def free_agents(self, queue: str) -> int:
        """Agents of `queue` who would get an offer at once."""
        return self.distributor.free_agents(self._queues[queue])

    def decline(self, token: int) -> bool:
        """The reservation ends and the caller waits on at the old place; False when it was over. The agent gets nothing
        until `free`."""
        return self.distributor.decline(token)

    def leave(self, key: int) -> None:
        if self._waiting.pop(key, None) is not None:
            self.distributor.leave(key)

    def free(self, agent: Agent) -> None:
        self.distributor.idle(agent.index, int(agent.idle_since * NS))
        self.match()

    def not_free(self, agent: Agent) -> None:
        self.distributor.away(agent.index)

    def accept(self, token: int, key: int) -> bool:
        """Whether this reservation takes the caller; the others' are over then."""
        if self.distributor.accept(token) is None:
            return False
        self._waiting.pop(key, None)
        return True

    def match(self) -> None:
        """Makes the offers that are possible now. What an offer sets free is matched in the same call."""
        if self._matching:
            self._again = True
            return
        self._matching = self._again = True
        try:
            while self._again:
                self._again = False
                for key, agent, token, _queue in self.distributor.match():
                    who = self._waiting.get(key)
                    if who is None:  # left between two offers of one round: the agent is free again, at the old place
                        self.distributor.decline(token)
                        self.distributor.idle(agent, int(self._agents[agent].idle_since * NS))
                        self._again = True
                    else:
                        who.offer(self._agents[agent], token)
        finally:
            self._matching = False
