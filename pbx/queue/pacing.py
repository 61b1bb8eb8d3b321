"""How many agents are about to be free: what callbacks are launched by, an estimate and not a constant.

Each agent counts by the probability that he is free within the horizon: those who are free for certain, those who talk
or wrap up by the queue's own distribution, given how long the talk has lasted already. Nobody counts who has chosen a
break for afterwards, or whom a caller is being offered to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.clock import Clock
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.durations import sum_ends_within
from pbx.queue.wrapup import WrapUps

if TYPE_CHECKING:
    from pbx.queue.queue import Queue

OFFERED = frozenset({AgentState.RESERVED, AgentState.RINGING})
TALKING = frozenset({AgentState.TALKING, AgentState.HOLD})


class Pacing:
    """Knows since when each agent talks, and for which queue; asked by `soon_free`."""

    def __init__(self, clock: Clock, wrapups: WrapUps) -> None:
        self._clock = clock
        self._wrapups = wrapups
        self._serving: dict[str, tuple[Queue, float]] = {}  # extension: whose caller, talking since
        self._ringing: dict[str, float] = {}  # extension: seconds since the last answer

    def talk_began(self, queue: Queue, agent: Agent) -> None:
        """`agent` talks to a caller (or a customer called back) of `queue` from now on."""
        self._serving[agent.extension] = (queue, self._clock.monotonic())

    def talk_ended(self, queue: Queue, agent: Agent, talk_s: float) -> None:
        """The talk is over, wrap-up follows."""
        queue.estimator.talks.add(talk_s)
        self._serving[agent.extension] = (queue, self._clock.monotonic())

    def serving(self, agent: Agent, default: Queue) -> Queue:
        """Whose caller the agent has now, or is wrapping up; `default` when he has none."""
        known = self._serving.get(agent.extension)
        return known[0] if known is not None else default

    def moved(self, agent: Agent, previous: str, previous_s: float) -> None:
        """A listener of the roster."""
        if previous in OFFERED:
            self._rang(agent, previous_s)
        if previous == AgentState.WRAPUP:
            known = self._serving.pop(agent.extension, None)
            if known is not None:
                known[0].estimator.wrapups.add(previous_s)

    def _rang(self, agent: Agent, seconds: float) -> None:
        """His phone rang for so long; with the answer the queue learns it."""
        rang_s = self._ringing.pop(agent.extension, 0.0) + seconds
        if agent.state is AgentState.TALKING and agent.extension in self._serving:
            self._serving[agent.extension][0].estimator.rang(rang_s)
        else:
            self._ringing[agent.extension] = rang_s

    def soon_free(self, queue: Queue, within_s: float) -> float:
        """The expected number of agents of `queue` who are free within `within_s` seconds, those free now included.

        Whoever waits already is not taken off: the caller compares this with what he has launched and who waits.
        """
        return sum(self.likely_free(queue, agent, within_s) for agent in queue.agents)

    def likely_free(self, queue: Queue, agent: Agent, within_s: float) -> float:
        """How likely `agent` is free within `within_s` seconds, from 0 to 1."""
        if agent.state is AgentState.AVAILABLE:
            return 1.0
        if agent.next is not None and agent.next[0] is not Presence.AVAILABLE:
            return 0.0
        serving, since = self._serving.get(agent.extension, (queue, self._clock.monotonic() - self._talked_s(agent)))
        learned = serving.estimator
        if agent.state in TALKING:
            age_s = self._clock.monotonic() - since
            if not serving.config.wrapup_s:
                return learned.talks.ends_within(age_s, within_s)
            return sum_ends_within(learned.talks, age_s, learned.wrapups, within_s)
        if agent.state is AgentState.WRAPUP:
            left_s = self._wrapups.left_s(agent)
            if 0 < left_s <= within_s:
                return 1.0
            return learned.wrapups.ends_within(self._clock.monotonic() - agent.since, within_s)
        return 0.0

    def _talked_s(self, agent: Agent) -> float:
        """Of a talk that nobody told us of, such as one taken up after a restart."""
        return self._clock.monotonic() - agent.since
