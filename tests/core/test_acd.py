"""The distributor against a plain model of itself, and each promise of its .pyi."""

from __future__ import annotations

import ast
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core import acd
from core.acd import LONGEST_IDLE, RING_ALL, Distributor, InboxFull


def one_queue(agents: int = 1, strategy: int = LONGEST_IDLE) -> tuple[Distributor, int]:
    distributor = Distributor()
    queue = distributor.add_queue(strategy)
    for _ in range(agents):
        distributor.add_agent([queue])
    return distributor, queue


def test_a_free_agent_gets_the_oldest_caller() -> None:
    distributor, queue = one_queue()
    second = distributor.arrive(queue, 20)
    first = distributor.arrive(queue, 10)
    distributor.idle(0, 5)
    ((caller, agent, token, where),) = distributor.match()
    assert (caller, agent, where) == (first, 0, queue)
    assert distributor.position(second) == 2
    assert distributor.accept(token) == []
    assert distributor.position(second) == 1


def test_callers_of_one_instant_are_served_in_the_order_of_arrival() -> None:
    distributor, queue = one_queue(3)
    callers = [distributor.arrive(queue, 7) for _ in range(3)]
    for agent in range(3):
        distributor.idle(agent, 0)
    assert [offer[0] for offer in distributor.match()] == callers


def test_the_agent_free_for_the_longest_time_is_chosen() -> None:
    distributor, queue = one_queue(3)
    for agent, since in ((0, 30), (1, 10), (2, 20)):
        distributor.idle(agent, since)
    for _ in range(3):
        distributor.arrive(queue, 100)
    assert [offer[1] for offer in distributor.match()] == [1, 2, 0]


def test_a_declined_caller_returns_to_the_head_with_the_age_kept() -> None:
    distributor, queue = one_queue(2)
    old = distributor.arrive(queue, 1)
    young = distributor.arrive(queue, 2)
    distributor.idle(0, 0)
    ((caller, _, token, _),) = distributor.match()
    assert caller == old
    assert distributor.decline(token)
    assert not distributor.decline(token)
    distributor.idle(1, 50)
    ((caller, agent, _, _),) = distributor.match()
    assert (caller, agent) == (old, 1)
    assert distributor.position(young) == 2


def test_an_agent_in_several_queues_is_taken_once_and_by_the_oldest_caller_of_all() -> None:
    distributor = Distributor()
    queues = [distributor.add_queue() for _ in range(4)]
    agent = distributor.add_agent(queues)
    distributor.arrive(queues[2], 50)
    oldest = distributor.arrive(queues[1], 10)
    distributor.arrive(queues[3], 20)
    distributor.idle(agent, 0)
    ((caller, who, token, queue),) = distributor.match()
    assert (caller, who, queue) == (oldest, agent, queues[1])
    assert [distributor.free_agents(queue) for queue in queues] == [0, 0, 0, 0]
    distributor.idle(agent, 1)  # a second "free" while reserved must not make a second offer
    assert distributor.match() == []
    assert distributor.ignored == 1
    assert distributor.reserved(token)


def test_ring_all_offers_to_every_free_agent_and_the_first_answer_wins() -> None:
    distributor, queue = one_queue(4, RING_ALL)
    first = distributor.arrive(queue, 1)
    second = distributor.arrive(queue, 2)
    for agent in range(3):
        distributor.idle(agent, agent)
    offers = distributor.match()
    assert {offer[1] for offer in offers} == {0, 1, 2}
    assert {offer[0] for offer in offers} == {first}
    distributor.idle(3, 9)
    (late,) = distributor.match()
    assert late[:2] == (first, 3)  # who becomes free later rings as well
    assert sorted(distributor.accept(offers[1][2]) or []) == sorted({0, 1, 2, 3} - {offers[1][1]})
    assert distributor.accept(offers[0][2]) is None
    assert not distributor.reserved(late[2])
    distributor.idle(0, 20)
    assert distributor.match()[0][:2] == (second, 0)


def test_a_caller_who_leaves_takes_the_tokens_along() -> None:
    distributor, queue = one_queue(2, RING_ALL)
    caller = distributor.arrive(queue, 1)
    distributor.idle(0, 0)
    distributor.idle(1, 0)
    tokens = [offer[2] for offer in distributor.match()]
    distributor.leave(caller)
    distributor.leave(caller)
    assert [distributor.accept(token) for token in tokens] == [None, None]
    assert distributor.waiting(queue) == 0
    assert distributor.oldest_since(queue) is None
    assert distributor.position(caller) == 0


def test_an_agent_who_goes_away_before_the_match_gets_nothing() -> None:
    distributor, queue = one_queue()
    distributor.idle(0, 0)
    distributor.away(0)
    distributor.arrive(queue, 0)
    assert distributor.match() == []
    distributor.idle(0, 1)
    assert len(distributor.match()) == 1


def test_memberships_can_change_while_agents_are_free() -> None:
    distributor = Distributor()
    a, b = distributor.add_queue(), distributor.add_queue()
    agent = distributor.add_agent([a])
    distributor.idle(agent, 0)
    distributor.set_queues(agent, [b, b])
    distributor.arrive(a, 0)
    assert distributor.match() == []
    distributor.arrive(b, 0)
    assert len(distributor.match()) == 1


def test_bad_input_is_refused_with_what_was_wrong() -> None:
    distributor, _ = one_queue()
    with pytest.raises(IndexError, match="no queue 7"):
        distributor.arrive(7, 0)
    with pytest.raises(IndexError, match="no agent -1"):
        distributor.idle(-1, 0)
    with pytest.raises(IndexError, match="no queue 9"):
        distributor.add_agent([9])
    with pytest.raises(ValueError, match="power of two"):
        Distributor(100)
    with pytest.raises(ValueError, match="unknown strategy 5"):
        distributor.add_queue(5)
    for token in (0, 1, 0xFFFF_FFFF_FFFF):
        assert distributor.accept(token) is None
        assert not distributor.decline(token)


def test_a_full_inbox_drains_in_its_own_thread_and_refuses_in_another() -> None:
    distributor = Distributor(4)
    queue = distributor.add_queue()
    for _ in range(100):
        distributor.arrive(queue, 0)
    assert distributor.waiting(queue) == 100
    refused: list[Exception] = []

    def flood() -> None:
        try:
            for _ in range(5):
                distributor.arrive(queue, 0)
        except InboxFull as error:
            refused.append(error)

    thread = threading.Thread(target=flood)
    thread.start()
    thread.join()
    assert len(refused) == 1
    assert distributor.waiting(queue) == 104


def test_thousands_of_callers_keep_their_order() -> None:
    distributor, queue = one_queue()
    ages = [(i * 7919) % 10_007 for i in range(10_007)]
    keys = {distributor.arrive(queue, age): age for age in ages}
    for key, age in list(keys.items())[::501]:
        assert distributor.position(key) == age + 1
    served = []
    for turn in range(2_000):
        distributor.idle(0, turn)
        ((caller, _, token, _),) = distributor.match()
        served.append(keys[caller])
        distributor.accept(token)
    assert served == list(range(2_000))


@pytest.mark.parametrize("producers", [1, 4])
def test_the_inbox_loses_and_reorders_nothing_between_threads_without_the_gil(producers: int) -> None:
    probe = pytest.importorskip("tests.core._probe_acd", reason="build with CENTRALA_TEST_EXTENSIONS=1")
    box = probe.Box(1024)
    each = 50_000
    wrong: list[int] = []
    taker = threading.Thread(target=lambda: wrong.append(box.take_many(producers, producers * each)))
    putters = [threading.Thread(target=box.put_many, args=(number, each)) for number in range(producers)]
    for thread in [taker, *putters]:
        thread.start()
    for thread in [taker, *putters]:
        thread.join()
    assert wrong == [0]
    assert box.fill() == 1024


@dataclass
class ModelCaller:
    queue: int
    since: int
    offers: dict[int, int] = field(default_factory=dict)  # token: agent


class AgainstModel(RuleBasedStateMachine):
    """Random work on both; the model does by plain sorting what the distributor does by trees."""

    @initialize(
        strategies=st.lists(st.sampled_from([LONGEST_IDLE, RING_ALL]), min_size=1, max_size=4),
        agents=st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=6),
    )
    def build(self, strategies: list[int], agents: list[set[int]]) -> None:
        self.distributor = Distributor(2)
        self.strategies = strategies
        self.callers: dict[int, ModelCaller] = {}
        self.idle: dict[int, int] = {}
        self.tokens: dict[int, int] = {}  # token: caller
        for strategy in strategies:
            self.distributor.add_queue(strategy)
        self.member = [{queue for queue in queues if queue < len(strategies)} for queues in agents]
        for queues in self.member:
            self.distributor.add_agent(queues)

    @rule(queue=st.integers(0, 3), since=st.integers(0, 20))
    def arrive(self, queue: int, since: int) -> None:
        queue %= len(self.strategies)
        self.callers[self.distributor.arrive(queue, since)] = ModelCaller(queue, since)

    @rule(agent=st.integers(0, 5), since=st.integers(0, 20))
    def free(self, agent: int, since: int) -> None:
        agent %= len(self.member)
        self.distributor.idle(agent, since)
        if agent not in self.reserved():
            self.idle[agent] = since

    @rule(agent=st.integers(0, 5))
    def away(self, agent: int) -> None:
        agent %= len(self.member)
        self.distributor.away(agent)
        if agent not in self.reserved():
            self.idle.pop(agent, None)

    @rule(agent=st.integers(0, 5), queues=st.sets(st.integers(0, 3)))
    def membership(self, agent: int, queues: set[int]) -> None:
        agent %= len(self.member)
        self.member[agent] = {queue for queue in queues if queue < len(self.strategies)}
        self.distributor.set_queues(agent, self.member[agent])

    @precondition(lambda self: self.callers)
    @rule(pick=st.integers(0, 1000))
    def leave(self, pick: int) -> None:
        key = sorted(self.callers)[pick % len(self.callers)]
        self.distributor.leave(key)
        self.forget(key)

    @rule()
    def match(self) -> None:
        expected = self.expected_offers()
        made = self.distributor.match()
        assert [(caller, agent, queue) for caller, agent, _, queue in made] == expected
        for caller, agent, token, _ in made:
            assert token not in self.tokens
            self.callers[caller].offers[token] = agent
            self.tokens[token] = caller

    @precondition(lambda self: self.tokens)
    @rule(pick=st.integers(0, 1000))
    def accept(self, pick: int) -> None:
        token = sorted(self.tokens)[pick % len(self.tokens)]
        caller = self.callers[self.tokens[token]]
        losers = self.distributor.accept(token)
        assert losers is not None
        assert sorted(losers) == sorted(agent for other, agent in caller.offers.items() if other != token)
        self.forget(self.tokens[token])
        assert self.distributor.accept(token) is None

    @precondition(lambda self: self.tokens)
    @rule(pick=st.integers(0, 1000))
    def decline(self, pick: int) -> None:
        token = sorted(self.tokens)[pick % len(self.tokens)]
        assert self.distributor.decline(token)
        del self.callers[self.tokens.pop(token)].offers[token]

    @invariant()
    def positions_and_counts_agree(self) -> None:
        if not hasattr(self, "callers"):
            return
        for queue in range(len(self.strategies)):
            order = self.order(queue)
            assert self.distributor.waiting(queue) == len(order)
            assert [self.distributor.position(key) for key in order] == list(range(1, len(order) + 1))
            assert self.distributor.oldest_since(queue) == (self.callers[order[0]].since if order else None)
            assert self.distributor.free_agents(queue) == sum(queue in self.member[agent] for agent in self.idle)

    def reserved(self) -> set[int]:
        return {agent for caller in self.callers.values() for agent in caller.offers.values()}

    def order(self, queue: int) -> list[int]:
        return sorted(
            (key for key, caller in self.callers.items() if caller.queue == queue),
            key=lambda key: (self.callers[key].since, key),
        )

    def forget(self, key: int) -> None:
        for token in self.callers.pop(key).offers:
            del self.tokens[token]

    def expected_offers(self) -> list[tuple[int, int, int]]:
        offers: list[tuple[int, int, int]] = []
        rung: set[int] = set()
        while True:
            fronts = []
            for queue, strategy in enumerate(self.strategies):
                if not any(queue in self.member[agent] for agent in self.idle):
                    continue
                for key in self.order(queue):
                    if strategy == RING_ALL or not (self.callers[key].offers or key in rung):
                        fronts.append((self.callers[key].since, key, queue))
                        break
            if not fronts:
                return offers
            _, key, queue = min(fronts)
            rung.add(key)
            agents = sorted((since, agent) for agent, since in self.idle.items() if queue in self.member[agent])
            for _, agent in agents if self.strategies[queue] == RING_ALL else agents[:1]:
                del self.idle[agent]
                offers.append((key, agent, queue))


TestAgainstModel = AgainstModel.TestCase
TestAgainstModel.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.booleans()), max_size=400))
def test_callers_come_and_go_in_any_order(steps: list[tuple[int, bool]]) -> None:
    """Removal from the middle of the key map and the tree, far over their first capacity."""
    distributor, queue = one_queue()
    present: dict[int, int] = {}
    for number, stays in steps:
        present[distributor.arrive(queue, number)] = number
        if not stays:
            gone = min(present, key=lambda key: (key * 2_654_435_761) % 1013)
            distributor.leave(gone)
            del present[gone]
    order = sorted(present, key=lambda key: (present[key], key))
    assert [distributor.position(key) for key in order] == list(range(1, len(order) + 1))


def test_the_stub_names_what_the_module_has() -> None:
    stub = (Path(acd.__file__).parent / "acd.pyi").read_text()
    (documented,) = (
        node for node in ast.parse(stub).body if isinstance(node, ast.ClassDef) and node.name == "Distributor"
    )
    methods = {node.name for node in documented.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"}
    assert methods == {name for name in vars(Distributor) if not name.startswith("_")}
    assert {"LONGEST_IDLE", "RING_ALL", "InboxFull", "Distributor"} <= set(vars(acd))
