"""What a queue learns of its calls and callers."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.queue.learning import DEFAULT_AHT_S, Estimator
from pbx.queue.memory import ROOM
from tests.pbx.queue.house import House


def test_handling_time_moves_from_the_default_to_what_is_measured() -> None:
    estimator = Estimator()
    assert estimator.aht_s == DEFAULT_AHT_S
    for _ in range(500):
        estimator.handled(60)
    assert estimator.aht_s == pytest.approx(60, abs=1)


def test_patience_counts_the_waits_of_those_who_were_answered() -> None:
    estimator = Estimator()
    for number in range(2_000):
        estimator.waited(30, abandoned=number % 5 == 0)  # one in five gives up: 150 s of waiting for each of them
    assert estimator.patience_s == pytest.approx(150, rel=0.05)


def test_a_restart_changes_nothing() -> None:
    estimator = Estimator(wrapup_s=10)
    for number in range(200):
        estimator.handled(60)
        estimator.rang(3)
        estimator.waited(30, abandoned=number % 5 == 0)
        estimator.talks.add(50)
        estimator.wrapups.add(10)
    again = Estimator(wrapup_s=10)
    again.restore(estimator.kept())
    for name in ("aht_s", "ring_s", "patience_s", "cycle_s", "handled_calls"):
        assert getattr(again, name) == pytest.approx(getattr(estimator, name), abs=0.01)
    assert again.talks.mean_s == pytest.approx(estimator.talks.mean_s, abs=0.01)
    again.handled(600)
    estimator.handled(600)
    assert again.aht_s == pytest.approx(estimator.aht_s, abs=0.01)  # the next call weighs the same


@pytest.mark.parametrize("kept", [None, 3, {}, {"handled": "x"}, {**Estimator().kept(), "aht_s": -1}])
def test_what_cannot_be_understood_is_passed_over(kept: Any) -> None:
    estimator = Estimator()
    estimator.restore(kept)
    assert estimator.handled_calls == 0
    assert estimator.aht_s == DEFAULT_AHT_S


async def test_ringing_is_learned_with_the_offers_that_were_not_accepted() -> None:
    house = House({"101": {"answer_after_s": 4}}, ring_timeout_s=3.0, missed_offers_until_break=0)
    estimator = house.queues.queues["sales"].estimator
    house.call()
    await house.sleep(8)  # 3 s of ringing, a pause of 3 s, ringing again
    house.phones["101"].answer_after_s = 2
    await house.sleep(20)
    assert house.queues.agent("101").state == "talking"
    assert estimator.ring_s > 5
    await house.close()


async def test_what_was_learned_is_kept_once_a_minute_and_at_the_end() -> None:
    house = House({"101": {"answer_after_s": 0, "talk_s": 30}})
    keeper = house.harness.services.keeper
    assert isinstance(keeper, MemoryKeeper)
    house.call()
    await house.sleep(59)
    assert not keeper.load(ROOM)
    await house.sleep(2)
    assert keeper.load(ROOM)["sales"]["handled"] == 1
    house.call()
    await house.sleep(32)
    await house.close()
    assert keeper.load(ROOM)["sales"]["handled"] == 2


async def test_a_new_process_knows_what_the_old_one_learned() -> None:
    first = House({"101": {"answer_after_s": 0, "talk_s": 30}})
    for _ in range(5):
        first.call()
        await first.sleep(40)
    await first.close()
    second = House({"101": {}})
    second.queues.memory._keeper = first.harness.services.keeper
    second.queues.memory.start()
    learned, before = second.queues.queues["sales"].estimator, first.queues.queues["sales"].estimator
    assert learned.handled_calls == 5
    assert learned.aht_s == pytest.approx(before.aht_s, abs=0.01)
    await second.close()
