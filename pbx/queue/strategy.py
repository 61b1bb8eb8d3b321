"""Between the distributor's numbers and our objects: queues and agents by name, offers to who they concern.

Nothing is polled: whatever changes is told to the distributor, which then matches; for what time alone changes (needs
that relax, overflow, the grace of a preferred agent) one timer stands at the next such moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.acd import FORGO, OVERFLOW, STRATEGIES, Distributor
from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.config import Agent as AgentConfig
from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.config_queue import members_of
from pbx.queue.agent import Agent, AgentState
from pbx.queue.kinds import NS, Kinds, Needs
from pbx.queue.turns import STRATEGY, Turns

if TYPE_CHECKING:
    from pbx.contact.ports import Candidate

EARLY_S = 1e-6  # a timer of the loop may come a rounding error too early
REMEMBERED = 4096  # candidates who were served or went, for questions why; the distributor remembers as many decisions


@dataclass(slots=True, frozen=True)
class Change:
    """What time did to a candidate: "relaxed" (`needs` is what is left), "overflowed" (waits in `queue` too), "forgone"
    (`agent`, who was preferred, is no longer waited for).
    """

    kind: str
    needs: Needs | None = None
    queue: str = ""
    agent: str = ""


@dataclass(slots=True, frozen=True)
class Choice:
    """How the offer that is being made came about: `queue` is the one through which the agent was found, `by` the
    strategy or "preferred".
    """

    queue: str
    by: str

    def record(self, home: str) -> dict[str, str]:
        """What QUEUE_OFFERED says of it: `by`, and `through` when the agent is another queue's."""
        return {"by": self.by} if self.queue == home else {"by": self.by, "through": self.queue}


@dataclass(slots=True)
class Entered:
    """A candidate in line."""

    who: Candidate
    queue: str
    priority: int
    preferred: int  # the distributor's number of the agent, -1: nobody


def no_figures(_agent: Agent) -> tuple[int, int]:
    return 0, 0


class Dispatcher:
    """Tells the distributor who waits and who is free, and hands out its offers in the same turn."""

    def __init__(
        self,
        config: Config,
        figures: Callable[[Agent], tuple[int, int]] = no_figures,
        seed: int = 1,
        keeper: Keeper | None = None,
    ) -> None:
        """`figures`: (calls, nanoseconds talked) of an agent, for the strategies that compare them; `keeper` remembers
        whose turn it is.
        """
        self.distributor = Distributor(memory=REMEMBERED, seed=seed)
        self.choice = Choice("", "")  # of the offer that is being made, during Candidate.offer
        self.observe: Callable[[float], None] = lambda _s: None  # seconds from what made an offer possible to the offer
        self.offered: Callable[[], None] = lambda: None  # told after the offers of one moment
        self.changed: list[Callable[[Candidate, str, Change], None]] = []  # (candidate, his queue, what time did)
        self.keys: dict[str, int] = {}  # candidate's id: key; the last ones who are gone too
        self.queues: list[str] = []  # by the distributor's number
        self.agents: list[Agent] = []
        self._figures = figures
        self._configs: dict[str, QueueConfig] = {}
        self.members: dict[str, list[str]] = {}
        self.turns = Turns(keeper if keeper is not None else MemoryKeeper(), self.members)
        self._queues: dict[str, int] = {}  # those of the past, too: one that comes again has its number
        self._take_queues(config)
        self.kinds = Kinds(config, self.distributor, self._queues)
        self._abilities: dict[str, AgentConfig] = {entry.extension: entry for entry in config.agent}
        self._by_extension: dict[str, Agent] = {}
        self._numbers: dict[str, int] = {}  # of agents of the past, too
        self._placed: dict[str, tuple[list[tuple[int, int, int]], int, int]] = {}  # what the distributor was told
        self._waiting: dict[int, Entered] = {}
        self._owed = 0.0  # since when a match may be possible, by time.perf_counter; 0: nothing has changed
        self._matching = False
        self._again = False
        self._due: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def index(self, queue: str) -> int:
        """The distributor's number of a queue."""
        return self._queues[queue]

    def configure(self, config: Config) -> None:
        """From now on these queues, members and skills. Whoever waits keeps place and needs; offers that ring stand.
        Agents are added and removed besides; call `match` afterwards.
        """
        self._owe()
        self._take_queues(config)
        self.kinds.configure(config)
        self._abilities = {entry.extension: entry for entry in config.agent}
        places = self._places()
        for agent in self._by_extension.values():
            self._place(agent, places.get(agent.extension, []))

    def _take_queues(self, config: Config) -> None:
        before, self._configs = self._configs, {entry.name: entry for entry in config.queue}
        were = dict(self.members)
        self.members.clear()
        self.members.update({entry.name: members_of(entry, config.team) for entry in config.queue})
        for entry in config.queue:
            kind = STRATEGIES[entry.strategy], round(entry.weight * 100), self.turns.place(entry)
            known = before.get(entry.name)
            if entry.name not in self._queues:
                self._queues[entry.name] = self.distributor.add_queue(*kind)
                self.queues.append(entry.name)
            elif (
                known is None
                or (known.strategy, known.weight) != (entry.strategy, entry.weight)
                or (entry.strategy == STRATEGY and were[entry.name] != self.members[entry.name])
            ):
                self.distributor.set_queue(self._queues[entry.name], *kind)

    def in_line(self, queue: str) -> int:
        """Who waits in `queue`, guests of others included."""
        return self.distributor.in_line(self._queues[queue])

    def add_agent(self, agent: Agent) -> None:
        """`agent` serves the queues that list him, at his place in their lists."""
        known = self._numbers.get(agent.extension)
        if known is not None:  # was an agent before
            agent.index = known
            self.agents[known] = agent
        else:
            agent.index = self._numbers[agent.extension] = self.distributor.add_agent()
            self.agents.append(agent)
        self._by_extension[agent.extension] = agent
        self._placed.pop(agent.extension, None)
        self._place(agent, self._places(agent.extension).get(agent.extension, []))

    def drop_agent(self, agent: Agent) -> None:
        """He is no agent any more, and serves nobody now."""
        self.distributor.away(agent.index)
        self.distributor.set_queues(agent.index, ())
        self._by_extension.pop(agent.extension, None)
        self._placed.pop(agent.extension, None)

    def _places(self, only: str = "") -> dict[str, list[tuple[int, int, int]]]:
        """By extension, or of one: the queues that list him, his place in their lists and his penalty."""
        found: dict[str, list[tuple[int, int, int]]] = {}
        for name, members in self.members.items():
            if only and only not in members:
                continue
            number, penalties = self._queues[name], self._configs[name].penalties
            for position, extension in enumerate(members):
                found.setdefault(extension, []).append((number, position, penalties.get(extension, 0)))
        return found

    def _place(self, agent: Agent, places: list[tuple[int, int, int]]) -> None:
        """Tells the distributor, unless it knows."""
        ability = self._abilities.get(agent.extension)
        weight = round(ability.weight * 100) if ability is not None else 100
        placed = (places, self.kinds.ability(ability), weight)
        if self._placed.get(agent.extension) != placed:
            self._placed[agent.extension] = placed
            self.distributor.set_queues(agent.index, *placed)

    # -- who waits -------------------------------------------------------------------------------------------------

    def enter(
        self,
        queue: str,
        who: Candidate,
        *,
        since_s: float,
        priority: int = 0,
        skills: Sequence[str] = (),
        preferred: str = "",
        grace_s: float = 0.0,
    ) -> int:
        """`who` waits in `queue` since `since_s` (loop seconds, age of the original contact); returns the key.

        Each point of `priority` counts as `priority_credit_s` of waiting, in addition to the queue's. `skills`:
        "russian" or "russian:5" (at least level 5), besides the queue's. `preferred`: the extension of the agent who is
        asked first, and waited for alone for `grace_s` (0: the queue's `preferred_grace_s`) while he is on duty. Call
        `match` when ready for offers.
        """
        self._owe()
        config, index = self._configs[queue], self._queues[queue]
        agent = self._by_extension.get(preferred) if preferred else None
        key = self.distributor.arrive(
            index,
            int(since_s * NS),
            rank_ns=self._rank(config, since_s, priority),
            plan=self.kinds.plan(queue, skills, self.distributor.waiting(index) if config.overflow else 0),
            preferred=agent.index if agent is not None else -1,
            until_ns=self._grace_until(config, agent, grace_s),
        )
        self._waiting[key] = Entered(who, queue, priority, agent.index if agent is not None else -1)
        self._remember(who.id, key)
        return key

    def set_priority(self, key: int, priority: int) -> bool:
        """Moves a candidate who waits to where his age with this priority belongs; False when he waits no longer."""
        found = self._waiting.get(key)
        if found is None:
            return False
        found.priority = priority
        known = self.distributor.explain(key)
        if known is None or not known["waiting"]:
            return False
        self.distributor.rank(key, self._rank(self._configs[found.queue], known["since_ns"] / NS, priority))
        return True

    def to_front(self, key: int) -> None:
        """Before everybody else, whatever their age."""
        if key in self._waiting:
            self.distributor.rank(key, 0)

    def leave(self, key: int) -> None:
        if self._waiting.pop(key, None) is not None:
            self.distributor.leave(key)

    def position(self, key: int, queue: str = "") -> int:
        """1 for the first in line of his own queue or of `queue`, 0 when not waiting there."""
        return self.distributor.position(key, self._queues[queue] if queue else -1)

    def waiting(self, queue: str) -> int:
        return self.distributor.waiting(self._queues[queue])

    def entered(self, key: int) -> Entered | None:
        """Whoever waits under this key."""
        return self._waiting.get(key)

    def has_skills(self, agent: Agent, needs: Mapping[str, int]) -> bool:
        """Whether `agent` has each of these skills at its level or above."""
        ability = self._abilities.get(agent.extension)
        has = ability.skills if ability is not None else {}
        return all(has.get(skill, 0) >= level for skill, level in needs.items())

    # -- who is free -----------------------------------------------------------------------------------------------

    def free_agents(self, queue: str) -> int:
        """Agents of `queue` who would get an offer at once."""
        return self.distributor.free_agents(self._queues[queue])

    def free(self, agent: Agent) -> None:
        self._owe()
        self._idle(agent)
        self.match()

    def not_free(self, agent: Agent) -> None:
        self.distributor.away(agent.index)

    def agent_moved(self, agent: Agent, _previous: AgentState | str, _previous_s: float) -> None:
        """Whoever goes off duty is waited for no longer."""
        if not agent.on_duty and self._waiting:
            self.distributor.forgo(agent.index)
            asyncio.get_running_loop().call_soon(self.match)

    # -- offers ----------------------------------------------------------------------------------------------------

    def accept(self, token: int, key: int) -> bool:
        """Whether this reservation takes the caller; the others' are over then."""
        if self.distributor.accept(token) is None:
            return False
        self._waiting.pop(key, None)
        return True

    def decline(self, token: int) -> bool:
        """The reservation ends and the caller waits on at the old place; False when it was over. The agent gets nothing
        until `free`."""
        self._owe()
        return self.distributor.decline(token)

    def match(self) -> None:
        """Makes the offers that are possible now. What an offer sets free is matched in the same call."""
        if self._matching:
            self._again = True
            return
        self._matching = self._again = True
        try:
            while self._again:
                self._again = False
                offers = self.distributor.match(int(asyncio.get_running_loop().time() * NS))
                self._tell_changes()
                for key, agent, token, queue in offers:
                    self._offer(key, agent, token, queue)
                if offers:
                    self.offered()
        finally:
            self._matching, self._owed = False, 0.0
            self._arm()

    def stop(self) -> None:
        """Nothing is due any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._due = None

    def _offer(self, key: int, index: int, token: int, queue: int) -> None:
        found, agent = self._waiting.get(key), self.agents[index]
        if found is None:  # left between two offers of one round: the agent is free again, at the old place
            self.distributor.decline(token)
            self._idle(agent)
            self._again = True
            return
        name = self.queues[queue]
        by = "preferred" if index == found.preferred else self._configs[name].strategy
        self.choice = Choice(name, by)
        if by == STRATEGY:
            self.turns.took(name, agent.extension)
        found.who.offer(agent, token)
        if self._owed:
            self.observe(time.perf_counter() - self._owed)

    def _tell_changes(self) -> None:
        for key, kind, value in self.distributor.changes():
            found = self._waiting.get(key)
            if found is None:
                continue
            if kind == OVERFLOW:
                change = Change("overflowed", queue=self.queues[value])
            elif kind == FORGO:
                change = Change("forgone", agent=self.agents[value].extension)
            else:
                change = Change("relaxed", needs=self.kinds.needs[value])
            for listener in self.changed:
                listener(found.who, found.queue, change)

    def _arm(self) -> None:
        """The one timer, at the next moment at which time changes something."""
        due = self.distributor.next_due()
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due / NS + EARLY_S, self._time_has_come)

    def _time_has_come(self) -> None:
        self._owe()
        self._timer = self._due = None
        self.match()

    def _owe(self) -> None:
        if not self._owed:
            self._owed = time.perf_counter()

    def _idle(self, agent: Agent) -> None:
        calls, talked_ns = self._figures(agent)
        self.distributor.idle(agent.index, int(agent.idle_since * NS), calls, talked_ns)

    def _rank(self, config: QueueConfig, since_s: float, priority: int) -> int:
        return int((since_s - (config.priority + priority) * config.priority_credit_s) * NS)

    def _grace_until(self, config: QueueConfig, agent: Agent | None, grace_s: float) -> int:
        grace_s = grace_s or config.preferred_grace_s
        if agent is None or not agent.on_duty or not grace_s:
            return 0
        if agent.extension not in self.members[config.name]:
            return 0
        return int((asyncio.get_running_loop().time() + grace_s) * NS)

    def _remember(self, name: str, key: int) -> None:
        """Candidates by id: all who wait, and as many of those who are gone as decisions are remembered."""
        self.keys.pop(name, None)
        self.keys[name] = key
        while len(self.keys) > REMEMBERED + len(self._waiting):
            oldest = next(iter(self.keys))
            old = self.keys.pop(oldest)
            if old in self._waiting:
                self.keys[oldest] = old  # waits for longer than thousands of others: to the end once more
                break
