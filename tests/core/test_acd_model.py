"""The distributor against the plain model: random work on both, every strategy, skills, steps, preferences, weights."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.acd import OVERFLOW, REQUIRE, STRATEGIES, Distributor
from tests.core.acd_model import Agent, Caller, Model

QUEUES = 4
AGENTS = 6
needs = st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=2)
skills = st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=3)
membership = st.dictionaries(
    st.integers(0, QUEUES - 1), st.tuples(st.integers(0, 9), st.sampled_from([0, 0, 0, 1])), max_size=QUEUES
)
agent = st.fixed_dictionaries({"queues": membership, "skills": skills, "weight": st.sampled_from([100, 100, 50, 300])})
queue = st.tuples(st.sampled_from(sorted(STRATEGIES.values())), st.sampled_from([100, 100, 250]))
steps = st.lists(
    st.tuples(
        st.integers(0, 20_000_000),
        st.one_of(
            st.tuples(st.just(REQUIRE), needs),
            st.tuples(st.just(OVERFLOW), st.integers(0, QUEUES - 1)),
        ),
    ),
    max_size=3,
)


class AgainstModel(RuleBasedStateMachine):
    @initialize(
        queues=st.lists(queue, min_size=1, max_size=QUEUES),
        agents=st.lists(agent, min_size=1, max_size=AGENTS),
        seed=st.integers(0, 1 << 40),
    )
    def build(self, queues: list[tuple[int, int]], agents: list[dict[str, Any]], seed: int) -> None:
        self.distributor = Distributor(2, 64, seed)
        self.model = Model([strategy for strategy, _ in queues], [weight for _, weight in queues], seed)
        self.requirements: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        self.tokens: dict[int, int] = {}  # token: caller
        self.now = 50_000_000
        for strategy, weight in queues:
            self.distributor.add_queue(strategy, weight)
        for entry in agents:
            self.distributor.add_agent()
            self.model.agents.append(Agent({}, {}, 100))
            self.join(len(self.model.agents) - 1, entry)

    def requirement(self, wanted: dict[int, int]) -> int:
        kind = tuple(sorted(wanted.items()))
        if kind not in self.requirements:
            self.requirements[kind] = self.distributor.add_requirement(wanted)
        return self.requirements[kind]

    def join(self, number: int, entry: dict[str, Any]) -> None:
        wanted = {at: place for at, place in entry["queues"].items() if at < len(self.model.strategies)}
        self.distributor.set_queues(
            number,
            [(at, position, penalty) for at, (position, penalty) in wanted.items()],
            self.distributor.add_skills(entry["skills"]),
            entry["weight"],
        )
        self.model.join(number, wanted, entry["skills"], entry["weight"])

    @rule(
        home=st.integers(0, QUEUES - 1),
        age=st.integers(0, 30_000_000),
        credit=st.sampled_from([0, 0, 5_000_000, -3_000_000]),
        wanted=needs,
        planned=steps,
        preferred=st.integers(-4, AGENTS - 1),
        grace=st.sampled_from([0, 4_000_000]),
    )
    def arrive(
        self,
        home: int,
        age: int,
        credit: int,
        wanted: dict[int, int],
        planned: list[Any],
        preferred: int,
        grace: int,
    ) -> None:
        home %= len(self.model.strategies)
        preferred = preferred if 0 <= preferred < len(self.model.agents) else -1
        known = {home}
        plan: list[tuple[int, int, Any]] = []
        for after, (kind, value) in sorted(planned, key=lambda step: step[0]):
            if kind == OVERFLOW:
                value %= len(self.model.strategies)
                if value in known:
                    continue
                known.add(value)
            plan.append((after, kind, value))
        since = self.now - age
        index = self.distributor.add_plan(
            home,
            self.requirement(wanted),
            [(after, kind, value if kind == OVERFLOW else self.requirement(value)) for after, kind, value in plan],
        )
        until = self.now + grace if grace and preferred >= 0 else 0
        key = self.distributor.arrive(
            home, since, rank_ns=since - credit, plan=index, preferred=preferred, until_ns=until
        )
        self.model.arrive(Caller(key, since, since - credit, home, plan, wanted, preferred, until))

    @rule(number=st.integers(0, AGENTS - 1), calls=st.integers(0, 3), talked=st.integers(0, 3))
    def free(self, number: int, calls: int, talked: int) -> None:
        number %= len(self.model.agents)
        self.distributor.idle(number, self.now, calls, talked)
        self.model.idle(number, self.now, calls, talked)

    @rule(number=st.integers(0, AGENTS - 1), forgo=st.booleans())
    def away(self, number: int, forgo: bool) -> None:
        number %= len(self.model.agents)
        self.distributor.away(number)
        self.model.away(number)
        if forgo:
            self.distributor.forgo(number)
            self.model.forgo(number)

    @rule(number=st.integers(0, AGENTS - 1), entry=agent)
    def change(self, number: int, entry: dict[str, Any]) -> None:
        self.join(number % len(self.model.agents), entry)

    @rule(number=st.integers(0, QUEUES - 1), kind=queue, turn=st.integers(-1, 5))
    def change_queue(self, number: int, kind: tuple[int, int], turn: int) -> None:
        number %= len(self.model.strategies)
        self.distributor.set_queue(number, *kind, turn)
        self.model.change_queue(number, *kind, turn)

    @rule(passed=st.integers(0, 10_000_000))
    def wait(self, passed: int) -> None:
        self.now += passed

    @rule()
    def wait_until_something_is_due(self) -> None:
        due = self.model.next_due()
        self.now = max(self.now, due) if due is not None else self.now

    @precondition(lambda self: self.model.callers)
    @rule(pick=st.integers(0, 1000))
    def leave(self, pick: int) -> None:
        key = sorted(self.model.callers)[pick % len(self.model.callers)]
        self.distributor.leave(key)
        self.forget(key)

    @precondition(lambda self: self.model.callers)
    @rule(pick=st.integers(0, 1000), age=st.integers(0, 30_000_000))
    def move(self, pick: int, age: int) -> None:
        key = sorted(self.model.callers)[pick % len(self.model.callers)]
        self.model.callers[key].rank = self.now - age
        self.distributor.rank(key, self.now - age)

    @rule()
    def match(self) -> None:
        expected = self.model.match(self.now)
        made = self.distributor.match(self.now)
        assert [(caller, number, at) for caller, number, _, at in made] == expected
        for at, (caller, number, token, _) in enumerate(made):
            assert token not in self.tokens
            assert self.model.callers[caller].offers.pop(-at - 1) == number
            self.model.callers[caller].offers[token] = number
            self.model.agents[number].token = token
            self.tokens[token] = caller
            newest = self.distributor.explain(caller)["decisions"][-1]  # type: ignore[index]
            assert newest["outcome"] == 0
        assert self.distributor.next_due() == self.model.next_due()

    @precondition(lambda self: self.tokens)
    @rule(pick=st.integers(0, 1000))
    def accept(self, pick: int) -> None:
        token = sorted(self.tokens)[pick % len(self.tokens)]
        key = self.tokens[token]
        losers = self.distributor.accept(token)
        assert losers is not None
        assert sorted(losers) == sorted(
            number for other, number in self.model.callers[key].offers.items() if other != token
        )
        self.forget(key)
        assert self.distributor.accept(token) is None
        explained = self.distributor.explain(key)
        assert explained is not None
        assert not explained["waiting"]
        assert sum(decision["outcome"] == 1 for decision in explained["decisions"]) == 1
        assert all(decision["outcome"] for decision in explained["decisions"])

    @precondition(lambda self: self.tokens)
    @rule(pick=st.integers(0, 1000))
    def decline(self, pick: int) -> None:
        token = sorted(self.tokens)[pick % len(self.tokens)]
        assert self.distributor.decline(token)
        self.model.decline(self.tokens.pop(token), token)

    def forget(self, key: int) -> None:
        for token in self.model.callers[key].offers:
            del self.tokens[token]
        self.model.forget(key)

    @invariant()
    def positions_and_counts_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        for number in range(len(self.model.strategies)):
            line = self.model.line(number)
            assert self.distributor.in_line(number) == len(line)
            assert self.distributor.waiting(number) == sum(caller.home == number for caller in line)
            assert [self.distributor.position(caller.key, number) for caller in line] == list(range(1, len(line) + 1))
            assert self.distributor.oldest_since(number) == (line[0].since if line else None)
            assert self.distributor.free_agents(number) == sum(
                who.idle and not who.token and number in who.queues for who in self.model.agents
            )


TestAgainstModel = AgainstModel.TestCase
TestAgainstModel.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


def some_needs(random: random.Random) -> dict[int, int]:
    return {random.randrange(3): random.randint(1, 3) for _ in range(random.choice([0, 0, 1, 2]))}


def an_agent(random: random.Random, queues: int) -> dict[str, Any]:
    return {
        "queues": {
            at: (random.randrange(8), random.choice([0, 0, 0, 1])) for at in range(queues) if random.random() < 0.8
        },
        "skills": {skill: random.randint(1, 3) for skill in range(3) if random.random() < 0.7},
        "weight": random.choice([100, 100, 50, 300]),
    }


def one_event(machine: AgainstModel, random: random.Random) -> None:
    """Callers and free agents mostly, so that there is always something to choose from."""
    queues, agents = len(machine.model.strategies), len(machine.model.agents)
    kind = random.random()
    if kind < 0.25:
        planned: list[Any] = [
            (
                random.randrange(10_000_000),
                random.choice([(REQUIRE, some_needs(random)), (OVERFLOW, random.randrange(4))]),
            )
            for _ in range(random.choice([0, 0, 1, 3]))
        ]
        age, credit = random.randrange(20_000_000), random.choice([0, 0, 5_000_000, -3_000_000])
        preferred, grace = random.choice([-1, random.randrange(agents)]), random.choice([0, 4_000_000])
        machine.arrive(random.randrange(queues), age, credit, some_needs(random), planned, preferred, grace)
    elif kind < 0.55:
        machine.free(random.randrange(agents), random.randrange(3), random.randrange(3))
    elif kind < 0.60:
        machine.away(random.randrange(agents), random.random() < 0.5)
    elif kind < 0.62:
        machine.change(random.randrange(agents), an_agent(random, queues))
    elif kind < 0.68:
        machine.wait(random.randrange(5_000_000))
    elif kind < 0.70:
        machine.wait_until_something_is_due()
    elif kind < 0.80 and machine.tokens:
        machine.decline(random.randrange(1000))
    elif kind < 0.88 and machine.tokens:
        machine.accept(random.randrange(1000))
    elif kind < 0.91 and machine.model.callers:
        machine.leave(random.randrange(1000))
    elif kind < 0.92 and machine.model.callers:
        machine.move(random.randrange(1000), random.randrange(20_000_000))
    else:
        machine.match()


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_busy_days(strategy: str) -> None:
    """Many agents and callers at a time, which hypothesis seldom draws; one strategy has most of the queues."""
    for seed in range(100):
        chance = random.Random(f"{strategy}{seed}")
        queues = chance.randint(1, QUEUES)
        machine = AgainstModel()
        kinds = [
            (STRATEGIES[strategy if at == 0 else chance.choice(sorted(STRATEGIES))], chance.choice([100, 100, 250]))
            for at in range(queues)
        ]
        machine.build(kinds, [an_agent(chance, queues) for _ in range(chance.randint(2, 12))], seed)
        for _ in range(120):
            one_event(machine, chance)
            machine.positions_and_counts_agree()
