"""Distribution: skills, penalties, overflow and lists of callers name what is there and lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from core.acd import NEED_LIMIT, SKILL_LIMIT
from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.config_queue import members_of
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

ALL = "*"


def agents_of(config: Config) -> list[str]:
    """Every extension that serves queues."""
    listed = [name for queue in config.queue for name in members_of(queue, config.team)]
    return list(dict.fromkeys([*(entry.extension for entry in config.agent), *listed]))


def agents_skills(config: Config) -> list[str]:
    return sorted({name for entry in config.agent for name in entry.skills})


def check_distribution(config: Config) -> Iterator[Problem]:
    names = [entry.name for entry in config.queue]
    skills = agents_skills(config)
    for index, entry in enumerate(config.agent):
        yield from _names_fit(("agent", index, "skills"), list(entry.skills))
    if len(skills) > SKILL_LIMIT:
        text = f"{len(skills)} different skills are named"
        yield Problem(("agent",), text, f"at most {SKILL_LIMIT} can be told apart: give some the same name")
    for index, queue in enumerate(config.queue):
        path: Path = ("queue", index)
        for agent in queue.penalties:
            yield from must_exist(
                (*path, "penalties", agent), agent, members_of(queue, config.team), "agent of this queue"
            )
        for skill in queue.skills:
            yield from must_exist((*path, "skills", skill), skill, skills, "skill of an agent")
        if len(queue.skills) > NEED_LIMIT:
            text = f"needs {len(queue.skills)} skills"
            yield Problem((*path, "skills"), text, f"at most {NEED_LIMIT} can be needed at a time")
        yield from _check_overflow(path, queue, names)
        yield from _check_relax(path, queue, skills)


def _check_overflow(path: Path, queue: QueueConfig, names: list[str]) -> Iterator[Problem]:
    seen: set[str] = {queue.name}
    for position, entry in enumerate(queue.overflow):
        place: Path = (*path, "overflow", position)
        yield from must_exist((*place, "queue"), entry.queue, names, "queue")
        if entry.queue in seen:
            text = f"{entry.queue!r} is this queue" if entry.queue == queue.name else f"{entry.queue!r} is named twice"
            yield Problem((*place, "queue"), text, "name every other queue once")
        if not entry.after_s and not entry.length:
            yield Problem(place, "never happens", "write after_s or length, or both")
        seen.add(entry.queue)


def _check_relax(path: Path, queue: QueueConfig, skills: list[str]) -> Iterator[Problem]:
    moments: set[float] = set()
    for position, step in enumerate(queue.relax):
        place: Path = (*path, "relax", position)
        if not step.lower and not step.drop:
            yield Problem(place, "changes nothing", 'write lower = {SKILL = 1} or drop = ["SKILL"]')
        if step.after_s in moments:
            yield Problem((*place, "after_s"), "comes twice", "write both into one step")
        moments.add(step.after_s)
        for key, named in (("lower", list(step.lower)), ("drop", step.drop)):
            for skill in named:
                if skill != ALL:
                    yield from must_exist((*place, key), skill, skills, "skill of an agent")


def check_caller_lists(config: Config) -> Iterator[Problem]:
    names = [entry.name for entry in config.queue]
    skills, agents = agents_skills(config), agents_of(config)
    for index, entry in enumerate(config.caller_list):
        path: Path = ("caller_list", index)
        if not entry.numbers:
            yield Problem((*path, "numbers"), "is empty", 'list numbers, or beginnings such as "+48601*"')
        for position, number in enumerate(entry.numbers):
            if not number.strip("*") or "*" in number[:-1]:
                text = f"{number!r} would fit everybody or nobody"
                yield Problem(
                    (*path, "numbers", position), text, 'write a number, or a beginning and one "*" at its end'
                )
        for position, queue in enumerate(entry.queues):
            yield from must_exist((*path, "queues", position), queue, names, "queue")
        for skill in entry.skills:
            yield from must_exist((*path, "skills", skill), skill, skills, "skill of an agent")
        if entry.preferred:
            yield from must_exist((*path, "preferred"), entry.preferred, agents, "agent")
        if not entry.priority and not entry.skills and not entry.preferred:
            yield Problem(path, "gives its callers nothing", "write priority, skills or preferred")


def _names_fit(path: Path, skills: list[str]) -> Iterator[Problem]:
    for skill in skills:
        if not skill or ":" in skill or skill == ALL:
            yield Problem((*path, skill), f"{skill!r} is no name of a skill", 'write a word without ":" and "*"')


def idle_skills(config: Config) -> Iterator[Problem]:
    """Needs that nobody fulfils from the start, and nothing relaxes."""
    able = {entry.extension: entry.skills for entry in config.agent}
    for index, queue in enumerate(config.queue):
        members = members_of(queue, config.team)
        if not queue.skills or queue.relax or queue.overflow or not members:
            continue
        if not any(
            all(able.get(agent, {}).get(skill, 0) >= level for skill, level in queue.skills.items())
            for agent in members
        ):
            text = f"no agent of queue {queue.name!r} has all of {', '.join(queue.skills)}"
            yield Problem(
                ("queue", index, "skills"), text, "callers will only wait: give an agent the skills, or relax"
            )
