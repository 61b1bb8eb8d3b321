"""How many agents are about to be free."""

from __future__ import annotations

import pytest

from tests.pbx.queue.house import House


async def test_free_agents_count_whole_and_those_who_are_away_not_at_all() -> None:
    house = House({"101": {}, "102": {}, "103": {}, "104": {}})
    house.queues.set_agent("102", "break")
    house.queues.set_agent("103", "offline")
    house.harness.unregister("104")
    assert house.queues.soon_free("sales", 0) == 1
    assert house.queues.soon_free("sales", 3600) == 1
    await house.close()


async def test_an_agent_who_is_being_offered_a_caller_does_not_count() -> None:
    house = House({"101": {"answer_after_s": 5}})
    house.call()
    await house.sleep(1)
    assert house.queues.soon_free("sales", 60) == 0
    await house.close()


async def test_the_longer_a_talk_of_usual_length_lasts_the_more_its_agent_counts() -> None:
    house = House({"101": {"answer_after_s": 0}})
    talks = house.queues.queues["sales"].estimator.talks
    for _ in range(200):
        talks.add(100)
    house.call()
    await house.sleep(10)
    early = house.queues.soon_free("sales", 20)
    await house.sleep(75)
    late = house.queues.soon_free("sales", 20)
    assert early < 0.1
    assert late > 0.7
    await house.close()


async def test_hold_does_not_make_the_talk_young_again() -> None:
    house = House({"101": {"answer_after_s": 0}})
    talks = house.queues.queues["sales"].estimator.talks
    for _ in range(200):
        talks.add(100)
    caller = house.call()
    await house.sleep(84)
    caller.hold()
    await house.sleep(1)
    assert house.queues.agent("101").state == "hold"
    assert house.queues.soon_free("sales", 20) > 0.7
    await house.close()


async def test_wrapup_that_ends_within_the_horizon_is_certain() -> None:
    house = House({"101": {"answer_after_s": 0, "talk_s": 5}}, wrapup_s=30.0)
    house.call()
    await house.sleep(15)
    assert house.queues.agent("101").state == "wrapup"
    assert house.queues.soon_free("sales", 25) == 1
    assert 0 < house.queues.soon_free("sales", 5) < 1
    await house.close()


async def test_talk_and_wrapup_are_added() -> None:
    house = House({"101": {"answer_after_s": 0}}, wrapup_s=60.0)
    learned = house.queues.queues["sales"].estimator
    for _ in range(300):
        learned.talks.add(100)
        learned.wrapups.add(60)
    house.call()
    await house.sleep(90)
    assert house.queues.soon_free("sales", 30) < 0.2  # the talk will end, wrap-up not
    assert house.queues.soon_free("sales", 110) > 0.7
    await house.close()


async def test_who_goes_on_a_break_afterwards_does_not_count() -> None:
    house = House({"101": {"answer_after_s": 0}})
    house.call()
    await house.sleep(90)
    assert house.queues.soon_free("sales", 600) > 0.5
    house.queues.set_agent("101", "break")
    assert house.queues.soon_free("sales", 600) == 0
    await house.close()


async def test_talks_and_wrapups_are_learned_from_the_queues_own_callers() -> None:
    house = House({"101": {"answer_after_s": 0, "talk_s": 42}}, wrapup_s=7.0)
    for _ in range(3):
        house.call()
        await house.sleep(60)
    learned = house.queues.queues["sales"].estimator
    assert (learned.talks.count, learned.wrapups.count) == (3, 3)
    assert learned.talks.ends_within(0, 50) > learned.talks.ends_within(0, 35) + 0.2
    await house.close()


async def test_a_queue_that_is_not_there() -> None:
    house = House({"101": {}})
    with pytest.raises(KeyError):
        house.queues.soon_free("nowhere", 10)
    await house.close()
