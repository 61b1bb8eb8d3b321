"""What is asked for a caller who joins: priority, skills, a preferred agent; by the flow, caller lists and memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.config_distribution import CallerList
from pbx.numbers.plan import NumberPlan
from pbx.queue.last_agents import LastAgents

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.clock import Clock
    from pbx.queue.memory import Keeper


@dataclass(slots=True, frozen=True)
class Wishes:
    """`skills` as "russian" or "russian:5"; `preferred` an extension, "" for nobody."""

    priority: int = 0
    skills: tuple[str, ...] = ()
    preferred: str = ""

    def record(self) -> dict[str, Any]:
        """What QUEUE_JOINED says: only what was asked for."""
        asked = {"priority": self.priority, "skills": list(self.skills), "preferred": self.preferred}
        return {name: value for name, value in asked.items() if value}


NONE = Wishes()


class WishBook:
    """Knows callers by number."""

    def __init__(self, config: Config, clock: Clock, keeper: Keeper) -> None:
        self._clock = clock
        self.last_agents = LastAgents(keeper)
        self._wanted = self._read_memory = False
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on these lists; who waits keeps what he was given."""
        self._plan = NumberPlan(config.numbering.country)
        self._remembers = any(queue.preferred == "last" for queue in config.queue)
        self._exact: dict[str, list[CallerList]] = {}
        self._beginnings: list[tuple[str, CallerList]] = []
        for entry in config.caller_list:
            for number in entry.numbers:
                if number.endswith("*"):
                    self._beginnings.append((number.removesuffix("*"), entry))
                else:
                    self._exact.setdefault(self._read(number), []).append(entry)

        if self._wanted:
            self.start()

    def start(self) -> None:
        """Takes up what was remembered, if it is asked for."""
        self._wanted = True
        if self._remembers and not self._read_memory:
            self._read_memory = True
            self.last_agents.start()

    def of(self, call: Call, queue: QueueConfig, asked: Wishes) -> Wishes:
        """`asked` (by the flow) and what is known of the caller. A flow's preferred agent goes before a list's, a
        list's before memory.
        """
        if not (self._exact or self._beginnings or queue.preferred == "last") or call.setup.withheld:
            return asked
        number = self._read(call.caller)
        priority, skills, preferred = asked.priority, asked.skills, asked.preferred
        for entry in self._lists(number, call.caller):
            if entry.queues and queue.name not in entry.queues:
                continue
            priority += entry.priority
            skills += tuple(f"{name}:{level}" for name, level in entry.skills.items())
            preferred = preferred or entry.preferred
        if not preferred and queue.preferred == "last":
            preferred = self.last_agents.find(number, self._clock.unix(), queue.preferred_days)
        return Wishes(priority, skills, preferred)

    def served(self, call: Call, extension: str) -> None:
        """An agent talks with the caller."""
        if self._remembers and call.caller and not call.setup.withheld:
            self.last_agents.served(self._read(call.caller), extension, self._clock.unix())

    def _lists(self, number: str, shown: str) -> Iterator[CallerList]:
        """Each list once."""
        found = list(self._exact.get(number, ()))
        for beginning, entry in self._beginnings:
            if entry not in found and (number.startswith(beginning) or shown.startswith(beginning)):
                found.append(entry)
        yield from found

    def _read(self, number: str) -> str:
        return self._plan.e164(number) or number[:64]
