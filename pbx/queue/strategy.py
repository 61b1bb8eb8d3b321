"""Between the distributor's numbers and our objects: strategies by their configured names, and offers to who they
concern.
"""

from __future__ import annotations

from typing import Protocol

from core.acd import LONGEST_IDLE, RING_ALL, Distributor
from pbx.queue.agent import Agent

STRATEGIES = {"longest-idle": LONGEST_IDLE, "ring-all": RING_ALL}
NS = 1_000_000_000


class Offered(Protocol):
    """Somebody who waits."""

    def offer(self, agent: Agent, token: int) -> None:
        """`agent` is reserved for you under `token`; must not raise."""
        ...


class Dispatcher:
    """Tells the distributor who waits and who is free, and hands out its offers in the same turn."""

    def __init__(self) -> None:
        self.distributor = Distributor()
        self._agents: list[Agent] = []
        self._waiting: dict[int, Offered] = {}
        self._matching = False
        self._again = False

    def add_queue(self, strategy: str) -> int:
        return self.distributor.add_queue(STRATEGIES[strategy])

    def add_agent(self, agent: Agent, queues: list[int]) -> None:
        agent.index = self.distributor.add_agent(queues)
        self._agents.append(agent)

    def enter(self, queue: int, since_s: float, who: Offered) -> int:
        """`who` waits since `since_s` (the loop's seconds); returns the key. Call `match` when ready for offers."""
        key = self.distributor.arrive(queue, int(since_s * NS))
        self._waiting[key] = who
        return key

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
