"""What the distributor promises, in the plainest Python: every decision by looking at all callers and agents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.acd import (
    FEWEST_CALLS,
    LEAST_TALK,
    LINEAR,
    OVERFLOW,
    RING_ALL,
    ROUND_ROBIN,
    SKILLS,
    WEIGHTED_RANDOM,
)

MS = 1_000_000
US = 1_000
LONGEST_WAIT_US = 30 * 86_400 * 1_000_000
BITS = (1 << 64) - 1


@dataclass
class Agent:
    queues: dict[int, tuple[int, int]]  # queue: (position, penalty)
    skills: dict[int, int]
    weight: int
    idle: bool = False
    since: int = 0
    calls: int = 0
    talked: int = 0
    token: int = 0
    race: dict[int, int] = field(default_factory=dict)  # queue: the draw


@dataclass
class Caller:
    key: int
    since: int
    rank: int
    home: int
    steps: list[tuple[int, int, object]]  # (after, kind, needs or queue), by after
    needs: dict[int, int]
    preferred: int
    until: int
    queues: list[int] = field(default_factory=list)
    taken: int = 0
    offers: dict[int, int] = field(default_factory=dict)  # token: agent

    def kind(self, queue: int) -> object:
        """Ring-all rings for the first caller of each kind of a queue."""
        return ("only", self.preferred) if self.until else tuple(sorted(self.needs.items()))


class Model:
    """`strategies` and `weights` by queue."""

    def __init__(self, strategies: list[int], weights: list[int], seed: int) -> None:
        self.strategies = strategies
        self.weights = weights
        self.seed = seed
        self.agents: list[Agent] = []
        self.callers: dict[int, Caller] = {}
        self.cursor = [-1] * len(strategies)
        self.race = [0] * len(strategies)
        self.changes: list[tuple[int, str, object]] = []

    # -- events ----------------------------------------------------------------------------------------------------

    def arrive(self, caller: Caller) -> None:
        caller.queues = [caller.home]
        self.callers[caller.key] = caller

    def idle(self, agent: int, since: int, calls: int, talked: int) -> None:
        who = self.agents[agent]
        if not who.token:
            who.since, who.calls, who.talked, who.idle = since, calls, talked, True
            self.draw(who)

    def away(self, agent: int) -> None:
        if not self.agents[agent].token:
            self.agents[agent].idle = False

    def join(self, agent: int, queues: dict[int, tuple[int, int]], skills: dict[int, int], weight: int) -> None:
        who = self.agents[agent]
        who.queues, who.skills, who.weight = queues, skills, weight
        if who.idle:
            self.draw(who)

    def change_queue(self, queue: int, strategy: int, weight: int, turn: int) -> None:
        self.strategies[queue], self.weights[queue] = strategy, weight
        self.cursor[queue], self.race[queue] = turn, 0
        for who in self.agents:
            if who.idle and queue in who.queues:
                self.draw(who)

    def draw(self, who: Agent) -> None:
        for queue in sorted(who.queues):
            if self.strategies[queue] == WEIGHTED_RANDOM:
                who.race[queue] = self.race[queue] + int(-math.log(self.uniform()) * 1e9 / who.weight)

    def uniform(self) -> float:
        self.seed = (self.seed + 0x9E3779B97F4A7C15) & BITS
        mixed = self.seed
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & BITS
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & BITS
        mixed ^= mixed >> 31
        return ((mixed >> 11) + 1) / 9007199254740992.0

    def forgo(self, agent: int) -> None:
        for caller in self.callers.values():
            if caller.preferred == agent and caller.until:
                caller.until = 0

    def decline(self, key: int, token: int) -> None:
        self.agents[self.callers[key].offers.pop(token)].token = 0

    def forget(self, key: int) -> None:
        for agent in self.callers.pop(key).offers.values():
            self.agents[agent].token = 0

    # -- decisions -------------------------------------------------------------------------------------------------

    def advance(self, now: int) -> None:
        for caller in self.callers.values():
            if 0 < caller.until <= now:
                caller.until = 0
            while caller.taken < len(caller.steps) and caller.since + caller.steps[caller.taken][0] <= now:
                _, kind, value = caller.steps[caller.taken]
                caller.taken += 1
                if kind == OVERFLOW:
                    caller.queues.append(value)  # type: ignore[arg-type]
                else:
                    caller.needs = value  # type: ignore[assignment]

    def next_due(self) -> int | None:
        moments = [caller.until for caller in self.callers.values() if caller.until]
        moments += [
            caller.since + caller.steps[caller.taken][0]
            for caller in self.callers.values()
            if caller.taken < len(caller.steps)
        ]
        return min(moments, default=None)

    def line(self, queue: int) -> list[Caller]:
        return sorted(
            (caller for caller in self.callers.values() if queue in caller.queues),
            key=lambda caller: (caller.rank, caller.key),
        )

    def fits(self, agent: int, caller: Caller, queue: int) -> bool:
        who = self.agents[agent]
        if not who.idle or who.token or queue not in who.queues:
            return False
        if caller.until:
            return agent == caller.preferred
        return all(who.skills.get(skill, 0) >= level for skill, level in caller.needs.items())

    def eligible(self, now: int) -> Iterator[tuple[tuple[int, ...], Caller, int, list[int]]]:
        """Everybody who can get an offer in a queue with a fit agent, with his place in the one order."""
        for queue, strategy in enumerate(self.strategies):
            kinds = set()
            for caller in self.line(queue):
                if strategy == RING_ALL:
                    if caller.kind(queue) in kinds:
                        continue
                    kinds.add(caller.kind(queue))
                elif caller.offers:
                    continue
                fit = [agent for agent in range(len(self.agents)) if self.fits(agent, caller, queue)]
                if fit:
                    waited = min(max(now - caller.rank, 0) // US, LONGEST_WAIT_US) * self.weights[queue]
                    yield (-waited, caller.rank, caller.key, queue != caller.home), caller, queue, fit

    def pick(self, queue: int, caller: Caller, fit: list[int]) -> tuple[int, bool]:
        """(agent, by preference)"""
        if caller.until or caller.preferred in fit:
            return caller.preferred, True
        return min(fit, key=lambda agent: self.turn(queue, caller, agent)), False

    def turn(self, queue: int, caller: Caller, agent: int) -> tuple[float, ...]:
        who, strategy = self.agents[agent], self.strategies[queue]
        position, penalty = who.queues[queue]
        idle = who.since // MS
        if strategy == LEAST_TALK:
            return penalty, who.talked * 100 // who.weight, idle, agent
        if strategy == FEWEST_CALLS:
            return penalty, who.calls * 100_000_000 // who.weight, idle, agent
        if strategy == ROUND_ROBIN:
            return penalty, position <= self.cursor[queue], position, agent
        if strategy == LINEAR:
            return penalty, position, agent
        if strategy == WEIGHTED_RANDOM:
            return penalty, who.race[queue], agent
        if strategy == SKILLS:
            return penalty, -sum(who.skills.get(skill, 0) for skill in caller.needs), who.since, agent
        return penalty, who.since, agent

    def match(self, now: int) -> list[tuple[int, int, int]]:
        """(caller, agent, queue); the caller's `offers` get tokens from whoever compares."""
        self.advance(now)
        made: list[tuple[int, int, int]] = []
        while True:
            best = min(self.eligible(now), key=lambda found: found[0], default=None)
            if best is None:
                return made
            _, caller, queue, fit = best
            agent, preferred = self.pick(queue, caller, fit)
            if not preferred and self.strategies[queue] == ROUND_ROBIN:
                self.cursor[queue] = self.agents[agent].queues[queue][0]
            if not preferred and self.strategies[queue] == WEIGHTED_RANDOM:
                self.race[queue] = max(self.race[queue], self.agents[agent].race[queue])
            self.agents[agent].idle = False
            self.agents[agent].token = -1
            caller.offers[-len(made) - 1] = agent  # until the real token is known
            made.append((caller.key, agent, queue))
