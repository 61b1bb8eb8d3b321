"""Skills by name and what becomes of a caller with time, compiled for the distributor once per kind of caller."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from core.acd import LEVEL_LIMIT, NEED_LIMIT, OVERFLOW, REQUIRE, SKILL_LIMIT, Distributor
from pbx.config import Agent as AgentConfig
from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.config_distribution import Relax

log = logging.getLogger("centrala.queue")

NS = 1_000_000_000
ALL = "*"
AT_ONCE_NS = -(1 << 61)  # long before any caller came
MAX_KINDS = 4096  # of callers; what flows and interfaces ask for could be endless
MAX_COMPLAINTS = 100  # about different wishes

Needs = dict[str, int]


def parse_skill(text: str) -> tuple[str, int]:
    """`russian` is at least level 1, `russian:5` at least 5. Raises ValueError."""
    name, _, level = text.partition(":")
    least = int(level) if level else 1
    if not name or not 1 <= least <= LEVEL_LIMIT:
        raise ValueError(f"{text!r} is no skill: write NAME or NAME:LEVEL with a level of 1 to {LEVEL_LIMIT}")
    return name, least


def skill_names(config: Config) -> list[str]:
    """Every skill that an agent has or a queue or caller list needs, in the order of the configuration."""
    sources: list[Iterable[str]] = [entry.skills for entry in config.agent]
    sources += [entry.skills for entry in config.queue]
    sources += [entry.skills for entry in config.caller_list]
    return list(dict.fromkeys(name for names in sources for name in names))


def relaxed(needs: Needs, step: Relax) -> Needs:
    """What is still needed after the step."""
    kept: Needs = {}
    for skill, level in needs.items():
        left = level - max(step.lower.get(skill, 0), step.lower.get(ALL, 0))
        if skill not in step.drop and ALL not in step.drop and left > 0:
            kept[skill] = left
    return kept


class Kinds:
    """What callers need and agents can, as the distributor's numbers. `queues` gives indices by name."""

    def __init__(self, config: Config, distributor: Distributor, queues: Mapping[str, int]) -> None:
        self._distributor = distributor
        self._queues = queues
        self._configs: dict[str, QueueConfig] = {}
        self._skills: dict[str, int] = {}  # those of the past, too: their numbers stand in what was compiled
        self._compiled: dict[tuple[int, int, tuple[tuple[int, int, int], ...]], int] = {}
        self._requirements: dict[tuple[tuple[str, int], ...], int] = {(): 0}
        self._abilities: dict[tuple[tuple[str, int], ...], int] = {(): 0}
        self._plans: dict[tuple[str, tuple[tuple[str, int], ...], tuple[bool, ...]], int] = {}
        self.needs: dict[int, Needs] = {0: {}}  # by requirement
        self._complaints: set[str] = set()
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says; callers who wait keep their needs. ValueError for too many skills."""
        names = [name for name in skill_names(config) if name not in self._skills]
        if len(self._skills) + len(names) > SKILL_LIMIT:
            raise ValueError(self.shortage(config))
        self._skills.update({name: number for number, name in enumerate(names, len(self._skills))})
        before, self._configs = self._configs, {entry.name: entry for entry in config.queue}
        changed = {name for name, entry in before.items() if self._configs.get(name) != entry}
        self._plans = {known: plan for known, plan in self._plans.items() if known[0] not in changed}
        self._complaints.clear()

    def shortage(self, config: Config) -> str:
        """Why these skills would be too many, "" when they are not."""
        count = len({*self._skills, *skill_names(config)})
        if count <= SKILL_LIMIT:
            return ""
        return f"{count} skills were configured since the start; at most {SKILL_LIMIT} can be told apart"

    def ability(self, agent: AgentConfig | None) -> int:
        """The distributor's number of such skills."""
        kind = tuple(sorted(agent.skills.items())) if agent is not None else ()
        if kind not in self._abilities:
            levels = {self._skills[name]: level for name, level in kind}
            self._abilities[kind] = self._distributor.add_skills(levels)
        return self._abilities[kind]

    def wanted(self, queue: str, skills: Sequence[str]) -> Needs:
        """The queue's needs and the caller's own; what nobody can have is left out and logged."""
        needs = dict(self._configs[queue].skills)
        for text in skills:
            try:
                name, level = parse_skill(text)
            except ValueError as error:
                self._complain(text, str(error))
                continue
            if name not in self._skills:
                self._complain(text, f"no agent has the skill {name!r}: it is not asked for")
                continue
            needs[name] = max(needs.get(name, 0), level)
        if len(needs) > NEED_LIMIT:
            self._complain(str(sorted(needs)), f"only the first {NEED_LIMIT} of {len(needs)} skills are asked for")
            needs = dict(list(needs.items())[:NEED_LIMIT])
        return needs

    def plan(self, queue: str, skills: Sequence[str], waiting: int) -> int:
        """The plan of a caller who finds `waiting` callers in the queue."""
        config = self._configs[queue]
        at_once = tuple(0 < entry.length <= waiting for entry in config.overflow)
        needs = self.wanted(queue, skills) if skills else config.skills
        known = (queue, tuple(sorted(needs.items())), at_once)
        plan = self._plans.get(known)
        if plan is not None:
            return plan
        if len(self._plans) >= MAX_KINDS and skills:
            self._complain("kinds", f"{MAX_KINDS} kinds of callers are known: further skills are not asked for")
            return self.plan(queue, (), waiting)
        self._plans[known] = plan = self._compile(config, dict(needs), at_once)
        return plan

    def _compile(self, config: QueueConfig, needs: Needs, at_once: tuple[bool, ...]) -> int:
        steps: list[tuple[int, int, int]] = []
        for entry, now in zip(config.overflow, at_once, strict=True):
            if now:
                steps.append((AT_ONCE_NS, OVERFLOW, self._queues[entry.queue]))
            elif entry.after_s:
                steps.append((int(entry.after_s * NS), OVERFLOW, self._queues[entry.queue]))
        first, before = self.requirement(needs), needs
        for step in sorted(config.relax, key=lambda step: step.after_s):
            after = relaxed(before, step)
            if after != before:
                steps.append((int(step.after_s * NS), REQUIRE, self.requirement(after)))
            before = after
        known = (self._queues[config.name], first, tuple(steps))
        if known not in self._compiled:
            self._compiled[known] = self._distributor.add_plan(known[0], first, steps)
        return self._compiled[known]

    def requirement(self, needs: Needs) -> int:
        kind = tuple(sorted(needs.items()))
        if kind not in self._requirements:
            number = self._distributor.add_requirement({self._skills[name]: level for name, level in kind})
            self._requirements[kind] = number
            self.needs[number] = dict(needs)
        return self._requirements[kind]

    def _complain(self, about: str, text: str) -> None:
        """Once about the same."""
        if about not in self._complaints and len(self._complaints) < MAX_COMPLAINTS:
            self._complaints.add(about)
            log.error("%s", text)
