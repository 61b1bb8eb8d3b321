"""One pop: an address, made of a call for an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pbx.config import Config
from pbx.config_screenpop import ScreenPop
from pbx.screenpop.template import Template, parse


@dataclass(frozen=True, slots=True)
class Pop:
    """`open`: the agent's client opens it by itself; otherwise it shows a link. `at` is UTC seconds."""

    id: str
    name: str
    agent: str
    call_id: str
    contact: str
    direction: str  # "in", "out"
    queue: str
    trigger: str  # "ringing", "answer", "click"
    open: bool
    url: str
    at: float

    def told(self) -> dict[str, Any]:
        """What the journey says."""
        names = ("name", "agent", "contact", "direction", "queue", "trigger", "open", "url")
        return {name: getattr(self, name) for name in names}

    def row(self) -> dict[str, Any]:
        """What clients are shown."""
        return {"id": self.id, "call_id": self.call_id, **self.told(), "at": round(self.at, 3)}


@dataclass(frozen=True, slots=True)
class Rule:
    """A [[screen_pop]], ready for calls."""

    config: ScreenPop
    template: Template
    agents: frozenset[str]
    queues: frozenset[str]

    def fits(self, agent: str, queue: str, direction: str) -> bool:
        return (
            agent in self.agents
            and (not self.queues or queue in self.queues)
            and self.config.direction in (direction, "both")
        )


def rules_of(config: Config) -> list[Rule]:
    """Of a configuration that passed its checks."""
    everybody = frozenset(agent.extension for agent in config.agent)
    teams = {team.name: team.members for team in config.team}
    found = []
    for pop in config.screen_pop:
        chosen = {*pop.agents, *(member for team in pop.teams for member in teams[team])}
        agents = everybody & chosen if pop.agents or pop.teams else everybody
        found.append(Rule(pop, parse(pop.url), agents, frozenset(pop.queues)))
    return found
