"""Why a candidate gets, or got, this agent and no other: the distributor's numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx.clock import Clock
from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.queue.agent import Agent, AgentState
from pbx.queue.kinds import NS, Needs
from pbx.queue.strategy import Dispatcher

OUTCOMES = ("open", "accepted", "ended")


@dataclass(slots=True, frozen=True)
class NotChosen:
    """An agent who does not get, or did not get, the candidate."""

    agent: str
    name: str
    why: str


@dataclass(slots=True, frozen=True)
class Decided:
    """One offer: `by` is the strategy, or "preferred"."""

    at: float  # UTC seconds
    agent: str
    name: str
    queue: str  # through which the agent was found
    by: str
    why: str
    outcome: str  # open, accepted, ended
    position: int
    wait_s: float
    needs: Needs
    free: int  # agents of the queue, the chosen one too
    others: list[NotChosen]


@dataclass(slots=True, frozen=True)
class Explanation:
    """`queues` are those in which the candidate waits, with his position in each; `agents` tells why each of their
    agents does not get him now. Both are empty for one who was served or went.
    """

    id: str
    queue: str
    waiting: bool
    wait_s: float = 0.0
    priority: int = 0
    needs: Needs = field(default_factory=dict)
    preferred: str = ""
    grace_s: float = 0.0  # for which the preferred agent alone is waited for
    next_change_s: float | None = None  # until time alone changes something
    queues: dict[str, int] = field(default_factory=dict)
    ringing: list[str] = field(default_factory=list)
    agents: list[NotChosen] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)


class Explainer:
    """Looks only; what it says of agents who are not free comes from their states."""

    def __init__(self, config: Config, dispatcher: Dispatcher, clock: Clock) -> None:
        self._dispatcher = dispatcher
        self._clock = clock
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._queues: Mapping[str, QueueConfig] = {entry.name: entry for entry in config.queue}
        self._skills = {entry.extension: entry.skills for entry in config.agent}

    def why(self, name: str, now_s: float) -> Explanation | None:
        """Of a call or item by its id, at the loop's `now_s`; None when it never waited or is forgotten."""
        key = self._dispatcher.keys.get(name)
        found = self._dispatcher.distributor.explain(key) if key is not None else None
        if key is None or found is None:
            return None
        decisions = [self._decided(decision, now_s) for decision in found["decisions"]]
        if not found["waiting"]:
            home = self._dispatcher.queues[found["decisions"][-1]["home"]]
            return Explanation(name, home, False, decisions=decisions)
        entered = self._dispatcher.entered(key)
        names = {self._dispatcher.queues[queue]: position for queue, position in found["queues"]}
        needs = self._dispatcher.kinds.needs[found["requirement"]]
        due = found["next_due_ns"]
        return Explanation(
            id=name,
            queue=next(iter(names)),
            waiting=True,
            wait_s=now_s - found["since_ns"] / NS,
            priority=entered.priority if entered is not None else 0,
            needs=needs,
            preferred=self._extension(found["preferred"]),
            grace_s=max(0.0, found["until_ns"] / NS - now_s),
            next_change_s=max(0.0, due / NS - now_s) if due is not None else None,
            queues=names,
            ringing=[self._extension(agent) for agent in found["offered"]],
            agents=self._not_now(names, needs, found),
            decisions=decisions,
        )

    # -- agents of a candidate who waits ---------------------------------------------------------------------------

    def _not_now(self, queues: Mapping[str, int], needs: Needs, found: dict[str, Any]) -> list[NotChosen]:
        members = {name for queue in queues for name in self._dispatcher.members[queue]}
        alone = found["preferred"] if found["until_ns"] else -1
        return [
            NotChosen(agent.extension, agent.name, self._reason(agent, needs, alone, found))
            for agent in self._dispatcher.agents
            if agent.extension in members
        ]

    def _reason(self, agent: Agent, needs: Needs, alone: int, found: dict[str, Any]) -> str:
        if agent.index in found["offered"]:
            return "rings for this caller"
        if agent.state is not AgentState.AVAILABLE:
            return f"is {agent.state.value}" + (f" ({agent.reason})" if agent.reason else "")
        if alone not in (-1, agent.index):
            return f"{self._extension(alone)} is preferred and waited for"
        lack = self._lack(agent.extension, needs)
        if lack and alone != agent.index:
            return lack
        if found["offered"]:
            return "somebody rings for this caller already"
        return "is free; an older caller of this kind comes first"

    def _lack(self, extension: str, needs: Needs) -> str:
        has = self._skills.get(extension, {})
        lacking = [
            f"{skill} {level} is needed, has {has.get(skill, 0)}"
            for skill, level in needs.items()
            if has.get(skill, 0) < level
        ]
        return "; ".join(lacking)

    # -- decisions -------------------------------------------------------------------------------------------------

    def _decided(self, decision: dict[str, Any], now_s: float) -> Decided:
        queue = self._dispatcher.queues[decision["queue"]]
        strategy = self._queues[queue].strategy
        chosen, needs = decision["chosen"], self._dispatcher.kinds.needs[decision["requirement"]]
        agent = self._dispatcher.agents[chosen["agent"]]
        others = [self._other(other, chosen, strategy, preferred=decision["preferred"]) for other in decision["others"]]
        if decision["unfit"]:
            others.append(NotChosen("", "", f"{decision['unfit']} free without what is needed"))
        return Decided(
            at=self._clock.unix() - (now_s - decision["at_ns"] / NS),
            agent=agent.extension,
            name=agent.name,
            queue=queue,
            by="preferred" if decision["preferred"] else strategy,
            why=because("preferred" if decision["preferred"] else strategy),
            outcome=OUTCOMES[decision["outcome"]],
            position=decision["position"],
            wait_s=(decision["at_ns"] - decision["since_ns"]) / NS,
            needs=needs,
            free=decision["free"],
            others=others,
        )

    def _other(self, other: dict[str, Any], chosen: dict[str, Any], strategy: str, *, preferred: bool) -> NotChosen:
        agent = self._dispatcher.agents[other["agent"]]
        if preferred:
            why = "the caller prefers somebody else"
        elif other["penalty"] != chosen["penalty"]:
            why = f"has penalty {other['penalty']}, the chosen one {chosen['penalty']}"
        elif other["level"] != chosen["level"]:
            why = f"has level {other['level']} in what is needed, the chosen one {chosen['level']}"
        else:
            why = _compared(strategy, other["order"], chosen["order"])
        return NotChosen(agent.extension, agent.name, why)

    def _extension(self, index: int) -> str:
        return self._dispatcher.agents[index].extension if index >= 0 else ""


def because(by: str) -> str:
    """Why a strategy, or "preferred", took the agent that it took."""
    return PREFERRED if by == "preferred" else _BECAUSE.get(by, "")


PREFERRED = "the caller prefers this agent"
_BECAUSE = {
    "longest-idle": "free for the longest time",
    "least-talk": "talked least today, by weight",
    "fewest-calls": "had the fewest calls today, by weight",
    "round-robin": "next in turn",
    "ring-all": "all free agents ring",
    "linear": "first in the list",
    "weighted-random": "drawn by weight",
    "skills": "the highest level in what is needed",
}


def _compared(strategy: str, other: int, chosen: int) -> str:
    if strategy == "least-talk":
        more = (other - chosen) / NS
        return f"talked {more:.0f} s more today" if more else "talked as much, free for a shorter time"
    if strategy == "fewest-calls":
        return "had more calls today" if other != chosen else "had as many calls, free for a shorter time"
    if strategy in ("longest-idle", "skills"):
        return f"free for {(other - chosen) / NS:.0f} s less"
    if strategy == "ring-all":
        return "rings as well"
    return {"round-robin": "later in turn", "linear": "later in the list"}.get(strategy, "not drawn this time")
