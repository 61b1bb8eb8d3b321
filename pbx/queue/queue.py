"""One queue: its configuration, who waits in it, what it learned and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.config import Queue as QueueConfig
from pbx.queue.agent import Agent, AgentState
from pbx.queue.learning import Estimator

if TYPE_CHECKING:
    from pbx.queue.waiting import Waiting

SIGNED_OUT = frozenset({AgentState.OFFLINE, AgentState.UNREACHABLE})


@dataclass(slots=True, frozen=True)
class WaitingCaller:
    """A row of the live view."""

    call_id: str
    caller: str
    position: int
    wait_s: float
    ringing: list[str]  # extensions that ring for this caller


@dataclass(slots=True, frozen=True)
class QueueSnapshot:
    """A queue at one instant. Counters run since the start; `agents` counts members by state."""

    name: str
    waiting: int
    longest_wait_s: float
    talking: int
    agents: dict[str, int]
    offered: int  # callers who joined or were turned away
    answered: int
    answered_in_time: int  # within service_level_s
    abandoned: int
    short_abandoned: int  # within short_abandon_s
    left: dict[str, int]  # by reason
    missed_offers: int
    aht_s: float
    patience_s: float
    callers: list[WaitingCaller]


class Queue:
    """State of one queue; `index` is the distributor's."""

    __slots__ = (
        "abandoned",
        "agents",
        "answered",
        "answered_in_time",
        "config",
        "estimator",
        "index",
        "left",
        "missed_offers",
        "offered",
        "short_abandoned",
        "talking",
        "waiting",
    )

    def __init__(self, config: QueueConfig, index: int, agents: list[Agent]) -> None:
        self.config = config
        self.index = index
        self.agents = agents
        self.estimator = Estimator(wrapup_s=config.wrapup_s)
        self.waiting: dict[str, Waiting] = {}  # by call id, in the order of joining
        self.talking = 0
        self.offered = 0
        self.answered = 0
        self.answered_in_time = 0
        self.abandoned = 0
        self.short_abandoned = 0
        self.missed_offers = 0
        self.left: Counter[str] = Counter()

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def on_duty(self) -> int:
        """Agents who serve callers now or will when they are done."""
        return sum(agent.on_duty for agent in self.agents)

    @property
    def signed_in(self) -> int:
        """Agents with a phone who are not offline; on a break they are still there."""
        return sum(agent.state not in SIGNED_OUT for agent in self.agents)

    def refusal(self) -> str:
        """Why a new caller cannot join: "full", "no_agents", or "" when he can."""
        config = self.config
        if config.max_length and len(self.waiting) >= config.max_length:
            return "full"
        return "no_agents" if self.empty else ""

    @property
    def empty(self) -> bool:
        """Nobody is signed in, and callers shall not wait for somebody to come."""
        return self.config.when_no_agents == "leave" and not self.signed_in

    def longest_wait_s(self, now: float) -> float:
        """Of those who wait, at the loop's `now`; 0 when nobody does."""
        return now - min((stay.joined for stay in self.waiting.values()), default=now)

    def count_answered(self, wait_s: float) -> None:
        self.answered += 1
        self.answered_in_time += wait_s <= self.config.service_level_s
        self.estimator.waited(wait_s, abandoned=False)

    def count_abandoned(self, wait_s: float) -> None:
        self.abandoned += 1
        self.short_abandoned += wait_s <= self.config.short_abandon_s
        self.estimator.waited(wait_s, abandoned=True)

    def count_left(self, reason: str, wait_s: float) -> None:
        self.left[reason] += 1
        if wait_s:
            self.estimator.waited(wait_s, abandoned=False)

    def snapshot(self) -> QueueSnapshot:
        states = Counter(agent.state.value for agent in self.agents)
        callers = sorted((stay.row() for stay in self.waiting.values()), key=lambda row: row.position)
        return QueueSnapshot(
            name=self.name,
            waiting=len(callers),
            longest_wait_s=max((row.wait_s for row in callers), default=0.0),
            talking=self.talking,
            agents={state.value: states[state.value] for state in AgentState},
            offered=self.offered,
            answered=self.answered,
            answered_in_time=self.answered_in_time,
            abandoned=self.abandoned,
            short_abandoned=self.short_abandoned,
            left=dict(self.left),
            missed_offers=self.missed_offers,
            aht_s=self.estimator.aht_s,
            patience_s=self.estimator.patience_s,
            callers=callers,
        )
