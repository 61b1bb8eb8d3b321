"""The distributor at 10,000 waiting callers and 2,000 agents with skills, beside the same decisions in Python.

A decision: an agent becomes free, the first caller for whom he will do is found, offered and accepted, and a new caller
comes. All three do the same days and must choose the same callers.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sortedcontainers import SortedList

from core.acd import Distributor

AGENTS = 2_000
WAITING = 10_000
SKILLS = 20
NEEDS = 100  # different requirements, of one or two skills
ABILITIES = 200  # different sets of skills, of three to six skills

Needs = tuple[tuple[int, int], ...]


@dataclass(slots=True, frozen=True)
class Day:
    """`freed` are agents in the order in which they become free; `kinds` the requirement of each caller who comes."""

    needs: list[Needs]
    abilities: list[dict[int, int]]
    agents: list[int]  # agent: ability
    freed: list[int]
    kinds: list[int]


def make_day(decisions: int) -> Day:
    chance = random.Random(1)
    needs: list[Needs] = [
        tuple(sorted((skill, chance.randint(1, 3)) for skill in chance.sample(range(SKILLS), chance.choice([1, 1, 2]))))
        for _ in range(NEEDS)
    ]
    abilities = [
        {skill: chance.randint(1, 5) for skill in chance.sample(range(SKILLS), chance.randint(3, 6))}
        for _ in range(ABILITIES)
    ]
    return Day(
        needs,
        abilities,
        [chance.randrange(ABILITIES) for _ in range(AGENTS)],
        [chance.randrange(AGENTS) for _ in range(decisions)],
        [chance.randrange(NEEDS) for _ in range(WAITING + decisions)],
    )


def run_core(day: Day) -> tuple[float, list[int]]:
    """(seconds, who was served by his number of arrival)"""
    distributor = Distributor(16_384)
    queue = distributor.add_queue()
    plans = [distributor.add_plan(queue, distributor.add_requirement(dict(needs))) for needs in day.needs]
    abilities = [distributor.add_skills(levels) for levels in day.abilities]
    for ability in day.agents:
        distributor.add_agent([queue], abilities[ability])
    first = 0
    for number in range(WAITING):
        key = distributor.arrive(queue, number, plan=plans[day.kinds[number]])
        first = first or key
    distributor.match(WAITING)
    served: list[int] = []
    number = WAITING
    started = time.perf_counter()
    for agent in day.freed:
        distributor.idle(agent, number)
        for caller, _, token, _ in distributor.match(number):
            distributor.accept(token)
            served.append(caller - first)
        distributor.away(agent)
        distributor.arrive(queue, number, plan=plans[day.kinds[number]])
        number += 1
    return time.perf_counter() - started, served


def _fits(ability: dict[int, int], needs: Needs) -> bool:
    return all(ability.get(skill, 0) >= level for skill, level in needs)


def run_heaps(day: Day) -> tuple[float, list[int]]:
    """One heapq for each requirement; which requirements an ability fulfils is known beforehand."""
    fit = [[kind for kind, needs in enumerate(day.needs) if _fits(ability, needs)] for ability in day.abilities]
    heaps: list[list[int]] = [[] for _ in day.needs]
    for number in range(WAITING):
        heapq.heappush(heaps[day.kinds[number]], number)
    served: list[int] = []
    number = WAITING
    started = time.perf_counter()
    for agent in day.freed:
        best, where = number, -1
        for kind in fit[day.agents[agent]]:
            if heaps[kind] and heaps[kind][0] < best:
                best, where = heaps[kind][0], kind
        if where >= 0:
            served.append(heapq.heappop(heaps[where]))
        heapq.heappush(heaps[day.kinds[number]], number)
        number += 1
    return time.perf_counter() - started, served


def run_sorted(day: Day) -> tuple[float, list[int]]:
    """One sorted list of all callers, looked through from its head, as app_queue does."""
    fit = [{kind for kind, needs in enumerate(day.needs) if _fits(ability, needs)} for ability in day.abilities]
    line = SortedList((number, day.kinds[number]) for number in range(WAITING))
    served: list[int] = []
    number = WAITING
    started = time.perf_counter()
    for agent in day.freed:
        able = fit[day.agents[agent]]
        found = next((caller for caller in line if caller[1] in able), None)
        if found is not None:
            line.remove(found)
            served.append(found[0])
        line.add((number, day.kinds[number]))
        number += 1
    return time.perf_counter() - started, served


def decisions(count: int) -> dict[str, float]:
    """Decisions a second of each, and the ratio to the heaps; they must agree on everybody who was served."""
    day = make_day(count)
    runs: dict[str, Callable[[Day], tuple[float, list[int]]]] = {
        "distributor": run_core,
        "heapq": run_heaps,
        "sorted_list": run_sorted,
    }
    results = {name: run(day) for name, run in runs.items()}
    served = results["distributor"][1]
    for name, (_, others) in results.items():
        if others != served:
            raise RuntimeError(f"{name} serves other callers than the distributor")
    return {f"{name}_decisions_per_s": len(served) / seconds for name, (seconds, _) in results.items()}
