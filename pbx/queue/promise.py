"""The wait as an honest promise: what may be said to a caller at this moment, or why it is better to say nothing.

The wait of a caller is a sum of stages in which one of those ahead is taken or gives up (see pbx.queue.estimate). What
a queue is in practice goes into the two rates and the number of stages:

- agents count who serve or will serve again (not those on a break, or who have chosen one for afterwards), each with
  the handling time of the queue whose caller he has now;
- of other queues that share agents, those who wait for longer count as ahead, as far as their agents are ours;
- callers whose offer rings are as good as served, callbacks in line never give up;
- whoever comes in ahead of others (priority, an older contact, items that merge) takes capacity away;

- of agents with skills only those count who have what is asked for now; callers ahead who ask for the same are all in
  the way, of the others the part that falls to these agents.

Nothing is promised while too little was seen, nobody serves, too many come in ahead, or an agent is free and the caller
is not offered to him (then he waits for something that numbers do not show, such as a preferred agent).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pbx.clock import Clock
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.estimate import mean_of, quantile_of
from pbx.queue.strategy import Dispatcher

if TYPE_CHECKING:
    from pbx.queue.pacing import Pacing
    from pbx.queue.queue import Queue
    from pbx.queue.waiting import Waiting

MAX_WAIT_S = 2 * 3600.0  # nobody is told of longer waits: what will be in two hours is not known
MAX_INFLOW = 0.5  # share of the capacity that comers-in ahead may take before nothing can be promised
MANY = 64  # agents of a queue whose sum is remembered: thousands who wait ask for it
TEAM_S = 1.0
INFLOW_S = 600.0  # over which they are counted
OFFERED = frozenset({AgentState.RESERVED, AgentState.RINGING})
WILL_SERVE = frozenset(
    {
        AgentState.AVAILABLE,
        AgentState.RESERVED,
        AgentState.RINGING,
        AgentState.CALLBACK_PREVIEW,
        AgentState.TALKING,
        AgentState.HOLD,
        AgentState.WRAPUP,
        AgentState.BUSY,
    }
)


class Silence(StrEnum):
    """Why no wait is said."""

    DATA = "data"  # too few calls were handled to know how long they take
    NO_AGENTS = "no_agents"
    INFLOW = "inflow"  # too many come in ahead of those who wait
    BLOCKED = "blocked"  # an agent is free, and kept for somebody else or waited past
    RISEN = "risen"  # it would be more than was said before
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Promise:
    """From now on, in seconds: served after `low_s` and before `high_s` with probability `quantile` each; the mean."""

    low_s: float
    high_s: float
    quantile: float
    mean_s: float


@dataclass(frozen=True, slots=True)
class Team:
    """Agents together: callers a second that they take, whether one is free, whose calls ring at them."""

    rate: float
    free: bool
    ringing: frozenset[str]


NOBODY = Team(0.0, False, frozenset())


class Inflow:
    """How many a second come in ahead of somebody who waits, those of long ago fading."""

    __slots__ = ("_at", "_clock", "_count")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._count = 0.0

    def came(self) -> None:
        self._count = self._faded() + 1.0
        self._at = self._clock.monotonic()

    @property
    def per_s(self) -> float:
        return self._faded() / INFLOW_S

    def _faded(self) -> float:
        return self._count * math.exp((self._at - self._clock.monotonic()) / INFLOW_S) if self._count else 0.0


class Promises:
    """Gives the outlook of anybody who waits in one of `queues`."""

    def __init__(
        self,
        queues: Mapping[str, Queue],
        dispatcher: Dispatcher,
        pacing: Pacing,
        clock: Clock,
        older: Callable[[str, float], int],
    ) -> None:
        """`older`: callers and items of a queue who wait since before an instant of the loop's clock."""
        self._queues = queues
        self._older = older
        self._dispatcher = dispatcher
        self._pacing = pacing
        self._clock = clock
        self._inflow: dict[str, Inflow] = {}
        self._teams: dict[str, tuple[float, Team]] = {}  # of large queues: when looked at
        self._shared: dict[tuple[str, str], tuple[tuple[int, int], float]] = {}

    def forget_teams(self) -> None:
        """Members or queues have changed."""
        self._teams.clear()
        self._shared.clear()

    def entered(self, queue: str, position: int) -> None:
        """Somebody came into `queue` at `position`: ahead of others, when it is not the last."""
        if position < self._dispatcher.waiting(queue):
            self._inflow.setdefault(queue, Inflow(self._clock)).came()

    def of(self, stay: Waiting) -> Promise | Silence:
        """What can be said to this caller now."""
        able = self._able(stay)
        if able is None:
            return self._outlook(stay.queue, self._stages(stay), self._all(stay.queue))
        return self._outlook(stay.queue, self._stages_of_kind(stay, able), self._team(stay.queue, able))

    def of_newcomer(self, queue: str) -> Promise | Silence:
        """What can be said to somebody who comes last in line now."""
        waiting, team = self._dispatcher.waiting(queue), self._all(self._queues[queue])
        return self._outlook(self._queues[queue], 0 if team.free and not waiting else waiting + 1, team)

    def silence(self, queue: str) -> str:
        """Why nothing can be said to somebody who comes last in line now; "" when something can."""
        if not self._all(self._queues[queue]).rate:
            return Silence.NO_AGENTS.value  # whatever else is wrong
        found = self.of_newcomer(queue)
        return found.value if isinstance(found, Silence) else ""

    def giving_up(self, queue: str) -> float:
        """The probability that a caller who comes last in line now gives up before an agent is his.

        He is served when his patience, exponential of rate theta, outlasts stages of the rates s + i*theta, i from 0 to
        p-1 (see pbx.queue.estimate): the product of (s + i*theta)/(s + (i+1)*theta), which is s/(s + p*theta).
        """
        waiting, team = self._dispatcher.waiting(queue), self._all(self._queues[queue])
        if team.free and not waiting:
            return 0.0
        theta = (waiting + 1) / self._queues[queue].estimator.patience_s
        return theta / (team.rate + theta)

    def _outlook(self, queue: Queue, stages: int, team: Team) -> Promise | Silence:
        """For somebody whom all of `team` can serve."""
        if queue.estimator.handled_calls < queue.config.wait_after_calls:
            return Silence.DATA
        rate = team.rate
        if not rate:
            return Silence.NO_AGENTS
        if stages and team.free:
            return Silence.BLOCKED
        inflow = self._inflow.get(queue.name)
        if inflow is not None:
            taken = inflow.per_s
            if taken > MAX_INFLOW * rate:
                return Silence.INFLOW
            rate -= taken
        return self._promise(queue, stages, rate)

    def _promise(self, queue: Queue, stages: int, rate: float) -> Promise | Silence:
        learned, share = queue.estimator, queue.config.wait_quantile
        theta = self._impatient(queue) / learned.patience_s
        ring_s = learned.ring_s
        mean_s = mean_of(stages, rate, theta) + ring_s
        careful = rate / (1 + learned.doubt)  # calls may well take a standard error longer than is known
        high_s = quantile_of(stages, careful, theta, share) + ring_s
        if not stages:  # the phone rings for him: how long until it is answered
            high_s = -ring_s * math.log(1 - share)
        if high_s > MAX_WAIT_S:
            return Silence.TOO_LONG
        return Promise(quantile_of(stages, rate, theta, 1 - share), high_s, share, mean_s)

    def _all(self, queue: Queue) -> Team:
        """All agents of the queue; of large ones as they were within the last second."""
        if len(queue.agents) < MANY:
            return self._team(queue, queue.agents)
        now = self._clock.monotonic()
        at, team = self._teams.get(queue.name, (-math.inf, NOBODY))
        if now - at >= TEAM_S:
            team = self._team(queue, queue.agents)
            self._teams[queue.name] = now, team
        return team

    def _team(self, queue: Queue, agents: Sequence[Agent]) -> Team:
        ringing = frozenset(agent.call_id for agent in agents if agent.state in OFFERED)
        rate = sum(self._rate(queue, agent) for agent in agents)
        return Team(rate, any(agent.free for agent in agents), ringing)

    def _rate(self, queue: Queue, agent: Agent) -> float:
        """Callers a second that this agent takes."""
        if agent.state not in WILL_SERVE and not agent.paused:
            return 0.0
        if agent.next is not None and agent.next[0] is not Presence.AVAILABLE:
            return 0.0
        return 1.0 / self._pacing.serving(agent, queue).estimator.cycle_s

    def _able(self, stay: Waiting) -> list[Agent] | None:
        """The agents who have the skills that are asked for now; None when all of the queue have them."""
        queue = stay.queue
        if not stay.wishes.skills and not queue.config.skills:
            return None
        known = self._dispatcher.distributor.explain(stay.key)
        needs = self._dispatcher.kinds.needs.get(known["requirement"], {}) if known and known["waiting"] else {}
        able = [agent for agent in queue.agents if self._dispatcher.has_skills(agent, needs)]
        return None if len(able) == len(queue.agents) else able

    def _stages_of_kind(self, stay: Waiting, able: list[Agent]) -> int:
        """As `_stages`, for a caller whom only `able` can serve: of those ahead who ask for no skill of their own, a
        part is taken by the others.
        """
        stages = self._stages(stay)
        if stages <= 1 or not stay.wishes.skills:
            return stages
        queue = stay.queue
        alike = sum(
            other.since < stay.since and other.wishes.skills == stay.wishes.skills for other in queue.waiting.values()
        )
        everybody = self._all(queue).rate
        part = sum(self._rate(queue, agent) for agent in able) / everybody if everybody else 1.0
        ahead = stages - 1
        return min(alike, ahead) + math.ceil(max(ahead - alike, 0) * part) + 1

    def _stages(self, stay: Waiting) -> int:
        """How many must be taken, or give up, until an agent is offered to this caller, he himself included."""
        if stay.offers:
            return 0
        queue = stay.queue
        ringing = self._all(queue).ringing
        ahead = self._dispatcher.position(stay.key) - 1 - sum(call in queue.waiting for call in ringing)
        more = 0.0
        for other in self._queues.values():
            if other is not queue and self._dispatcher.waiting(other.name):
                older = self._older(other.name, stay.since) - sum(call in other.waiting for call in ringing)
                more += self._share(queue, other) * max(older, 0)
        return max(ahead, 0) + round(more) + 1

    def _share(self, queue: Queue, other: Queue) -> float:
        """The part of `other`'s agents who serve `queue` too."""
        sizes = len(queue.agents), len(other.agents)
        known = self._shared.get((queue.name, other.name))
        if known is not None and known[0] == sizes:
            return known[1]
        ours = set(queue.agents)
        share = sum(agent in ours for agent in other.agents) / max(sizes[1], 1)
        self._shared[queue.name, other.name] = sizes, share
        return share

    def _impatient(self, queue: Queue) -> float:
        """The part of those in line who may give up: callers do, callbacks do not."""
        return min(len(queue.waiting) / max(self._dispatcher.waiting(queue.name), 1), 1.0)
