"""The distributor against a plain model of itself, and each promise of its .pyi."""

from __future__ import annotations

import contextlib
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.acd import (
    LONGEST_IDLE,
    OVERFLOW,
    REQUIRE,
    RING_ALL,
    WEIGHTED_RANDOM,
    Distributor,
    InboxFull,
)


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
    with pytest.raises(ValueError, match="unknown strategy 8"):
        distributor.add_queue(8)
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


def test_nobody_is_overtaken_by_a_later_one_of_equal_rank_in_a_million_events() -> None:
    """Callers with two kinds of needs, of whom one relaxes, leave and decline; among equals the oldest is next."""
    distributor, chance = Distributor(16_384), random.Random(7)
    queue = distributor.add_queue()
    needs = [0, distributor.add_requirement({0: 2})]
    plans = [distributor.add_plan(queue), distributor.add_plan(queue, needs[1], [(5_000, REQUIRE, 0)])]
    for _ in range(50):
        distributor.add_agent([queue], distributor.add_skills({0: 2}))
    waiting: dict[int, int] = {}  # key: arrival; every agent will do, so that all of them are equal
    events = longest = 0
    while events < 1_000_000:
        for _ in range(chance.randrange(50)):
            events += 1
            key = distributor.arrive(queue, events, plan=plans[events & 1])
            waiting[key] = events
        for agent in range(chance.randrange(50)):
            distributor.idle(agent, events)
            events += 1
        longest = max(longest, len(waiting))
        oldest = iter(list(waiting))  # in the order of arrival
        for caller, _, token, _ in distributor.match(events):
            assert caller == next(oldest), "somebody was overtaken"
            events += 1
            if events % 7 and distributor.accept(token) == []:
                del waiting[caller]
            elif events % 3:
                assert distributor.decline(token)
            else:
                distributor.leave(caller)
                del waiting[caller]
    assert distributor.waiting(queue) == len(waiting)
    assert longest > 500, "a day on which nobody waits shows nothing"


def test_weighted_random_keeps_the_proportions_and_its_seed_repeats_them() -> None:
    def chosen(seed: int) -> list[int]:
        distributor = Distributor(seed=seed)
        queue = distributor.add_queue(WEIGHTED_RANDOM)
        for weight in (100, 200, 300):
            distributor.add_agent([queue], weight=weight)
        found = []
        for turn in range(6_000):
            for agent in range(3):
                distributor.idle(agent, turn)
            distributor.arrive(queue, turn)
            ((_, agent, token, _),) = distributor.match(turn)
            distributor.accept(token)
            found.append(agent)
        return found

    first = chosen(3)
    counts = [first.count(agent) for agent in range(3)]
    assert all(abs(count - expected) < 150 for count, expected in zip(counts, (1000, 2000, 3000), strict=True)), counts
    assert chosen(3) == first
    assert chosen(4) != first


def test_the_memory_of_decisions_is_bounded_and_forgets_the_oldest() -> None:
    distributor = Distributor(memory=4)
    queue = distributor.add_queue()
    distributor.add_agent([queue])
    callers = []
    for turn in range(10):
        distributor.idle(0, turn)
        callers.append(distributor.arrive(queue, turn))
        ((_, _, token, _),) = distributor.match(turn)
        distributor.accept(token)
    assert [distributor.explain(caller) is not None for caller in callers] == [False] * 6 + [True] * 4


def test_a_decision_tells_who_else_was_free_and_why_not() -> None:
    distributor = Distributor()
    queue = distributor.add_queue()
    needed = distributor.add_requirement({1: 3})
    able, unable = distributor.add_skills({1: 3}), distributor.add_skills({1: 2})
    for skills, penalty in ((unable, 0), (able, 1), (able, 0), (able, 0)):
        distributor.add_agent([(queue, 0, penalty)], skills)
    for agent, since in ((0, 1), (1, 2), (2, 30), (3, 20)):
        distributor.idle(agent, since)
    caller = distributor.arrive(queue, 40, plan=distributor.add_plan(queue, needed))
    ((_, agent, token, _),) = distributor.match(50)
    assert agent == 3
    explained = distributor.explain(caller)
    assert explained is not None
    (decision,) = explained["decisions"]
    assert (decision["free"], decision["unfit"], decision["position"]) == (4, 1, 1)
    assert decision["chosen"] == {"agent": 3, "penalty": 0, "level": 0, "behind": False, "order": 20}
    assert {other["agent"]: other["penalty"] for other in decision["others"]} == {1: 1, 2: 0}
    assert explained["offered"] == [3]
    distributor.decline(token)
    explained = distributor.explain(caller)
    assert explained is not None
    assert explained["decisions"][0]["outcome"] == 2


def test_plans_are_checked() -> None:
    distributor, queue = one_queue()
    other = distributor.add_queue()
    with pytest.raises(ValueError, match=f"wait in queue {queue} already"):
        distributor.add_plan(queue, 0, [(1, OVERFLOW, queue)])
    with pytest.raises(ValueError, match=f"wait in queue {other} already"):
        distributor.add_plan(queue, 0, [(1, OVERFLOW, other), (2, OVERFLOW, other)])
    with pytest.raises(IndexError, match="no requirement 9"):
        distributor.add_plan(queue, 0, [(1, REQUIRE, 9)])
    with pytest.raises(ValueError, match="number of steps"):
        distributor.add_plan(queue, 0, [(at, REQUIRE, 0) for at in range(17)])
    with pytest.raises(ValueError, match="a level must be 1 to 255"):
        distributor.add_requirement({0: 256})
    with pytest.raises(ValueError, match="needed skills must be 0 to 8"):
        distributor.add_requirement(dict.fromkeys(range(9), 1))
    with pytest.raises(IndexError, match="no plan 1 of queue 0"):
        distributor.arrive(queue, 0, plan=1)
    with pytest.raises(ValueError, match="a weight must be 1 to 10000"):
        distributor.set_queues(0, [queue], weight=0)


def test_callers_and_agents_posted_by_several_threads_are_all_matched_once() -> None:
    """Four producers, among them agents who come and go; the deciding thread matches meanwhile."""
    distributor = Distributor(1024)
    queue = distributor.add_queue()
    for _ in range(8):
        distributor.add_agent([queue])
    each = 3_000
    keys: list[list[int]] = [[] for _ in range(4)]

    def produce(mine: list[int], agents: range) -> None:
        for turn in range(each):
            while True:
                try:
                    mine.append(distributor.arrive(queue, turn))
                    break
                except InboxFull:
                    threading.Event().wait(0.0005)
            for agent in agents:
                with contextlib.suppress(InboxFull):
                    distributor.idle(agent, turn)

    threads = [
        threading.Thread(target=produce, args=(keys[number], range(2 * number, 2 * number + 2))) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    served: list[int] = []
    while any(thread.is_alive() for thread in threads) or distributor.waiting(queue):
        for caller, agent, token, _ in distributor.match(each):
            assert distributor.accept(token) == []
            served.append(caller)
            distributor.idle(agent, each)
    assert sorted(served) == sorted(key for mine in keys for key in mine)
    assert len(served) == 4 * each
