"""What distribution may not say, and what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Agent, Config, Queue
from pbx.config_distribution import CallerList, Overflow, Relax
from pbx.configfile.check_distribution import check_caller_lists, check_distribution, idle_skills

AGENTS = [Agent(extension="201", skills={"russian": 2}), Agent(extension="202")]


def problems(**queue: Any) -> list[str]:
    first = Queue(name="sales", agents=["201", "202"], **queue)
    config = Config(agent=AGENTS, queue=[first, Queue(name="service", agents=["202"])])
    return [f"{'.'.join(map(str, problem.key))}: {problem.text}" for problem in check_distribution(config)]


@pytest.mark.parametrize(
    ("queue", "found"),
    [
        ({"skills": {"russian": 2}, "penalties": {"202": 1}}, []),
        ({"penalties": {"203": 1}}, ["queue.0.penalties.203: '203' is no agent of this queue"]),
        ({"skills": {"russion": 1}}, ["queue.0.skills.russion: 'russion' is no skill of an agent"]),
        ({"overflow": [Overflow(queue="service", after_s=5)]}, []),
        (
            {"overflow": [Overflow(queue="sales", length=5)]},
            ["queue.0.overflow.0.queue: 'sales' is this queue"],
        ),
        (
            {"overflow": [Overflow(queue="service", after_s=5), Overflow(queue="service", length=5)]},
            ["queue.0.overflow.1.queue: 'service' is named twice"],
        ),
        ({"overflow": [Overflow(queue="service")]}, ["queue.0.overflow.0: never happens"]),
        ({"relax": [Relax(after_s=5)]}, ["queue.0.relax.0: changes nothing"]),
        (
            {"relax": [Relax(after_s=5, drop=["*"]), Relax(after_s=5, lower={"russian": 1})]},
            ["queue.0.relax.1.after_s: comes twice"],
        ),
    ],
)
def test_queues(queue: dict[str, Any], found: list[str]) -> None:
    assert problems(**queue) == found


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"numbers": ["+48601*"], "priority": 1, "queues": ["sales"]}, []),
        ({"numbers": [], "priority": 1}, ["is empty"]),
        ({"numbers": ["*"], "priority": 1}, ["'*' would fit everybody or nobody"]),
        ({"numbers": ["+48*6"], "priority": 1}, ["'+48*6' would fit everybody or nobody"]),
        ({"numbers": ["+48601"]}, ["gives its callers nothing"]),
        ({"numbers": ["+48601"], "preferred": "209"}, ["'209' is no agent"]),
        ({"numbers": ["+48601"], "skills": {"polish": 1}}, ["'polish' is no skill of an agent"]),
        ({"numbers": ["+48601"], "priority": 1, "queues": ["sails"]}, ["'sails' is no queue"]),
    ],
)
def test_caller_lists(entry: dict[str, Any], found: list[str]) -> None:
    config = Config(
        agent=AGENTS, queue=[Queue(name="sales", agents=["201"])], caller_list=[CallerList(name="vip", **entry)]
    )
    assert [problem.text for problem in check_caller_lists(config)] == found


def test_needs_that_nobody_fulfils_are_warned_of_unless_they_relax() -> None:
    hard: dict[str, Any] = {"name": "sales", "agents": ["201"], "skills": {"russian": 5}}
    (problem,) = idle_skills(Config(agent=AGENTS, queue=[Queue(**hard)]))
    assert "no agent of queue 'sales' has all of russian" in problem.text
    assert not list(idle_skills(Config(agent=AGENTS, queue=[Queue(**hard, relax=[Relax(after_s=5, drop=["*"])])])))
